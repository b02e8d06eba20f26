"""The state of a study: states and their ranks, the status record, and what updates it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field, NonNegativeFloat

from contracts.model import Contract, Label, Modality, Service, Sha256
from contracts.report import FileCounts, FindingSummary

RECORDS_COMPLETE = "status-index:complete"
"""Key in Redis: every study that is stored has had a status record since it was set."""


class State(StrEnum):
    """How far a study has come."""

    UPLOADED = "uploaded"
    VALIDATING = "validating"
    VALIDATED = "validated"
    ARCHIVING = "archiving"
    ERROR = "error"
    FAILED = "failed"
    ARCHIVED = "archived"
    DELETED = "deleted"

    @property
    def rank(self) -> int:
        """How far the state is along; an update never moves a study to a lower rank.

        `error` ranks below `failed` and `archived`: a study that failed to be processed and is
        then retried with success leaves it, and an error reported late does not undo a result.
        """
        return _RANKS[self]

    @property
    def is_final(self) -> bool:
        """Whether the study stays in this state unless someone acts."""
        return self in {State.ERROR, State.FAILED, State.ARCHIVED, State.DELETED}


_RANKS = {
    State.UPLOADED: 10,
    State.VALIDATING: 20,
    State.VALIDATED: 30,
    State.ARCHIVING: 40,
    State.ERROR: 50,
    State.FAILED: 60,
    State.ARCHIVED: 60,
    State.DELETED: 70,
}


class Reason(Contract):
    """Why a study is in `error`: a code and a sentence, without values of the study."""

    code: str = Field(max_length=100, examples=["study.missing"])
    message: str = Field(max_length=500)


class HistoryEntry(Contract):
    """A state that a study was in."""

    state: State
    time: AwareDatetime
    """When the study came to it."""
    service: Service
    """The service that brought it there."""
    duration_seconds: NonNegativeFloat | None = None
    """How long it stayed, in seconds; absent for the latest."""


class StudyFacts(Contract):
    """What services find out about a study; its status record collects it.

    A field that is added here is merged into the records (`status.record`), taken from every event
    whose data has a field of that name (`status.projection`), and may be set by a progress mark.
    """

    files: FileCounts | None = None
    """What happened to its files, in numbers; while it is being validated, so far."""
    findings: tuple[FindingSummary, ...] = Field(default=(), max_length=20)
    """The findings without values, at most 20; the validation report has all."""
    reason: Reason | None = None
    """Why the study is in `error`."""
    label: Label | None = None
    """The sender's own name for the upload."""
    modalities: tuple[Modality, ...] | None = None
    """The modalities of its valid instances."""
    patient_id_hash: Sha256 | None = None
    """Keyed digest of the Patient ID: finds the patient's studies without naming the patient."""
    upload_id: UUID | None = None
    """The upload that the study was divided from, if it was."""
    studies: tuple[UUID, ...] | None = None
    """The further studies that the upload was divided into."""
    duplicate_of: tuple[UUID, ...] | None = None
    """The studies that had all of its instances before: it was sent again."""

    def known(self) -> dict[str, Any]:
        """The facts that are set, by name."""
        return {name: value for name in _FACTS if (value := getattr(self, name))}


_FACTS = tuple(StudyFacts.model_fields)


class StatusUpdate(StudyFacts):
    """A study has come to a state."""

    status: State
    """The state."""
    service: Service = "external"
    """The service that brought it there."""
    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """When; now if not given."""


class StudyStatusUpdate(StatusUpdate):
    """A status update that names its study: an entry of the bulk form."""

    study_id: UUID


class StudyStatusUpdates(Contract):
    """The bulk form of a status update."""

    updates: tuple[StudyStatusUpdate, ...] = Field(min_length=1, max_length=1000)


class StudyHistory(Contract):
    """The states that a study has been in."""

    study_id: UUID
    status: State
    updated_at: AwareDatetime
    """When the study came to `status`."""
    history: tuple[HistoryEntry, ...] = ()
    """Every state so far, oldest first."""


# The fields of the last base come first: people who read the JSON see the id and the state on top.
class StatusRecord(StudyFacts, StudyHistory):
    """The latest record of a study, as stored under `status:{study_id}`."""
