"""A gateway with studies in quarantine."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

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
from kit.gateway import MemoryGateway
from storage.layout import INCOMING, INTAKE, REPORT

TRUNCATED = "structure.truncated"
NOT_DICOM = "file.not-dicom"
DAY = 86_400.0


class Gateway(MemoryGateway):
    """A gateway in memory with studies in quarantine."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for volume in (self.volumes.uploads, self.volumes.quarantine):
            (volume / INCOMING).mkdir(parents=True)

    def quarantine(
        self,
        *files: tuple[bytes, str],
        accepted: tuple[bytes, ...] = (),
        age_seconds: float = 0,
        **intake: Any,
    ) -> UUID:
        """Put a study into quarantine: the bytes of each file, and what is wrong with it.

        Accepted files are in intake and report only, as after a part was archived.
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
