"""Removes files from quarantine, and keeps a record of each."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import ValidationError

from chassis.observability.logs import get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.events import RemovalReason
from contracts.intake import StoredFile
from gateway.deletion.audit_trail import Removal, locked
from gateway.quarantine.contents import chosen, read_contents, require_at_rest
from gateway.quarantine.listing import Entry, entries
from gateway.quarantine.models import Purge, PurgedStudy
from storage.study_store import StudyStore

MOST_AT_ONCE = 500
"""Studies that one call purges."""


def remove(
    studies: StudyStore, study_id: UUID, names: frozenset[str] | None, reason: RemovalReason
) -> tuple[StoredFile, ...]:
    """Remove files of a study, all of them for None; with its last file the study is gone. Blocks.

    A line about each file is appended to ``removed.ndjson`` first. After a crash in between, the
    next removal of the file adds another line.

    Raises:
        Problem: 404 if there is no such study or file, 409 if the study is still being moved to
            quarantine, 503 if other removals take too long.
    """
    # One at a time, or two removals of the same file would both record it.
    with locked(studies.removals) as removed:
        contents = read_contents(studies, study_id)
        files = chosen(contents, names)
        require_at_rest(studies, study_id)
        removed.append(
            [
                Removal(study_id=study_id, file=file.name, sha256=file.sha256, reason=reason)
                for file in files
            ]
        )
        if len(files) == len(contents.files):
            studies.remove(contents.folder)
        else:
            folder = contents.folder
            folder.store.remove([folder.file(file.name).key for file in files])
    gone = set(files)
    codes = {code for file, found in contents.codes() if file in gone for code in found}
    get_logger().info(
        f"quarantine.{reason}", study_id=str(study_id), count=len(files), codes=sorted(codes)
    )
    return files


async def purge(studies: StudyStore, older_than_days: float, *, dry_run: bool = False) -> Purge:
    """Remove studies that came to quarantine long ago: up to `MOST_AT_ONCE`, the oldest first.

    Args:
        studies: where they are stored.
        older_than_days: how long ago, in days.
        dry_run: only list them.
    """
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    found = await asyncio.to_thread(entries, studies)
    due = [entry for entry in found if entry.time <= before]
    purged: list[PurgedStudy] = []
    waiting = iter(due)
    for entry in waiting:
        if study := await asyncio.to_thread(_purge, studies, entry, dry_run):
            purged.append(study)
        if len(purged) == MOST_AT_ONCE:
            break
    return Purge(
        dry_run=dry_run,
        studies=tuple(purged),
        file_count=sum(study.file_count for study in purged),
        size_bytes=sum(study.size_bytes for study in purged),
        remaining=sum(1 for _ in waiting),
    )


def _purge(studies: StudyStore, entry: Entry, dry_run: bool) -> PurgedStudy | None:
    """Remove a study; None if it is gone, is still being processed, or cannot be read."""
    study_id = entry.study_id
    try:
        if dry_run:
            files = read_contents(studies, study_id).files
        else:
            files = remove(studies, study_id, None, RemovalReason.PURGED)
    except Problem as problem:
        if problem.kind is ProblemType.QUARANTINE_BUSY:
            raise
        return None
    except ValidationError:
        get_logger().error("quarantine.unreadable", study_id=str(study_id))
        return None
    return PurgedStudy(
        study_id=study_id,
        quarantined_at=entry.time,
        file_count=len(files),
        size_bytes=sum(file.size_bytes for file in files),
    )
