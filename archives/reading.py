"""Reads archive files, whatever their format: entry by entry, or one entry by itself."""

import os
import tempfile
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

from archives.entries import Entry, Extent
from archives.errors import broken
from archives.formats import HEAD_BYTES, ArchiveFormat, archive_format
from archives.limits import Budget
from archives.read_ahead import is_small
from archives.tar_file import tar_entries
from archives.zip_file import zip_chunks, zip_content, zip_entries

IN_MEMORY_BYTES = 64 * 1024**2
"""A larger entry is extracted to a temporary file, not into memory."""


def format_of(path: Path) -> ArchiveFormat | None:
    """The format of an archive file on disk; None if the file is not one. Blocks.

    Raises:
        OSError: the file cannot be read.
    """
    # Asked of every file in a folder: hence without the objects of `open`.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return archive_format(os.read(descriptor, HEAD_BYTES))
    finally:
        os.close(descriptor)


def read_entries(
    path: Path, kind: ArchiveFormat, budget: Budget, *, threads: int = 0
) -> Iterator[Entry]:
    """The files in an archive file; folders are left out. Blocks.

    Args:
        path: the archive file.
        kind: its format.
        budget: what it may extract to.
        threads: how many read the small entries of a zip file ahead; none if not given, for callers
            that do not read all entries.

    Raises:
        ArchiveError: it cannot be read to its end, or exceeds a limit.
        OSError: the disk cannot be read.
    """
    if kind is ArchiveFormat.ZIP:
        return zip_entries(path, budget, threads=threads)
    return tar_entries(path, budget, is_compressed=kind is ArchiveFormat.TAR_GZ)


def head_of(chunks: Iterator[bytes]) -> bytes:
    """The first `HEAD_BYTES` bytes of an entry or a little more; all if there are fewer."""
    head = b""
    while len(head) < HEAD_BYTES and (chunk := next(chunks, b"")):
        head += chunk
    return head


def read_extent(path: Path, extent: Extent, name: str) -> bytes | bytearray | memoryview | mmap:
    """The bytes of one entry; mapped if there are many of them. Blocks.

    Args:
        path: the archive file.
        extent: where they are in it.
        name: the entry's name, for errors.

    Raises:
        ArchiveError: they are not what the archive file says.
        OSError: the disk cannot be read.
    """
    with path.open("rb") as file:
        if extent.local_name is None:
            mapped = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
            content = mapped[extent.offset : extent.offset + extent.size_bytes]
            if len(content) < extent.size_bytes:
                raise broken("is truncated", name)
            return content
        if is_small(extent):
            return zip_content(file, extent, name)
        chunks = zip_chunks(file, extent, name)
        if extent.size_bytes > IN_MEMORY_BYTES:
            with tempfile.TemporaryFile() as extracted:
                extracted.writelines(chunks)
                extracted.flush()
                return mmap(extracted.fileno(), 0, access=ACCESS_READ)
        extracted_bytes = bytearray()
        for chunk in chunks:
            extracted_bytes += chunk
        return extracted_bytes
