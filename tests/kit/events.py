"""Events of studies."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from contracts.events import (
    CloudEvent,
    ProcessingFailedData,
    StudyArchived,
    StudyArchivedData,
    StudyProcessingFailed,
    StudyUploaded,
    StudyUploadedData,
    StudyValidated,
    StudyValidationFailed,
    ValidationData,
)
from contracts.report import FileCounts


def uploaded(subject: UUID | None = None) -> StudyUploaded:
    """A study has been uploaded."""
    subject = subject or uuid4()
    data = StudyUploadedData(directory=f"uploads/{subject}", file_count=1, size_bytes=7)
    return StudyUploaded.new(source="gateway", subject=subject, data=data)


def archived(subject: UUID | None = None) -> StudyArchived:
    """A study has been archived."""
    subject = subject or uuid4()
    data = StudyArchivedData(directory=f"archive/{subject}", instance_count=1, size_bytes=7)
    return StudyArchived.new(source="descriptor", subject=subject, data=data)


def validated(subject: UUID, *studies: UUID, of: UUID | None = None) -> CloudEvent:
    """A study is valid; `studies` were divided from it, or it was divided from the upload `of`."""
    data = _validation(subject, studies, of)
    return StudyValidated.new(source="validator", subject=subject, data=data)


def failed(subject: UUID) -> CloudEvent:
    """No file of a study is valid."""
    data = _validation(subject)
    return StudyValidationFailed.new(source="validator", subject=subject, data=data)


def not_processed(subject: UUID) -> CloudEvent:
    """A study could not be processed."""
    data = ProcessingFailedData(
        event_id=uuid4(),
        event_type="study.validated",
        service="descriptor",
        deliveries=5,
        code="study.corrupted",
        message="The bytes of a file are not those that arrived.",
    )
    return StudyProcessingFailed.new(source="descriptor", subject=subject, data=data)


def _validation(
    subject: UUID, studies: Iterable[UUID] = (), upload_id: UUID | None = None
) -> ValidationData:
    return ValidationData(
        directory=f"uploads/{subject}",
        files=FileCounts(accepted=1, rejected=0),
        findings=(),
        studies=tuple(studies) or None,
        upload_id=upload_id,
    )
