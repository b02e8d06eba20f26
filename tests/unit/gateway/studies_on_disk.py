"""Studies on the volumes, as gateway, validator and descriptor leave them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, SkippedFile, StoredFile
from contracts.places import Place, stored_name, study_directory
from contracts.report import (
    FileCounts,
    Finding,
    Identity,
    InstanceReport,
    Outcome,
    Severity,
    StudyReport,
)
from kit.volumes import Volumes
from storage.layout import INTAKE, METADATA, REPORT
from storage.reservation import Content

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
OTHER = UUID("3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22")
UPLOADED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
VALIDATED = datetime(2026, 3, 1, 9, 31, tzinfo=UTC)
ARCHIVED = datetime(2026, 3, 1, 9, 32, tzinfo=UTC)
SHORT = Finding(
    code="pixel.length-short",
    severity=Severity.ERROR,
    message="The pixel data is shorter than the image.",
    path="(7FE0,0010)",
    keyword="PixelData",
    found="=1+1",
)


@dataclass(frozen=True)
class Sent:
    """A file, and what became of it."""

    content: bytes
    sent_as: str = "IM0001"
    outcome: Outcome = Outcome.ACCEPTED
    uid: str = ""
    series: str = "1.2.3.1"
    study: str = "1.2.3"
    modality: str = "CT"
    went_to: UUID | None = None
    known_in: UUID | None = None
    """The study that had the instance before."""
    findings: tuple[Finding, ...] = ()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def kept(self) -> Content:
        return Content(self.sha256, transfer_syntax_uid=self.identity.transfer_syntax_uid)

    @property
    def identity(self) -> Identity:
        return Identity(
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            sop_instance_uid=self.uid,
            series_instance_uid=self.series,
            study_instance_uid=self.study,
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            modality=self.modality,
        )


class Disk:
    """The three volumes."""

    def __init__(self, root: Path) -> None:
        self.volumes = Volumes.below(root)

    def upload(
        self,
        *sent: Sent,
        study_id: UUID = STUDY,
        validated: bool = True,
        skipped: Sequence[SkippedFile] = (),
    ) -> Path:
        """A study in the uploads."""
        return self._beside_files(
            self.volumes.uploaded(study_id), study_id, sent, validated, skipped
        )

    def quarantine(self, *sent: Sent, study_id: UUID = STUDY) -> Path:
        """A study in quarantine."""
        return self._beside_files(self.volumes.quarantined(study_id), study_id, sent, True, ())

    def archive(
        self,
        *sent: Sent,
        study_id: UUID = STUDY,
        skipped: Sequence[SkippedFile] = (),
        findings: tuple[Finding, ...] = (),
        archived_at: datetime = ARCHIVED,
    ) -> Path:
        """A study in the archive; what was rejected of it is nowhere."""
        directory = self.volumes.archived(study_id)
        elsewhere = {file.sha256 for file in sent if file.went_to not in {None, study_id}}
        kept = {
            file.sha256: file
            for file in reversed(sent)
            if file.outcome is not Outcome.REJECTED and file.sha256 not in elsewhere
        }
        places = {
            digest: f"original/{file.uid}.dcm" if len(kept) > 1 else "original.dcm"
            for digest, file in reversed(kept.items())
        }
        (directory / "original").mkdir(parents=True)
        for digest, place in places.items():
            (directory / place).write_bytes(kept[digest].content)
        document = {
            "schema_version": 1,
            "study": {"PatientName": "DOE^JANE", "StudyDescription": "Chest"},
            "series": [
                {"SeriesInstanceUID": file.series, "Modality": file.modality, "instance_count": 1}
                for file in kept.values()
            ],
            "instances": [_instance(kept[digest], place) for digest, place in places.items()],
            "validation": report_of(study_id, sent, findings).model_dump(
                mode="json", exclude_none=True
            ),
            "provenance": {
                "uploaded_at": UPLOADED,
                "archiving_began_at": archived_at - timedelta(seconds=2),
                "archived_at": archived_at,
                "files": [
                    {
                        **stored.model_dump(mode="json"),
                        "outcome": file.outcome,
                        "archived_as": places.get(file.sha256),
                    }
                    for stored, file in zip(_stored(sent), sent, strict=True)
                ],
                "skipped": [file.model_dump(mode="json") for file in skipped],
            },
        }
        (directory / METADATA).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        return directory

    def preview(self, content: bytes, study_id: UUID = STUDY) -> None:
        path = self.volumes.preview(study_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _beside_files(
        self,
        directory: Path,
        study_id: UUID,
        sent: Sequence[Sent],
        validated: bool,
        skipped: Sequence[SkippedFile],
    ) -> Path:
        directory.mkdir(parents=True)
        for stored, file in zip(_stored(sent), sent, strict=True):
            (directory / stored.name).write_bytes(file.content)
        event = StudyUploaded.new(
            source="gateway",
            subject=study_id,
            time=UPLOADED,
            data=StudyUploadedData(
                directory=study_directory(Place.UPLOADS, study_id),
                file_count=len(sent),
                size_bytes=1,
            ),
        )
        intake = Intake(event=event, files=_stored(sent), skipped=tuple(skipped))
        (directory / INTAKE).write_bytes(intake.to_json())
        if validated:
            (directory / REPORT).write_bytes(report_of(study_id, sent).to_json())
        return directory


def report_of(
    study_id: UUID, sent: Sequence[Sent], findings: tuple[Finding, ...] = ()
) -> StudyReport:
    outcomes = [file.outcome for file in sent]
    return StudyReport(
        study_id=study_id,
        profile="strict",
        profile_version="3",
        validator_version="0.1.0",
        validated_at=VALIDATED,
        duration_seconds=0.5,
        outcome=Outcome.ACCEPTED if Outcome.ACCEPTED in outcomes else Outcome.REJECTED,
        files=FileCounts(
            received=len(sent),
            accepted=outcomes.count(Outcome.ACCEPTED),
            rejected=outcomes.count(Outcome.REJECTED),
        ),
        findings=findings,
        instances=tuple(
            InstanceReport(
                file=stored.name,
                size_bytes=stored.size_bytes,
                sha256=stored.sha256,
                outcome=file.outcome,
                study_id=None if file.went_to == study_id else file.went_to,
                reserved_for=file.known_in,
                identity=file.identity,
                findings=file.findings,
            )
            for stored, file in zip(_stored(sent), sent, strict=True)
        ),
    )


def _stored(sent: Sequence[Sent]) -> tuple[StoredFile, ...]:
    return tuple(
        StoredFile(
            name=stored_name(index),
            sent_as=file.sent_as,
            size_bytes=len(file.content),
            sha256=file.sha256,
        )
        for index, file in enumerate(sent, start=1)
    )


def _instance(file: Sent, place: str) -> dict[str, Any]:
    return {
        "file": place,
        "sha256": file.sha256,
        "size_bytes": len(file.content),
        "sent_as": file.sent_as,
        "SOPInstanceUID": file.uid,
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "StudyInstanceUID": file.study,
        "SeriesInstanceUID": file.series,
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "file_meta": orjson.Fragment(b"{}"),
        "dataset": orjson.Fragment(b'{"00100010":{"vr":"PN"}}'),
    }
