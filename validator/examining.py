"""Examines the files of a study, as many at once as there are processes; notes how far it is."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from contracts.intake import StoredFile
from contracts.report import FileCounts, Outcome
from engine.profiles.profile import Profile
from engine.report import Report
from validator.journal import Found, Journal

Examine = Callable[[Path, Profile], Awaitable[Report]]
"""Examines the file at a path."""
Note = Callable[[FileCounts], None]
"""Is told what has become of the files so far."""

NOTE_SECONDS = 0.5
"""How often it is told, and the journal written."""


async def examine_files(
    directory: Path,
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
        directory: where they lie.
        files: to examine.
        examine: examines one.
        profile: what to ask for.
        journal: what was found before an interruption is not examined again.
        at_once: how many wait for an examination at the same time.
        note: is told how far it is.
    """
    found = await asyncio.to_thread(journal.read)
    progress = _Progress(found, len(files), journal, note)
    remaining = iter([file for file in files if file.name not in found])

    async def work() -> None:
        for file in remaining:
            report = await examine(directory / file.name, profile)
            await progress.add(file.name, report)

    progress.tell()
    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(work())
    except ExceptionGroup as errors:  # one tells enough
        raise errors.exceptions[0] from None
    finally:
        await progress.write()
    return [found[file.name] for file in files]


class _Progress:
    """Collects reports, and from time to time writes them down and tells how many there are."""

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
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + NOTE_SECONDS
            self.tell()
            await self.write()

    async def write(self) -> None:
        written, self._unwritten = self._unwritten, []
        await asyncio.to_thread(self._journal.append, written)

    def tell(self) -> None:
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
