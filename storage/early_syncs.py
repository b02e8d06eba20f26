"""Makes the files of a directory durable while further ones are written.

A disk makes several files durable in about the time of one, and a processor can do something else
meanwhile. If all were synced at the end, an upload of many files would wait there for the disk.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import BinaryIO

from storage import files

AT_ONCE = 16
"""Files that a process syncs at the same time, those of all its directories together."""
TOGETHER = 8
"""So many files that are complete are handed to a thread; fewer wait for the end."""


class EarlySyncs:
    """The files of one directory, which one thread writes."""

    def __init__(self) -> None:
        self._written: list[tuple[str, BinaryIO]] = []
        self._syncing: list[Future[None]] = []

    def add(self, path: str, file: BinaryIO) -> None:
        """Sync a file some time after it is closed, and before `finish` returns."""
        if len(self._written) >= TOGETHER:
            closed = [path for path, file in self._written if file.closed]
            if len(closed) >= TOGETHER:
                self._written = [entry for entry in self._written if not entry[1].closed]
                self._begin(closed)
        self._written.append((path, file))

    def finish(self) -> None:
        """Wait until all files are durable.

        Raises:
            OSError: one of them could not be synced.
        """
        left = [path for path, _ in self._written]
        self._written.clear()
        if not self._syncing and len(left) < 2:  # it is done before a thread has begun
            _sync(left)
            return
        for path in left:
            self._begin([path])
        for syncing in self._syncing:
            syncing.result()
        self.abandon()

    def abandon(self) -> None:
        """Sync no more; when this returns no thread is at work."""
        self._written.clear()
        wait([syncing for syncing in self._syncing if not syncing.cancel()])
        self._syncing.clear()

    def _begin(self, paths: Sequence[str]) -> None:
        self._syncing.append(_threads().submit(_sync, paths))


@cache
def _threads() -> ThreadPoolExecutor:
    """One for all directories: many uploads at once must not need many threads each."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sync")


def _sync(paths: Sequence[str]) -> None:
    for path in paths:
        files.sync_file(path)
