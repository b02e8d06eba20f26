"""What each event says about the state of its study."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from contracts.events import (
    Event,
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
from contracts.model import Contract
from contracts.report import FileCounts, FindingSummary, Severity
from contracts.status import Reason, State
from status.projection import updates_of

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
TIME = datetime(2024, 1, 1, tzinfo=UTC)
FILES = FileCounts(accepted=2, rejected=1)
FINDING = FindingSummary(code="uid.invalid", severity=Severity.ERROR, message="Not a UID.", count=1)
VALIDATION = ValidationData(
    directory="uploads/x",
    files=FILES,
    findings=(FINDING,),
    modalities=("CT",),
    label="trial-42",
    upload_id=STUDY,
    studies=(STUDY,),
)


def event(kind: type[Event], service: str, data: Contract) -> Event:
    made: Event = kind.new(source=service, subject=STUDY, data=data, time=TIME)
    return made


UPLOADED = event(
    StudyUploaded,
    "gateway",
    StudyUploadedData(directory="uploads/x", file_count=1, size_bytes=1),
)
VALIDATED = event(StudyValidated, "validator", VALIDATION)
VALIDATION_FAILED = event(StudyValidationFailed, "validator", VALIDATION)
ARCHIVED = event(
    StudyArchived,
    "descriptor",
    StudyArchivedData(directory="archive/x", instance_count=1, size_bytes=1),
)
PROCESSING_FAILED = event(
    StudyProcessingFailed,
    "descriptor",
    ProcessingFailedData(
        event_id=uuid4(),
        event_type="study.validated",
        service="descriptor",
        deliveries=5,
        code="study.missing",
        message="The study's files are gone.",
    ),
)
DELETED = event(
    StudyDeleted,
    "gateway",
    StudyDeletedData(removal=RemovalReason.PURGED, file_count=1, size_bytes=1),
)


@pytest.mark.parametrize(
    ("said", "state", "service"),
    [
        (UPLOADED, State.UPLOADED, "gateway"),
        (VALIDATED, State.VALIDATED, "validator"),
        (VALIDATION_FAILED, State.FAILED, "validator"),
        (ARCHIVED, State.ARCHIVED, "descriptor"),
        (PROCESSING_FAILED, State.ERROR, "descriptor"),
        (DELETED, State.DELETED, "gateway"),
    ],
    ids=lambda value: getattr(value, "type", str(value)),
)
def test_each_event_brings_its_study_to_a_state_at_its_own_time(
    said: Event, state: State, service: str
) -> None:
    update = updates_of(said)[-1]
    assert (update.status, update.service, update.time) == (state, service, TIME)


@pytest.mark.parametrize("said", [VALIDATED, VALIDATION_FAILED], ids=lambda said: said.type)
def test_the_result_of_a_validation_brings_all_its_facts_valid_or_not(said: Event) -> None:
    assert updates_of(said)[-1].known() == {
        "files": FILES,
        "findings": (FINDING,),
        "modalities": ("CT",),
        "label": "trial-42",
        "upload_id": STUDY,
        "studies": (STUDY,),
    }


@pytest.mark.parametrize("said", [UPLOADED, ARCHIVED], ids=lambda said: said.type)
def test_other_events_leave_counts_and_findings_as_they_are(said: Event) -> None:
    update = updates_of(said)[-1]
    assert (update.files, update.findings, update.reason) == (None, (), None)


def test_a_study_that_could_not_be_processed_has_the_reason() -> None:
    reason = Reason(code="study.missing", message="The study's files are gone.")
    assert updates_of(PROCESSING_FAILED)[-1].known() == {"reason": reason}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (VALIDATED, State.VALIDATING),
        (VALIDATION_FAILED, State.VALIDATING),
        (ARCHIVED, State.ARCHIVING),
    ],
    ids=lambda value: getattr(value, "type", str(value)),
)
def test_a_result_says_since_when_the_service_was_at_work(said: Event, state: State) -> None:
    began = TIME - timedelta(seconds=3)
    data = said.data.model_copy(update={"started_at": began})
    first, _ = updates_of(said.model_copy(update={"data": data}))
    assert (first.status, first.service, first.time) == (state, said.service, began)
    assert first.known() == {}


def test_a_result_that_does_not_say_it_is_one_update() -> None:
    assert len(updates_of(VALIDATED)) == 1
