"""What each event says about the state of its study."""

from contracts.events import (
    Event,
    StudyArchived,
    StudyProcessingFailed,
    StudyUploaded,
    StudyValidated,
    StudyValidationFailed,
)
from contracts.status import Reason, State, StatusUpdate


def update_of(event: Event) -> StatusUpdate:
    """The status update that an event stands for."""
    match event:
        case StudyUploaded():
            return StatusUpdate(
                status=State.UPLOADED,
                service=event.service,
                time=event.time,
                label=event.data.label,
            )
        case StudyValidated() | StudyValidationFailed():
            valid = isinstance(event, StudyValidated)
            return StatusUpdate(
                status=State.VALIDATED if valid else State.FAILED,
                service=event.service,
                time=event.time,
                files=event.data.files,
                findings=event.data.findings,
                label=event.data.label,
                modalities=event.data.modalities,
                upload_id=event.data.upload_id,
                studies=event.data.studies,
            )
        case StudyArchived():
            return StatusUpdate(status=State.ARCHIVED, service=event.service, time=event.time)
        case StudyProcessingFailed():
            return StatusUpdate(
                status=State.ERROR,
                service=event.service,
                time=event.time,
                reason=Reason(code=event.data.code, message=event.data.message),
            )
