"""The entries of an archive file: files, with their bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from archives.errors import ArchiveError, Fault
from archives.formats import HEAD_BYTES
from archives.limits import Budget
from archives.names import unsafe_name

FIRST_CHUNK_BYTES = HEAD_BYTES
"""Most entries are looked at before they are read: their first chunk is small."""
CHUNK_BYTES = 1 << 20


class Extent(NamedTuple):
    """Where the bytes of an entry are in its archive file."""

    offset: int
    """In bytes from the start: of the entry's header in a zip file, of its bytes in a tar file."""
    stored_bytes: int
    """How many they are there, compressed or not."""
    size_bytes: int
    """How many they are when extracted."""
    is_deflated: bool = False
    local_name: bytes | None = None
    """The name in the entry's own header; None in a tar file."""
    crc: int = 0
    """CRC-32 of the extracted bytes, in a zip file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive file, to be read before the next one is asked for.

    Attributes:
        name: shown, and never used as a path. May contain PHI.
        chunks: its bytes; raises `ArchiveError` when they are not what the archive file says.
        refused: why it is not read, if it is not but the entries after it may be.
        extent: where its bytes are, if that place can be read by itself.
    """

    name: str
    chunks: Iterator[bytes]
    refused: ArchiveError | None = None
    extent: Extent | None = None


def refusal(
    name: str, size_bytes: int, kind: tuple[Fault, str] | None, budget: Budget
) -> ArchiveError | None:
    """Why an entry is not read; None if it is.

    Args:
        name: its name.
        size_bytes: its size, extracted, as the archive file says.
        kind: what is wrong with the kind of entry that it is.
        budget: whose limits apply.
    """
    if trouble := unsafe_name(name):
        return ArchiveError(Fault.UNSAFE, trouble, name)
    if budget.is_too_large(size_bytes):
        trouble = f"is larger than {budget.limits.max_entry_bytes} bytes"
        return ArchiveError(Fault.TOO_LARGE, trouble, name)
    return ArchiveError(*kind, name) if kind else None
