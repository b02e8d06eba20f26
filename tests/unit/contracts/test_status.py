"""States, their ranks, and what updates a status record."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pydantic import ValidationError

from contracts.report import FileCounts
from contracts.status import (
    HistoryEntry,
    State,
    StatusRecord,
    StatusUpdate,
    StudyStatusUpdate,
    StudyStatusUpdates,
)


def test_each_step_of_a_studys_way_ranks_above_the_one_before() -> None:
    way = (
        State.UPLOADED,
        State.VALIDATING,
        State.VALIDATED,
        State.ARCHIVING,
        State.ARCHIVED,
    )
    ranks = [state.rank for state in way]
    assert ranks == sorted(set(ranks))


def test_an_error_outranks_all_work_but_no_result() -> None:
    assert all(State.ERROR.rank > state.rank for state in State if not state.is_final)
    assert State.ERROR.rank < State.FAILED.rank
    assert State.ERROR.rank < State.ARCHIVED.rank


def test_a_study_ends_archived_failed_or_in_error() -> None:
    assert {state for state in State if state.is_final} == {
        State.ARCHIVED,
        State.FAILED,
        State.ERROR,
        State.DELETED,
    }


def test_nothing_outranks_a_deletion() -> None:
    assert max(State, key=lambda state: state.rank) is State.DELETED


def test_an_update_needs_no_more_than_a_state() -> None:
    update = StatusUpdate.model_validate_json('{"status": "validating"}')
    assert update.status is State.VALIDATING
    assert update.service == "external"
    assert update.time.tzinfo is UTC


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "lost"},
        {"status": "validating", "time": "2024-01-01T00:00:00"},
        {"status": "validating", "service": "DOE^JANE"},
        {"status": "error", "reason": {"code": "x", "message": "m" * 501}},
    ],
    ids=str,
)
def test_an_update_of_another_shape_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StatusUpdate.model_validate_json(json.dumps(body))


@pytest.mark.parametrize("count", [0, 1001])
def test_a_bulk_update_has_between_one_and_a_thousand_entries(count: int) -> None:
    entry = StudyStatusUpdate(study_id=uuid4(), status=State.VALIDATING)
    with pytest.raises(ValidationError):
        StudyStatusUpdates(updates=(entry,) * count)


def test_a_record_begins_with_the_study_and_its_state() -> None:
    assert list(StatusRecord.model_fields)[:4] == ["study_id", "status", "updated_at", "history"]


def test_a_record_read_back_from_its_json_is_the_same_record() -> None:
    time = datetime(2024, 1, 1, tzinfo=UTC)
    entry = HistoryEntry(state=State.VALIDATED, time=time, service="validator")
    record = StatusRecord(
        study_id=uuid4(),
        status=State.VALIDATED,
        updated_at=time,
        history=(entry,),
        files=FileCounts(accepted=1, rejected=0),
    )
    assert StatusRecord.model_validate_json(record.to_json()) == record
    assert b"null" not in record.to_json()
