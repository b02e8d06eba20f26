"""Extracts an archive file that was received, in a thread, into parts like those of a body."""

import os
from collections.abc import Generator
from itertools import islice
from pathlib import Path

from archives.errors import ArchiveError
from archives.formats import ArchiveFormat
from archives.limits import Budget
from archives.names import skip_reason
from archives.reading import read_entries
from gateway.uploads.errors import archive_problem
from gateway.uploads.parts import FILE_PART, Events, PartEnd, PartHead, Parts, parts_of
from gateway.uploads.writer import BATCH_BYTES, in_thread

MOST_EVENTS_AT_ONCE = 1000
THREADS = min(len(os.sched_getaffinity(0)), 4)
"""How many read the entries of one archive file: zlib and libdeflate need no GIL."""

Extracted = Generator[PartHead | bytes | PartEnd, None, None]


def extract(path: Path, archive_format: ArchiveFormat, budget: Budget) -> Parts:
    """The files in an archive file; folders are left out.

    Args:
        path: the archive file.
        archive_format: its format.
        budget: what it may extract to.

    Raises:
        Problem: it is broken, an entry is refused, or it exceeds a limit.
        OSError: the disk cannot be read.
    """
    return parts_of(_events(path, archive_format, budget))


async def _events(path: Path, archive_format: ArchiveFormat, budget: Budget) -> Events:
    """A thread reads about a mebibyte at a time: uploads take turns, and can be cancelled soon."""
    extracted = _extracted(path, archive_format, budget)
    try:
        while batch := await in_thread(_next_batch, extracted):
            for event in batch:
                yield event
    except ArchiveError as error:
        raise archive_problem(error) from None
    finally:
        await in_thread(extracted.close)


def _extracted(path: Path, archive_format: ArchiveFormat, budget: Budget) -> Extracted:
    for entry in read_entries(path, archive_format, budget, threads=THREADS):
        if entry.refused:
            raise entry.refused
        yield PartHead(FILE_PART, entry.name)
        if not skip_reason(entry.name):
            yield from entry.chunks
        yield PartEnd()


def _next_batch(extracted: Extracted) -> list[PartHead | bytes | PartEnd]:
    """The next events, about a mebibyte of bytes; none at the end."""
    batch: list[PartHead | bytes | PartEnd] = []
    size_bytes = 0
    for event in islice(extracted, MOST_EVENTS_AT_ONCE):
        batch.append(event)
        size_bytes += len(event) if isinstance(event, bytes) else 0
        if size_bytes >= BATCH_BYTES:
            break
    return batch
