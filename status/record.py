"""How a status record changes: each state is entered once, and rank decides which one counts."""

from collections.abc import Iterable
from itertools import pairwise
from math import inf
from uuid import UUID

from contracts.report import FileCounts
from contracts.status import (
    HistoryEntry,
    State,
    StatusRecord,
    StatusUpdate,
    StudyFacts,
)

ORDER = list(State)
"""Decides between states of equal rank: a study that is in the archive has not failed."""


def advance(record: StatusRecord | None, study_id: UUID, update: StatusUpdate) -> StatusRecord:
    """The record after an update, whatever the order in which updates arrive.

    An update that arrives late takes its place in the history but never moves the study back. Each
    state counts from the earliest time reported for it, and an error keeps the reason reported
    with that time. For any other fact the update's value replaces the known one.

    Args:
        record: the record so far, if any.
        study_id: the study.
        update: the state that the study has come to, and what has been found out.
    """
    known = record or StudyFacts()
    entered = {entry.state: entry for entry in record.history} if record else {}
    entry = HistoryEntry(state=update.status, time=update.time, service=update.service)
    reason = known.reason
    if _is_earliest(entry, entered.get(entry.state)):
        entered[entry.state] = entry
        if entry.state is State.ERROR:
            reason = update.reason
    status = max(entered, key=_precedence)
    facts = known.known() | update.known()
    facts["files"] = _most_recent(known.files, update.files)
    facts["reason"] = reason if status is State.ERROR else None
    return StatusRecord(
        study_id=study_id,
        status=status,
        updated_at=entered[status].time,
        history=tuple(_with_durations(entered.values())),
        **facts,
    )


def _is_earliest(entry: HistoryEntry, known: HistoryEntry | None) -> bool:
    return known is None or (entry.time, entry.service) < (known.time, known.service)


def _most_recent(known: FileCounts | None, reported: FileCounts | None) -> FileCounts | None:
    """The counts that know more: those of an earlier moment may arrive later."""
    if known is None or reported is None:
        return reported or known
    return reported if _extent(reported) >= _extent(known) else known


def _extent(files: FileCounts) -> tuple[float, bool]:
    """How many files are examined, and whether it is the result: only that counts duplicates."""
    examined = inf if files.examined is None else files.examined
    return examined, files.duplicates is not None


def _precedence(state: State) -> tuple[int, int]:
    return state.rank, ORDER.index(state)


def _with_durations(entries: Iterable[HistoryEntry]) -> Iterable[HistoryEntry]:
    """The entries by time, each with the seconds until the next one."""
    ordered = sorted(entries, key=lambda entry: (entry.time, _precedence(entry.state)))
    for entry, following in pairwise(ordered):
        yield _lasting(entry, (following.time - entry.time).total_seconds())
    yield _lasting(ordered[-1], None)


def _lasting(entry: HistoryEntry, seconds: float | None) -> HistoryEntry:
    if entry.duration_seconds == seconds:  # most are known from the update before
        return entry
    return entry.model_copy(update={"duration_seconds": seconds})
