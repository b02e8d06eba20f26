"""Reads the next small entries of an archive file in threads, while one is being used."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, Self

from archives.entries import Extent
from archives.errors import ArchiveError

RUN_BYTES = 1 << 20
"""A thread reads entries of about so many bytes in one go; a larger entry is not read ahead."""
RUN_ENTRIES = 256
"""Entries that a thread reads in one go at most."""


class Wanted(NamedTuple):
    """An entry that is to be read."""

    extent: Extent
    name: str


Content = bytes | ArchiveError
"""The bytes of an entry, or why they cannot be read."""


def is_small(extent: Extent) -> bool:
    """Whether an entry may be read ahead: all its bytes are in memory then."""
    return max(extent.stored_bytes, extent.size_bytes) <= RUN_BYTES


class ReadAhead:
    """The contents of small entries, in their order. As a context manager it ends its threads.

    In memory are at most the run that is being used, and one more than there are threads: about 4
    MiB, with two threads.

    Args:
        wanted: the entries; it is asked for them by the thread that calls `next_chunks`.
        read: reads some of them, in a thread.
        threads: how many there are.
    """

    def __init__(
        self,
        wanted: Iterator[Wanted],
        read: Callable[[Sequence[Wanted]], list[Content]],
        threads: int,
    ) -> None:
        self._runs = _runs(wanted)
        self._read = read
        self._pool = ThreadPoolExecutor(threads, "unzip")
        self._most_ahead = threads + 1
        self._ahead: deque[Future[list[Content]]] = deque()
        self._contents: deque[Content] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def next_chunks(self) -> Iterator[bytes]:
        """The bytes of the next entry; raises `ArchiveError` if they cannot be read. Blocks.

        Raises:
            OSError: the disk cannot be read.
        """
        if not self._contents:
            self._read_on()
            self._contents.extend(self._ahead.popleft().result())
            self._read_on()
        return _chunks(self._contents.popleft())

    def _read_on(self) -> None:
        while len(self._ahead) < self._most_ahead and (run := next(self._runs, None)):
            self._ahead.append(self._pool.submit(self._read, run))


def _runs(wanted: Iterator[Wanted]) -> Iterator[Sequence[Wanted]]:
    run: list[Wanted] = []
    size_bytes = 0
    for entry in wanted:
        entry_bytes = max(entry.extent.stored_bytes, entry.extent.size_bytes)
        if run and (size_bytes + entry_bytes > RUN_BYTES or len(run) == RUN_ENTRIES):
            yield run
            run, size_bytes = [], 0
        run.append(entry)
        size_bytes += entry_bytes
    if run:
        yield run


def _chunks(content: Content) -> Iterator[bytes]:
    if isinstance(content, ArchiveError):
        raise content
    if content:
        yield content
