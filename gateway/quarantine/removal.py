"""Removes files from quarantine, and keeps a record of each."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError

from chassis.access.caller import Caller
from chassis.observability.logs import get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.events import RemovalReason
from contracts.intake import StoredFile
from gateway.deletion.audit_trail import Removal, locked
from gateway.deletion.deletion import Deletions
from gateway.quarantine.contents import chosen, read_contents, require_at_rest
from gateway.quarantine.listing import Entry, entries
from gateway.quarantine.models import Purge, PurgedStudy
from storage.study_store import StudyStore

MOST_AT_ONCE = 500
"""Studies that one call purges."""


async def remove(
    studies: StudyStore,
    deletions: Deletions,
    study_id: UUID,
    names: frozenset[str] | None,
    *,
    reason: RemovalReason,
    requested_by: str,
) -> tuple[StoredFile, ...]:
    """Remove files of a study, all of them for None.

    A line about each file is appended to ``removed.ndjson`` first. After a crash in between, the
    next removal of the file adds another line. A study that is nowhere after that is deleted: it is
    announced, and its status becomes `deleted`.

    Raises:
        Problem: 404 if there is no such study or file, 409 if the study is still being moved to
            quarantine, 503 if other removals take too long, or if Redis is unavailable.
    """
    with_last, files, codes = await asyncio.to_thread(
        remove_unless_last, studies, study_id, names, reason, requested_by
    )
    if with_last:
        await deletions.delete(study_id, reason, requested_by, if_stored=True)
    get_logger().info(
        f"quarantine.{reason}", study_id=str(study_id), count=len(files), codes=sorted(codes)
    )
    return files


class _Chosen(NamedTuple):
    with_last: bool
    """Whether the study is being deleted, or would be nowhere without the files: they are still
    there then."""
    files: tuple[StoredFile, ...]
    codes: set[str]


def remove_unless_last(
    studies: StudyStore,
    study_id: UUID,
    names: frozenset[str] | None,
    reason: RemovalReason,
    requested_by: str,
) -> _Chosen:
    """Remove files of a study, unless it would be nowhere then. Blocks.

    Raises:
        Problem: as `remove`.
    """
    # One at a time, or two removals of the same file would both record it.
    with locked(studies.removals) as removed:
        contents = read_contents(studies, study_id)
        files = chosen(contents, names)
        require_at_rest(studies, study_id)
        gone = set(files)
        codes = {code for file, found in contents.codes() if file in gone for code in found}
        everything = len(files) == len(contents.files)
        is_being_deleted = studies.deletion(study_id).exists()  # there is a line about each file
        if is_being_deleted or (everything and not studies.archived(study_id).exists()):
            return _Chosen(True, files, codes)
        removed.append(
            [
                Removal(
                    study_id=study_id,
                    file=file.name,
                    sha256=file.sha256,
                    reason=reason,
                    requested_by=requested_by,
                )
                for file in files
            ]
        )
        if everything:
            studies.remove(contents.folder)
        else:
            folder = contents.folder
            folder.store.remove([folder.file(file.name).key for file in files])
    return _Chosen(False, files, codes)


async def purge(
    studies: StudyStore,
    deletions: Deletions,
    older_than_days: float,
    requested_by: str,
    caller: Caller,
    *,
    dry_run: bool = False,
) -> Purge:
    """Remove studies that came to quarantine long ago: up to `MOST_AT_ONCE`, the oldest first.

    Args:
        studies: where they are stored.
        deletions: deletes those that are nowhere else.
        older_than_days: how long ago, in days.
        requested_by: who wants it, for the audit trail.
        caller: only studies that they may see are removed.
        dry_run: only list them.

    Raises:
        Problem: 503 if other removals take too long, or if Redis is unavailable.
    """
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    found = await asyncio.to_thread(entries, studies)
    due = [entry for entry in found if entry.time <= before]
    if caller.labels is not None:
        due = await asyncio.to_thread(_seen, studies, due, caller)
    purged: list[PurgedStudy] = []
    waiting = iter(due)
    for entry in waiting:
        study_id = entry.study_id
        try:
            if dry_run:
                files = (await asyncio.to_thread(read_contents, studies, study_id)).files
            else:
                files = await remove(
                    studies,
                    deletions,
                    study_id,
                    None,
                    reason=RemovalReason.PURGED,
                    requested_by=requested_by,
                )
        except Problem as problem:
            if problem.kind not in {ProblemType.NOT_IN_QUARANTINE, ProblemType.STUDY_IN_PROGRESS}:
                raise
            continue
        except ValidationError:
            get_logger().error("quarantine.unreadable", study_id=str(study_id))
            continue
        purged.append(_purged(entry, files))
        if len(purged) == MOST_AT_ONCE:
            break
    return Purge(
        dry_run=dry_run,
        studies=tuple(purged),
        file_count=sum(study.file_count for study in purged),
        size_bytes=sum(study.size_bytes for study in purged),
        remaining=sum(1 for _ in waiting),
    )


def _seen(studies: StudyStore, found: Sequence[Entry], caller: Caller) -> list[Entry]:
    """The entries of studies that a caller may see. Blocks."""
    seen = []
    for entry in found:
        try:
            label = studies.quarantined(entry.study_id).intake().label
        except (FileNotFoundError, ValueError):  # it was removed meanwhile, or no one knows whose
            continue
        if caller.sees(label):
            seen.append(entry)
    return seen


def _purged(entry: Entry, files: Sequence[StoredFile]) -> PurgedStudy:
    return PurgedStudy(
        study_id=entry.study_id,
        quarantined_at=entry.time,
        file_count=len(files),
        size_bytes=sum(file.size_bytes for file in files),
    )
