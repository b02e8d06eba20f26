"""A quarantine on disk, and the gateway's routes to it, over ASGI."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from chassis.observability.metrics import Metrics
from chassis.web import problem
from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.places import stored_name
from contracts.report import (
    FileCounts,
    Finding,
    Identity,
    InstanceReport,
    Outcome,
    Severity,
    StudyReport,
)
from gateway.quarantine.resubmission_routes import resubmission_router
from gateway.quarantine.routes import quarantine_router
from gateway.settings import GatewaySettings
from gateway.uploads.service import Reception
from kit.volumes import Volumes
from storage.layout import INCOMING, INTAKE, REPORT
from unit.gateway.upload_kit import GENEROUS

TRUNCATED = "structure.truncated"
NOT_DICOM = "file.not-dicom"
DAY = 86_400.0


class Bus:
    """The gateway's side of Redis: broker, client and publisher in one."""

    def __init__(self) -> None:
        self.published: list[StudyUploaded] = []
        self.fails: Exception | None = None

    async def connect(self) -> "Bus":
        return self

    async def ping(self) -> None:
        pass

    async def publish(self, event: StudyUploaded) -> None:
        if self.fails:
            raise self.fails
        self.published.append(event)


class Gateway:
    """The routes of the quarantine with everything they need."""

    def __init__(self, root: Path) -> None:
        self.volumes = Volumes.below(root)
        for volume in (self.volumes.uploads, self.volumes.quarantine):
            (volume / INCOMING).mkdir(parents=True)
        self.bus = Bus()
        settings = GatewaySettings.model_construct(
            uploads_dir=self.volumes.uploads,
            quarantine_dir=self.volumes.quarantine,
            archive_dir=self.volumes.archive,
            profiles_dir=None,
            max_files=100,
            max_upload_bytes=100_000,
            min_free_bytes=0,
            max_concurrent_uploads=2,
            idle_timeout_seconds=10.0,
            max_upload_seconds=60.0,
            retry_after_seconds=3,
            archives=GENEROUS.archives,
            idempotency_seconds=60,
        )
        service: Any = SimpleNamespace(metrics=Metrics("gateway"), broker=self.bus)
        publisher: Any = self.bus
        app = FastAPI()
        problem.install(app)
        app.include_router(quarantine_router(self.volumes.studies, idle_seconds=10))
        reception = Reception(service, settings, publisher)
        app.include_router(resubmission_router(reception, settings))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://gateway")

    def quarantine(
        self,
        *files: tuple[bytes, str],
        accepted: tuple[bytes, ...] = (),
        age_seconds: float = 0,
        **intake: Any,
    ) -> UUID:
        """Put a study into quarantine: the bytes of each file, and what is wrong with it.

        What is accepted stands in intake and report only, as after a part has been archived.
        """
        study_id = uuid4()
        directory = self.volumes.quarantined(study_id)
        directory.mkdir()
        stored, instances = [], []
        for index, (content, code) in enumerate([*files, *((c, "") for c in accepted)], start=1):
            name, sha256 = stored_name(index), hashlib.sha256(content).hexdigest()
            if code:
                (directory / name).write_bytes(content)
            stored.append(
                StoredFile(name=name, sent_as=f"IM{index}", size_bytes=len(content), sha256=sha256)
            )
            instances.append(_instance(stored[-1], code))
        event = StudyUploaded.new(
            source="gateway",
            subject=study_id,
            data=StudyUploadedData(
                directory=f"uploads/{study_id}", file_count=len(stored), size_bytes=1
            ),
        )
        report = _report(study_id, instances, {"accepted": len(accepted), "rejected": len(files)})
        everything = Intake(event=event, files=tuple(stored), **intake)
        (directory / INTAKE).write_bytes(everything.to_json())
        (directory / REPORT).write_bytes(report.to_json())
        time = datetime.now(UTC).timestamp() - age_seconds
        os.utime(directory / REPORT, (time, time))
        return study_id

    def files(self, study_id: UUID) -> set[str]:
        """The names of the files of a study that lie in quarantine."""
        directory = self.volumes.quarantined(study_id)
        return {path.name for path in directory.glob("*.dcm")}

    @property
    def uploads(self) -> dict[UUID, Path]:
        return {UUID(path.name): path for path in self.volumes.uploads.glob("[!.]*")}

    async def get(self, path: str, **parameters: Any) -> Any:
        response = await self.client.get(path, params=parameters)
        assert response.status_code == 200, response.text
        return response.json()


def is_problem(response: httpx.Response, status: int, kind: str) -> bool:
    return (
        response.status_code == status
        and response.headers["content-type"] == "application/problem+json"
        and response.json()["type"] == f"urn:hdv:problem:{kind}"
    )


def _instance(file: StoredFile, code: str) -> InstanceReport:
    finding = Finding(code=code, severity=Severity.ERROR, message="It is wrong.") if code else None
    return InstanceReport(
        file=file.name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        outcome=Outcome.REJECTED if code else Outcome.ACCEPTED,
        identity=Identity(modality="CT"),
        findings=(finding,) if finding else (),
    )


def _report(
    study_id: UUID, instances: list[InstanceReport], counts: Mapping[str, int]
) -> StudyReport:
    return StudyReport(
        study_id=study_id,
        profile="default",
        validator_version="1",
        validated_at=datetime.now(UTC),
        duration_seconds=1,
        outcome=Outcome.ACCEPTED if counts["accepted"] else Outcome.REJECTED,
        files=FileCounts(**counts),
        instances=tuple(instances),
    )
