"""Inflates a gzip file (RFC 1952) from front to back in flat memory.

The standard library's gzip reads headers byte by byte in Python, and any number of empty members in
one call: a file made for it occupies a thread for an hour.
"""

import zlib
from typing import BinaryIO

from archives.errors import broken

MOST_EMPTY_MEMBERS = 100
_INPUT_BYTES = 1 << 14
_WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS


class Gunzip:
    """The inflated bytes of a gzip file, its members one after the other.

    Args:
        file: the gzip file, open for reading.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflater = zlib.decompressobj(_WITH_GZIP_HEADER)
        self._ahead = b""
        self._member_bytes = 0
        self._empty_members = 0

    def read(self, size: int) -> bytes:
        """The next bytes, fewer than `size` only at the end.

        Raises:
            ArchiveError: the file is broken or truncated.
        """
        pieces = []
        while size and (not self._inflater.eof or self._next_member()):
            piece = self._inflate(size)
            self._member_bytes += len(piece)
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def _inflate(self, size: int) -> bytes:
        data = self._inflater.unconsumed_tail or self._ahead or self._file.read(_INPUT_BYTES)
        self._ahead = b""
        try:
            piece = self._inflater.decompress(data, size)
        except zlib.error:
            raise broken("has damaged gzip data") from None
        if not data and not piece and not self._inflater.eof:
            raise broken("is truncated")
        return piece

    def _next_member(self) -> bool:
        """Begin the next member, if there is one; zeros may follow the last."""
        if not self._member_bytes:
            self._empty_members += 1
        if self._empty_members > MOST_EMPTY_MEMBERS:
            raise broken(f"has more than {MOST_EMPTY_MEMBERS} empty gzip members")
        self._ahead = self._inflater.unused_data.lstrip(b"\0")
        while not self._ahead:
            if not (data := self._file.read(_INPUT_BYTES)):
                return False
            self._ahead = data.lstrip(b"\0")
        self._inflater = zlib.decompressobj(_WITH_GZIP_HEADER)
        self._member_bytes = 0
        return True
