"""What each event says about the state of its study."""

from datetime import datetime
from typing import Any

from contracts.events import (
    Event,
    StudyArchived,
    StudyArchivedData,
    StudyDeleted,
    StudyProcessingFailed,
    StudyUploaded,
    StudyValidated,
    StudyValidationFailed,
    ValidationData,
)
from contracts.status import Reason, State, StatusUpdate, StudyFacts


def updates_of(event: Event) -> list[StatusUpdate]:
    """The status updates that follow from an event: when the work began, and its result.

    A fact is taken from the event's data if that has a field of the same name.
    """
    result = StatusUpdate(
        status=_state(event), service=event.service, time=event.time, **_facts(event)
    )
    began = _beginning(event)
    return [began, result] if began else [result]


def _beginning(event: Event) -> StatusUpdate | None:
    match event.data:
        case ValidationData(started_at=datetime() as time):
            state = State.VALIDATING
        case StudyArchivedData(started_at=datetime() as time):
            state = State.ARCHIVING
        case _:
            return None
    return StatusUpdate(status=state, service=event.service, time=time)


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
        case StudyDeleted():
            return State.DELETED


def _facts(event: Event) -> dict[str, Any]:
    if isinstance(event, StudyProcessingFailed):
        return {"reason": Reason(code=event.data.code, message=event.data.message)}
    names = StudyFacts.model_fields.keys() & type(event.data).model_fields.keys()
    return {name: getattr(event.data, name) for name in names}
