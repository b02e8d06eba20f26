"""Studies in the uploads, as gateway and validator leave them."""

import hashlib
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pydicom
import pytest
from pydicom.data import get_testdata_file

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.places import Place, stored_name, study_directory
from contracts.report import FileCounts, Identity, InstanceReport, Outcome, StudyReport
from kit.volumes import Volumes
from storage.layout import INTAKE, REPORT

STUDY_ID = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")

MakeStudy = Callable[..., UUID]


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """The bytes of a file that pydicom's wheel carries."""

    def read(name: str) -> bytes:
        path = get_testdata_file(name, download=False)
        assert isinstance(path, str), f"pydicom has no {name}"
        return Path(path).read_bytes()

    return read


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    volumes = Volumes.below(tmp_path)
    for directory in (volumes.uploads, volumes.quarantine, volumes.archive):
        directory.mkdir()
    return volumes


@pytest.fixture
def make_study(volumes: Volumes) -> MakeStudy:
    """Puts a study into the uploads: its files, those of them rejected, and their SOP UIDs."""

    def make(
        *contents: bytes,
        rejected: Sequence[int] = (),
        duplicates: Sequence[int] = (),
        elsewhere: Mapping[int, UUID] = MappingProxyType({}),
        uids: Sequence[str] | None = None,
        study_id: UUID = STUDY_ID,
        reserved_for: UUID | None = None,
        **intake: Any,
    ) -> UUID:
        directory = volumes.uploaded(study_id)
        directory.mkdir()
        files, instances = [], []
        for index, content in enumerate(contents, start=1):
            (directory / stored_name(index)).write_bytes(content)
            file = StoredFile(
                name=stored_name(index),
                sent_as=f"IM{index:04d}",
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
            files.append(file)
            identity = identity_of(content)
            if uids:
                identity = identity.model_copy(update={"sop_instance_uid": uids[index - 1]})
            outcome = Outcome.REJECTED if index in rejected else Outcome.ACCEPTED
            outcome = Outcome.DUPLICATE if index in duplicates else outcome
            instances.append(
                InstanceReport(
                    file=file.name,
                    size_bytes=file.size_bytes,
                    sha256=file.sha256,
                    outcome=outcome,
                    study_id=elsewhere.get(index),
                    reserved_for=reserved_for,
                    identity=identity,
                    findings=(),
                )
            )
        event = StudyUploaded.new(
            source="gateway",
            subject=study_id,
            time=datetime(2025, 1, 1, 12, tzinfo=UTC),
            data=StudyUploadedData(
                directory=study_directory(Place.UPLOADS, study_id),
                file_count=len(contents),
                size_bytes=sum(map(len, contents)),
            ),
        )
        report = StudyReport(
            study_id=study_id,
            profile="default",
            validator_version="0.1.0",
            validated_at=datetime(2025, 1, 1, 12, 1, tzinfo=UTC),
            duration_seconds=0.5,
            outcome=Outcome.ACCEPTED,
            files=FileCounts(
                accepted=len(contents) - len(rejected) - len(duplicates),
                rejected=len(rejected),
                duplicates=len(duplicates) or None,
            ),
            instances=tuple(instances),
        )
        (directory / INTAKE).write_bytes(
            Intake(event=event, files=tuple(files), **intake).to_json()
        )
        (directory / REPORT).write_bytes(report.to_json())
        return study_id

    return make


def identity_of(content: bytes) -> Identity:
    """What an instance says it is; empty when pydicom cannot read it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(io.BytesIO(content), force=True)
        return Identity(
            sop_class_uid=dataset.get("SOPClassUID", ""),
            sop_instance_uid=dataset.get("SOPInstanceUID", ""),
            study_instance_uid=dataset.get("StudyInstanceUID", ""),
            series_instance_uid=dataset.get("SeriesInstanceUID", ""),
            transfer_syntax_uid=dataset.file_meta.get("TransferSyntaxUID", ""),
            modality=dataset.get("Modality", ""),
        )
