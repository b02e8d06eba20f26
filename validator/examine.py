"""Examines the files of an upload, several at the same time, and reports the progress."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from contracts.intake import StoredFile
from contracts.report import FileCounts, Outcome
from engine.profiles.profile import Profile
from engine.report import Report
from storage.study_folder import StudyFolder
from validator.journal import Found, Journal
from validator.report_size import ReportSize

Examine = Callable[[Sequence[Path], Profile], Awaitable[list[Report]]]
"""Examines the files at some paths; returns their reports in the same order."""
Note = Callable[[FileCounts], None]
"""Is called with the counts of the files examined so far."""

NOTE_SECONDS = 0.5
"""How often progress is reported and the journal written."""
FILES_AT_ONCE = 16
"""Files that are examined together, in one call of a process."""
BYTES_AT_ONCE = 16 * 1024 * 1024
"""Files examined together have about so many bytes at most, unless one alone has more."""


async def examine_files(
    folder: StudyFolder,
    files: Sequence[StoredFile],
    examine: Examine,
    profile: Profile,
    journal: Journal,
    *,
    at_once: int,
    note: Note,
    size: ReportSize | None = None,
) -> list[Report]:
    """The reports of files, in their order.

    Args:
        folder: where they are stored.
        files: to examine.
        examine: examines some of them.
        profile: the validation profile.
        journal: has been read; files that are in it were examined before an interruption and are
            not again.
        at_once: how many calls of `examine` there are at the same time.
        note: is called with the progress.
        size: decides which findings are listed, and counts the others.
    """
    size = size or ReportSize()
    found = {name: size.counted(size.fitted(report)) for name, report in journal.found.items()}
    progress = _Progress(found, len(files), journal, note, size)
    batches = _batches([file for file in files if file.name not in found], at_once)

    async def work() -> None:
        for batch in batches:
            async with AsyncExitStack() as stack:
                local = [folder.file(file.name).local() for file in batch]
                paths = [await stack.enter_async_context(path) for path in local]
                reports = await examine(paths, profile)
            names = [file.name for file in batch]
            await progress.add(list(zip(names, reports, strict=True)))

    progress.report()
    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(at_once, len(files))):
                workers.create_task(work())
    except BaseException as error:
        await progress.write()
        if isinstance(error, ExceptionGroup):  # one is enough
            raise error.exceptions[0] from None
        raise
    return [found[file.name] for file in files]


def _batches(files: Sequence[StoredFile], workers: int) -> Iterator[list[StoredFile]]:
    """Files to examine together: many small ones, but so that every worker gets some."""
    most = min(FILES_AT_ONCE, -(-len(files) // workers))
    batch: list[StoredFile] = []
    size_bytes = 0
    for file in files:
        if batch and (len(batch) == most or size_bytes + file.size_bytes > BYTES_AT_ONCE):
            yield batch
            batch, size_bytes = [], 0
        batch.append(file)
        size_bytes += file.size_bytes
    if batch:
        yield batch


class _Progress:
    """Collects reports; from time to time it writes the journal and reports the counts."""

    def __init__(
        self,
        found: dict[str, Report],
        received: int,
        journal: Journal,
        note: Note,
        size: ReportSize,
    ) -> None:
        self._found = found
        self._received = received
        self._rejected = sum(map(_is_rejected, found.values()))
        self._journal = journal
        self._note = note
        self._size = size
        self._unwritten: list[Found] = []
        self._due = time.monotonic() + NOTE_SECONDS

    async def add(self, found: Sequence[Found]) -> None:
        fitted = [(name, self._size.fitted(report)) for name, report in found]
        self._found.update((name, self._size.counted(report)) for name, report in fitted)
        self._rejected += sum(_is_rejected(report) for _, report in fitted)
        self._unwritten += fitted
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
