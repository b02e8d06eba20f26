"""Unpacks an archive that has been received, into the same kind of parts as a body has."""

import struct
import zipfile
import zlib
from collections.abc import Generator
from pathlib import Path

from gateway.uploads.archive_format import ArchiveFormat
from gateway.uploads.limits import Allowance, broken
from gateway.uploads.parts import PartEvent, Parts
from gateway.uploads.staging import BUFFER_BYTES, in_thread
from gateway.uploads.tar_entries import tar_entries
from gateway.uploads.zip_entries import zip_entries

MOST_EVENTS_AT_ONCE = 1000

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,  # a name that is not in the encoding it claims, a position that is none
)
"""What zipfile raises for archives that are broken, or made by someone with bad intentions."""


async def unpacked(path: Path, kind: ArchiveFormat, allowance: Allowance) -> Parts:
    """The files in an archive, piece by piece; folders are left out.

    A thread reads about a mebibyte at a time, so that several uploads take turns, and one that is
    cancelled ends soon.

    Args:
        path: the archive.
        kind: what it is.
        allowance: what it may unpack to.

    Raises:
        RefusedUploadError: it is broken, an entry is unsafe, or it is too much.
        OSError: the disk cannot be read.
    """
    events = _events(path, kind, allowance)
    try:
        while batch := await in_thread(_next, events):
            for event in batch:
                yield event
    finally:
        await in_thread(events.close)


def _events(
    path: Path, kind: ArchiveFormat, allowance: Allowance
) -> Generator[PartEvent, None, None]:
    try:
        if kind is ArchiveFormat.ZIP:
            yield from zip_entries(path, allowance)
        else:
            compressed = kind is ArchiveFormat.TAR_GZ
            yield from tar_entries(path, allowance, compressed=compressed)
    except _BROKEN:
        # Its texts may hold names.
        raise broken(f"({kind}) is broken or truncated") from None


def _next(events: Generator[PartEvent, None, None]) -> list[PartEvent]:
    """The next events, about a mebibyte of bytes; none at the end."""
    batch: list[PartEvent] = []
    size_bytes = 0
    for event in events:
        batch.append(event)
        size_bytes += len(event) if isinstance(event, bytes) else 0
        if size_bytes >= BUFFER_BYTES or len(batch) >= MOST_EVENTS_AT_ONCE:
            break
    return batch
