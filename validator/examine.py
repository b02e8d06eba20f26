"""Examines the files of an upload, several at the same time, and reports the progress."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from contracts.intake import StoredFile
from contracts.report import FileCounts, Outcome
from engine.profiles.profile import Profile
from engine.report import Report
from storage.study_folder import StudyFolder
from validator.journal import Found, Journal

Examine = Callable[[Path, Profile], Awaitable[Report]]
"""Examines the file at a path."""
Note = Callable[[FileCounts], None]
"""Is called with the counts of the files examined so far."""

NOTE_SECONDS = 0.5
"""How often progress is reported and the journal written."""


async def examine_files(
    folder: StudyFolder,
    files: Sequence[StoredFile],
    examine: Examine,
    profile: Profile,
    journal: Journal,
    *,
    at_once: int,
    note: Note,
) -> list[Report]:
    """The reports of files, in their order.

    Args:
        folder: where they are stored.
        files: to examine.
        examine: examines one.
        profile: the validation profile.
        journal: files that are in it were examined before an interruption and are not again.
        at_once: how many wait for an examination at the same time.
        note: is called with the progress.
    """
    found = await asyncio.to_thread(journal.read)
    progress = _Progress(found, len(files), journal, note)
    remaining = iter([file for file in files if file.name not in found])

    async def work() -> None:
        for file in remaining:
            async with folder.file(file.name).local() as path:
                report = await examine(path, profile)
            await progress.add(file.name, report)

    progress.report()
    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(work())
    except BaseException as error:
        await progress.write()
        if isinstance(error, ExceptionGroup):  # one is enough
            raise error.exceptions[0] from None
        raise
    return [found[file.name] for file in files]


class _Progress:
    """Collects reports; from time to time it writes the journal and reports the counts."""

    def __init__(
        self, found: dict[str, Report], received: int, journal: Journal, note: Note
    ) -> None:
        self._found = found
        self._received = received
        self._rejected = sum(map(_is_rejected, found.values()))
        self._journal = journal
        self._note = note
        self._unwritten: list[Found] = []
        self._due = time.monotonic() + NOTE_SECONDS

    async def add(self, name: str, report: Report) -> None:
        self._found[name] = report
        self._rejected += _is_rejected(report)
        self._unwritten.append((name, report))
        if time.monotonic() >= self._due:  # a short examination leaves no journal
            self._due = time.monotonic() + NOTE_SECONDS
            self.report()
            await self.write()

    async def write(self) -> None:
        written, self._unwritten = self._unwritten, []
        if written:
            await asyncio.to_thread(self._journal.append, written)

    def report(self) -> None:
        examined = len(self._found)
        counts = FileCounts(
            received=self._received,
            examined=examined,
            accepted=examined - self._rejected,
            rejected=self._rejected,
        )
        self._note(counts)


def _is_rejected(report: Report) -> bool:
    return report.outcome is Outcome.REJECTED
