"""How a status record advances: by rank, whatever the order in which updates arrive."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.report import FileCounts, FindingSummary, Severity
from contracts.status import (
    HistoryEntry,
    Reason,
    State,
    StatusRecord,
    StatusUpdate,
    StudyFacts,
)
from status.record import advance

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
START = datetime(2024, 1, 1, tzinfo=UTC)
FILES = FileCounts(accepted=1, rejected=1)
FINDINGS = (
    FindingSummary(code="uid.invalid", severity=Severity.ERROR, message="Not a UID.", count=1),
)
REASON = Reason(code="study.missing", message="The study's files are gone.")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def update(
    status: State,
    seconds: float,
    service: str = "validator",
    *,
    files: FileCounts | None = None,
    findings: tuple[FindingSummary, ...] = (),
    reason: Reason | None = None,
) -> StatusUpdate:
    return StatusUpdate(
        status=status,
        service=service,
        time=at(seconds),
        files=files,
        findings=findings,
        reason=reason,
    )


def record_after(updates: Sequence[StatusUpdate]) -> StatusRecord:
    record: StatusRecord | None = None
    for each in updates:
        record = advance(record, STUDY, each)
    assert record
    return record


def states(record: StatusRecord) -> list[State]:
    return [entry.state for entry in record.history]


@st.composite
def possible_updates(draw: st.DrawFn) -> StatusUpdate:
    """Updates of one study: services agree on its files, not on when and why."""
    status = draw(st.sampled_from(State))
    service = draw(st.sampled_from(["gateway", "validator", "descriptor"]))
    seconds = draw(st.integers(0, 5))
    has_result = status in {State.VALIDATED, State.FAILED}
    why = Reason(code=f"{service}.failed", message=f"At {seconds} seconds.")
    return update(
        status,
        seconds,
        service,
        files=FILES if has_result else None,
        findings=FINDINGS if has_result else (),
        reason=why if status is State.ERROR else None,
    )


orders = st.lists(possible_updates(), min_size=1, max_size=8).flatmap(
    lambda updates: st.tuples(
        st.just(updates),
        st.permutations(updates),
        st.lists(st.sampled_from(updates), max_size=4),
    )
)


@given(orders)
def test_the_order_of_arrival_does_not_matter_nor_do_repetitions(
    drawn: tuple[list[StatusUpdate], list[StatusUpdate], list[StatusUpdate]],
) -> None:
    updates, permuted, repeated = drawn
    assert record_after(permuted + repeated).to_json() == record_after(updates).to_json()
    assert record_after(repeated + permuted).to_json() == record_after(updates).to_json()


@given(st.lists(possible_updates(), min_size=1, max_size=8))
def test_a_study_never_moves_back(updates: list[StatusUpdate]) -> None:
    ranks = [record_after(updates[:count]).status.rank for count in range(1, len(updates) + 1)]
    assert ranks == sorted(ranks)


@given(st.lists(possible_updates(), min_size=1, max_size=8))
def test_a_record_has_every_state_once_in_the_order_of_time(updates: list[StatusUpdate]) -> None:
    record = record_after(updates)
    assert sorted(states(record)) == sorted({each.status for each in updates})
    times = [entry.time for entry in record.history]
    assert times == sorted(times)
    [current] = [entry for entry in record.history if entry.state is record.status]
    assert record.updated_at == current.time


def test_the_first_update_makes_the_record() -> None:
    assert record_after([update(State.UPLOADED, 0, "gateway")]) == StatusRecord(
        study_id=STUDY,
        status=State.UPLOADED,
        updated_at=at(0),
        history=(HistoryEntry(state=State.UPLOADED, time=at(0), service="gateway"),),
    )


def test_each_state_lasts_until_the_next_one_begins() -> None:
    record = record_after(
        [
            update(State.UPLOADED, 0, "gateway"),
            update(State.VALIDATING, 0.25),
            update(State.VALIDATED, 2),
        ]
    )
    assert [entry.duration_seconds for entry in record.history] == [0.25, 1.75, None]


def test_a_late_update_finds_its_place_in_the_history() -> None:
    record = record_after(
        [update(State.ARCHIVED, 9, "descriptor"), update(State.UPLOADED, 0, "gateway")]
    )
    assert record.status is State.ARCHIVED
    assert record.updated_at == at(9)
    assert states(record) == [State.UPLOADED, State.ARCHIVED]
    assert record.history[0].duration_seconds == 9


def test_a_state_is_entered_once_at_its_earliest_time() -> None:
    record = record_after(
        [
            update(State.VALIDATING, 5),
            update(State.VALIDATING, 2),
            update(State.VALIDATING, 7),
        ]
    )
    assert [entry.time for entry in record.history] == [at(2)]
    assert record.updated_at == at(2)


def test_the_counts_and_findings_stay_when_the_study_moves_on() -> None:
    validated = update(State.VALIDATED, 1, files=FILES, findings=FINDINGS)
    record = record_after([validated, update(State.ARCHIVED, 2)])
    assert (record.files, record.findings) == (FILES, FINDINGS)


def test_the_counts_arrive_with_a_late_event_too() -> None:
    validated = update(State.VALIDATED, 1, files=FILES, findings=FINDINGS)
    record = record_after([update(State.ARCHIVED, 2), validated])
    assert (record.files, record.findings) == (FILES, FINDINGS)


def test_a_record_in_error_has_the_reason() -> None:
    record = record_after([update(State.VALIDATING, 0), update(State.ERROR, 1, reason=REASON)])
    assert record.status is State.ERROR
    assert record.reason == REASON


def test_the_reason_and_the_time_of_an_error_come_from_the_same_update() -> None:
    other = Reason(code="delivery.failed", message="It failed every time.")
    earlier = update(State.ERROR, 1, reason=REASON)
    later = update(State.ERROR, 3, "descriptor", reason=other)
    for updates in ([earlier, later], [later, earlier]):
        record = record_after(updates)
        assert (record.updated_at, record.reason) == (at(1), REASON)


@pytest.mark.parametrize("result", [State.ARCHIVED, State.FAILED])
def test_a_study_that_is_retried_with_success_leaves_its_error_behind(result: State) -> None:
    record = record_after([update(State.ERROR, 1, reason=REASON), update(result, 2)])
    assert record.status is result
    assert record.reason is None
    assert states(record) == [State.ERROR, result]


@pytest.mark.parametrize("result", [State.ARCHIVED, State.FAILED])
def test_a_late_error_does_not_undo_a_result(result: State) -> None:
    record = record_after([update(result, 2), update(State.ERROR, 3, reason=REASON)])
    assert record.status is result
    assert record.reason is None


def test_a_study_in_the_archive_counts_as_archived_even_if_it_is_also_reported_as_failed() -> None:
    both = [update(State.ARCHIVED, 1), update(State.FAILED, 2)]
    assert record_after(both).status is State.ARCHIVED
    assert record_after(both[::-1]).status is State.ARCHIVED


def test_the_record_that_was_given_is_left_alone() -> None:
    before = record_after([update(State.UPLOADED, 0)])
    copy = before.model_copy(deep=True)
    advance(before, STUDY, update(State.ARCHIVED, 1))
    assert before == copy


def counts(examined: int | None, **others: int) -> FileCounts:
    return FileCounts(received=9, examined=examined, accepted=examined or 0, rejected=0, **others)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_the_counts_that_know_most_stay_whenever_they_come(order: Sequence[int]) -> None:
    reported = [
        update(State.VALIDATING, 1, files=counts(0)),
        update(State.VALIDATING, 2, files=counts(5)),
        update(State.VALIDATING, 3, files=counts(9)),
        update(State.VALIDATED, 4, files=counts(9, duplicates=2)),
    ]
    assert record_after([reported[number] for number in order]).files == reported[3].files


@pytest.mark.parametrize("fact", sorted(StudyFacts.model_fields.keys() - {"reason"}))
def test_a_fact_that_is_reported_once_stays(fact: str) -> None:
    reported = StatusUpdate(
        status=State.VALIDATED,
        time=at(2),
        files=FILES,
        findings=FINDINGS,
        label="trial-42",
        modalities=("CT",),
        patient_id_hash="0a" * 32,
        duplicate_of=(UUID(int=3),),
        upload_id=STUDY,
        studies=(STUDY,),
    )
    record = record_after([update(State.UPLOADED, 1), reported, update(State.ARCHIVED, 3)])
    assert getattr(record, fact) == getattr(reported, fact)
    assert getattr(reported, fact), "give the new fact a value above"
