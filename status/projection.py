"""What each event says about the state of its study."""

from typing import Any

from contracts.events import (
    Event,
    StudyArchived,
    StudyProcessingFailed,
    StudyUploaded,
    StudyValidated,
    StudyValidationFailed,
)
from contracts.status import Reason, State, StatusUpdate, StudyFacts


def update_of(event: Event) -> StatusUpdate:
    """The status update that follows from an event.

    A fact is taken from the event's data if that has a field of the same name.
    """
    return StatusUpdate(
        status=_state(event), service=event.service, time=event.time, **_facts(event)
    )


def _state(event: Event) -> State:
    match event:
        case StudyUploaded():
            return State.UPLOADED
        case StudyValidated():
            return State.VALIDATED
        case StudyValidationFailed():
            return State.FAILED
        case StudyArchived():
            return State.ARCHIVED
        case StudyProcessingFailed():
            return State.ERROR


def _facts(event: Event) -> dict[str, Any]:
    if isinstance(event, StudyProcessingFailed):
        return {"reason": Reason(code=event.data.code, message=event.data.message)}
    names = StudyFacts.model_fields.keys() & type(event.data).model_fields.keys()
    return {name: getattr(event.data, name) for name in names}
