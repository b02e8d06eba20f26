"""How long the index of UIDs takes to be rebuilt, on generated studies.

    python -m benchmarks.index_rebuild redis://127.0.0.1:6379/15 --studies 20000 --slices 10

The archive is in a temporary directory and has metadata only. The database has to be empty; it is
emptied again.
"""

import argparse
import asyncio
import hashlib
import io
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import orjson
from redis.asyncio import Redis

from contracts.places import Place, study_directory
from contracts.report import FileCounts, Identity, InstanceReport, Outcome, StudyReport
from storage.file_store import FileStore
from storage.index_rebuild import rebuild
from storage.layout import METADATA
from storage.metadata import MetadataWriter
from storage.study_store import StudyStore

_ROOT = "1.2.826.0.1.3680043.8.498"
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_DATASET = orjson.dumps({f"{tag:08X}": {"vr": "LO", "Value": ["text " * 8]} for tag in range(80)})
"""About what the data set of a CT slice takes in the DICOM JSON Model."""


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(prog="benchmarks.index_rebuild", description=__doc__)
    parser.add_argument("redis", help="the URL of an empty database")
    parser.add_argument("--studies", type=int, default=20_000)
    parser.add_argument("--slices", type=int, default=10, help="of each study")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        root = Path(name)
        store = StudyStore(FileStore(root / "uploads", root / "quarantine", root / "archive"))
        for number in range(options.studies):
            _archive(root, number, options.slices)
        asyncio.run(_measure(options.redis, store, options.studies * options.slices))


def _archive(root: Path, number: int, slices: int) -> None:
    """Write the metadata of a study."""
    study_id = uuid4()
    reports = tuple(_report(number, file) for file in range(slices))
    report = StudyReport(
        study_id=study_id,
        profile="default",
        validator_version="0",
        validated_at=_NOW,
        duration_seconds=0,
        outcome=Outcome.ACCEPTED,
        files=FileCounts(accepted=slices, rejected=0),
        instances=reports,
    )
    directory = root / study_directory(Place.ARCHIVE, study_id)
    directory.mkdir(parents=True)
    writer = MetadataWriter(io.BytesIO())
    for instance in reports:
        entry = {"file": instance.file, "sha256": instance.sha256, **dict(instance.identity)}
        writer.add_instance(entry, b"{}", _DATASET)
    with (directory / METADATA).open("wb") as file:
        writer.write(file, _header(study_id, report))


def _header(study_id: UUID, report: StudyReport) -> dict[str, object]:
    return {
        "study_id": study_id,
        "validation": report.model_dump(mode="json", exclude_none=True),
        "provenance": {"uploaded_at": _NOW, "archived_at": _NOW},
    }


def _report(study: int, file: int) -> InstanceReport:
    digest = hashlib.sha256(f"{study} {file}".encode()).hexdigest()
    return InstanceReport(
        file=f"{file + 1:06}.dcm",
        size_bytes=528_000,
        sha256=digest,
        dataset_sha256=digest,
        outcome=Outcome.ACCEPTED,
        identity=Identity(
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            sop_instance_uid=f"{_ROOT}.{study}.1.{file}",
            study_instance_uid=f"{_ROOT}.{study}",
            series_instance_uid=f"{_ROOT}.{study}.1",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            modality="CT",
        ),
        findings=(),
    )


async def _measure(url: str, store: StudyStore, instances: int) -> None:
    async with Redis.from_url(url) as client:
        if await client.dbsize():
            sys.exit(f"the database is not empty: {url}")
        try:
            rebuilt = await rebuild(client, store, lambda *_: None)
        finally:
            await client.flushdb()
    sys.stdout.write(f"{rebuilt.studies} studies, {instances} instances: {rebuilt.seconds:.1f} s\n")


if __name__ == "__main__":
    main()
