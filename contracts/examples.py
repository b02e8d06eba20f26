"""One example of each event, the same every time: for the AsyncAPI document and for tests."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.events import (
    CloudEvent,
    ProcessingFailedData,
    RemovalReason,
    StudyArchived,
    StudyArchivedData,
    StudyDeleted,
    StudyDeletedData,
    StudyProcessingFailed,
    StudyUploaded,
    StudyUploadedData,
    StudyValidated,
    StudyValidationFailed,
    ValidationData,
)
from contracts.places import Place, study_directory
from contracts.report import FileCounts, FindingSummary, Severity

_STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
_START = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
_SHORT = FindingSummary(
    code="pixel.length-short",
    severity=Severity.ERROR,
    message="The pixel data is shorter than the image.",
    path="(7FE0,0010)",
    keyword="PixelData",
    count=1,
)


def example_events() -> tuple[CloudEvent, ...]:
    """A study of three files, one of them too short, and the other ways it could have taken."""
    uploaded = StudyUploaded.new(
        source="gateway",
        subject=_STUDY,
        time=_START,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        data=StudyUploadedData(
            directory=study_directory(Place.UPLOADS, _STUDY), file_count=3, size_bytes=1_577_216
        ),
    ).model_copy(update={"id": UUID("7d9f2c04-5a0e-4c39-9f53-6f1d1f0c8a11")})
    validated = StudyValidated.new(
        source="validator",
        subject=_STUDY,
        cause=uploaded,
        time=_START + timedelta(seconds=2),
        data=ValidationData(
            directory=study_directory(Place.UPLOADS, _STUDY),
            files=FileCounts(accepted=2, rejected=1),
            findings=(_SHORT,),
        ),
    )
    failed = StudyValidationFailed.new(
        source="validator",
        subject=_STUDY,
        cause=uploaded,
        time=_START + timedelta(seconds=2),
        data=ValidationData(
            directory=study_directory(Place.QUARANTINE, _STUDY),
            files=FileCounts(accepted=0, rejected=3),
            findings=(_SHORT.model_copy(update={"count": 3}),),
        ),
    )
    archived = StudyArchived.new(
        source="descriptor",
        subject=_STUDY,
        cause=validated,
        time=_START + timedelta(seconds=3),
        data=StudyArchivedData(
            directory=study_directory(Place.ARCHIVE, _STUDY), instance_count=2, size_bytes=1_052_160
        ),
    )
    processing_failed = StudyProcessingFailed.new(
        source="validator",
        subject=_STUDY,
        cause=uploaded,
        time=_START + timedelta(minutes=2),
        data=ProcessingFailedData(
            event_id=uploaded.id,
            event_type=uploaded.type,
            service="validator",
            deliveries=1,
            code="study.missing",
            message="The study's directory is gone from the uploads.",
        ),
    )
    deleted = StudyDeleted.new(
        source="gateway",
        subject=_STUDY,
        time=_START + timedelta(days=30),
        traceparent=uploaded.traceparent,
        data=StudyDeletedData(removal=RemovalReason.DELETED, file_count=3, size_bytes=1_577_216),
    ).model_copy(update={"id": UUID("c5e7d1f2-40c3-4b6b-8f49-8f2f6d9b7a33")})
    return uploaded, validated, failed, archived, processing_failed, deleted
