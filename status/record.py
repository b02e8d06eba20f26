"""How a status record changes: each state is entered once, and rank decides which one counts."""

from collections.abc import Iterable
from itertools import pairwise
from uuid import UUID

from contracts.status import HistoryEntry, State, StatusRecord, StatusUpdate


def advance(record: StatusRecord | None, study_id: UUID, update: StatusUpdate) -> StatusRecord:
    """The record after an update, whatever the order in which updates arrive.

    An update that comes late finds its place in the history but never moves the study back; of two
    states of equal rank the first to arrive stays.

    Args:
        record: the record so far, if any.
        study_id: the study.
        update: the state that the study has come to.
    """
    entered = {entry.state: entry for entry in record.history} if record else {}
    entry = HistoryEntry(state=update.status, time=update.time, service=update.service)
    known = entered.get(entry.state)
    if known is None or entry.time < known.time:
        entered[entry.state] = entry
    ahead = record is None or update.status.rank > record.status.rank
    status = update.status if record is None or ahead else record.status
    reason = update.reason or (record.reason if record else None)
    return StatusRecord(
        study_id=study_id,
        status=status,
        updated_at=entered[status].time,
        history=tuple(_with_durations(entered.values())),
        files=update.files or (record.files if record else None),
        findings=update.findings or (record.findings if record else ()),
        reason=reason if status is State.ERROR else None,
    )


def _with_durations(entries: Iterable[HistoryEntry]) -> Iterable[HistoryEntry]:
    """The entries by time, each with the seconds until the next one."""
    ordered = sorted(entries, key=lambda entry: (entry.time, entry.state.rank))
    for entry, following in pairwise(ordered):
        seconds = (following.time - entry.time).total_seconds()
        yield entry.model_copy(update={"duration_seconds": seconds})
    yield ordered[-1].model_copy(update={"duration_seconds": None})
