"""Events of studies, for tests of those who listen to them."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from contracts.events import (
    CloudEvent,
    ProcessingFailedData,
    StudyProcessingFailed,
    StudyValidated,
    StudyValidationFailed,
    ValidationData,
)
from contracts.report import FileCounts


def validated(subject: UUID, *studies: UUID, of: UUID | None = None) -> CloudEvent:
    """It is valid; it was divided into further studies, or was divided from an upload."""
    data = _validation(subject, studies, of)
    return StudyValidated.new(source="validator", subject=subject, data=data)


def failed(subject: UUID) -> CloudEvent:
    data = _validation(subject)
    return StudyValidationFailed.new(source="validator", subject=subject, data=data)


def given_up(subject: UUID) -> CloudEvent:
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
