"""How a status record changes: each state is entered once, and rank decides which one counts."""

from collections.abc import Iterable
from itertools import pairwise
from math import inf
from uuid import UUID

from contracts.report import FileCounts
from contracts.status import HistoryEntry, State, StatusRecord, StatusUpdate

ORDER = list(State)
"""Decides between states of equal rank: what lies in the archive has not failed."""


def advance(record: StatusRecord | None, study_id: UUID, update: StatusUpdate) -> StatusRecord:
    """The record after an update, whatever the order in which updates arrive.

    An update that comes late finds its place in the history but never moves the study back. A state
    that is told several times counts from the earliest time, and an error's reason goes with it.

    Args:
        record: the record so far, if any.
        study_id: the study.
        update: the state that the study has come to.
    """
    entered = {entry.state: entry for entry in record.history} if record else {}
    entry = HistoryEntry(state=update.status, time=update.time, service=update.service)
    known = entered.get(entry.state)
    reason = record.reason if record else None
    if known is None or (entry.time, entry.service) < (known.time, known.service):
        entered[entry.state] = entry
        if entry.state is State.ERROR:
            reason = update.reason
    status = max(entered, key=_precedence)
    return StatusRecord(
        study_id=study_id,
        status=status,
        updated_at=entered[status].time,
        history=tuple(_with_durations(entered.values())),
        files=_further(record.files if record else None, update.files),
        findings=update.findings or (record.findings if record else ()),
        reason=reason if status is State.ERROR else None,
        label=update.label or (record.label if record else None),
        modalities=update.modalities or (record.modalities if record else None),
        patient_id_hash=update.patient_id_hash or (record.patient_id_hash if record else None),
        upload_id=update.upload_id or (record.upload_id if record else None),
        studies=update.studies or (record.studies if record else None),
    )


def _further(known: FileCounts | None, told: FileCounts | None) -> FileCounts | None:
    """The counts that know more: those of an earlier moment may come later."""
    if known is None or told is None:
        return told or known
    return told if _extent(told) >= _extent(known) else known


def _extent(files: FileCounts) -> tuple[float, bool]:
    """How many files are examined, and whether that is the result, which knows duplicates."""
    examined = inf if files.examined is None else files.examined
    return examined, files.duplicates is not None


def _precedence(state: State) -> tuple[int, int]:
    return state.rank, ORDER.index(state)


def _with_durations(entries: Iterable[HistoryEntry]) -> Iterable[HistoryEntry]:
    """The entries by time, each with the seconds until the next one."""
    ordered = sorted(entries, key=lambda entry: (entry.time, _precedence(entry.state)))
    for entry, following in pairwise(ordered):
        seconds = (following.time - entry.time).total_seconds()
        yield entry.model_copy(update={"duration_seconds": seconds})
    yield ordered[-1].model_copy(update={"duration_seconds": None})
