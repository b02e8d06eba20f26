"""Reads the entries of a tar archive from a stranger: in memory that does not grow with it."""

import gzip
import re
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

from gateway.allowance import Allowance, broken, refused
from gateway.parts import FILE_PART, PartBegins, PartEnds, PartEvent
from gateway.refusals import Refusal

CHUNK_BYTES = 1 << 20
MOST_HEADER_BYTES = 64 * 1024
"""What the headers of one entry may have, long names and pax records included, in bytes."""

_TYPE = slice(156, 157)
"""Where a header says what it is of."""
_LONG_NAME_TYPES = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_PAX_TYPES = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
_PAX_RECORD = re.compile(rb"([0-9]{1,5}) [^=\n]{1,255}=")
_MANY_DIGITS = re.compile(rb"[0-9]{100}")


def tar_entries(path: Path, allowance: Allowance, *, compressed: bool) -> Iterator[PartEvent]:
    """The files in a tar archive, piece by piece. Blocks.

    Args:
        path: the archive.
        allowance: what it may unpack to.
        compressed: whether it is a tar.gz.

    Raises:
        RefusedUploadError: it cannot be read to its end, an entry is unsafe, or it is too much.
        tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, and what else the
            library raises for broken archives.
    """
    raw: IO[bytes] = gzip.GzipFile(path) if compressed else path.open("rb")  # type: ignore[assignment]
    with closing(raw):
        file = _Archive(raw, allowance)
        # Also for tar.gz: the mode for streams would collect what it reads.
        with tarfile.open(fileobj=file, mode="r:", errors="replace") as archive:  # type: ignore[call-overload]
            while entry := archive.next():
                yield from _entry(file, entry, allowance)
                # Else the library keeps all that it has seen.
                archive.members.clear()
                archive.pax_headers.clear()
                file.headers_begin()
        file.require_end()


def _entry(file: "_Archive", entry: tarfile.TarInfo, allowance: Allowance) -> Iterator[PartEvent]:
    file.entry = entry.name
    allowance.entry(entry.name, entry.size)
    if entry.isdir():
        return
    if entry.issym() or entry.islnk():
        raise refused(Refusal.UNSAFE_ARCHIVE, entry.name, "is a link")
    if not entry.isreg():
        raise refused(Refusal.UNSAFE_ARCHIVE, entry.name, "is a device")
    if entry.issparse():
        raise refused(Refusal.UNSUPPORTED_ARCHIVE, entry.name, "is a sparse file")
    if entry.size < 0 or file.tell() != entry.offset_data:
        raise refused(Refusal.BROKEN_ARCHIVE, entry.name, "has an impossible header")
    yield PartBegins(FILE_PART, entry.name)
    yield from file.content(entry.size)
    yield PartEnds()


class _Archive:
    """The bytes of an archive, read forward only; nobody makes the library read long headers."""

    def __init__(self, raw: IO[bytes], allowance: Allowance) -> None:
        self._raw = raw
        self._allowance = allowance
        self._position = 0
        self._last = b""
        self._belongs_to = b""
        """The type of the header whose content is read next; nothing where a header is."""
        self.entry = ""
        self.headers_begin()

    def headers_begin(self) -> None:
        """What is read from now on are the headers of the next entry."""
        self._left_bytes = MOST_HEADER_BYTES

    def content(self, size_bytes: int) -> Iterator[bytes]:
        """The next bytes.

        Raises:
            RefusedUploadError: there are not so many.
        """
        while size_bytes:
            chunk = self._read(min(size_bytes, CHUNK_BYTES))
            if not chunk:
                raise refused(Refusal.BROKEN_ARCHIVE, self.entry, "is truncated")
            size_bytes -= len(chunk)
            yield chunk

    def require_end(self) -> None:
        """Read up to the end.

        Raises:
            RefusedUploadError: the library has stopped for another reason than an end, or there is
                more behind it.
        """
        if self._last != bytes(tarfile.BLOCKSIZE):
            raise refused(Refusal.BROKEN_ARCHIVE, self.entry, "is followed by no whole header")
        while chunk := self._read(CHUNK_BYTES):
            if chunk.strip(b"\0"):
                raise broken("goes on after its end")

    # What the library needs of a file:

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        if position < self._position:
            raise refused(Refusal.BROKEN_ARCHIVE, self.entry, "points back in the archive")
        for _ in self.content(position - self._position):
            pass

    def read(self, size: int) -> bytes:
        self._left_bytes -= size
        if size < 0 or self._left_bytes < 0:
            raise broken(f"has headers of more than {MOST_HEADER_BYTES} bytes")
        belongs_to, self._belongs_to = self._belongs_to, b""
        data = self._last = self._read(size)
        if belongs_to in _PAX_TYPES:
            _check_records(data)
        elif not belongs_to and data[_TYPE] in _PAX_TYPES | _LONG_NAME_TYPES:
            self._belongs_to = data[_TYPE]
        return data

    def _read(self, size: int) -> bytes:
        data = self._raw.read(size)
        self._position += len(data)
        self._allowance.spend(self.entry, len(data))
        return data


def _check_records(data: bytes) -> None:
    """Refuse pax records that are none: the library would take for ever, or all memory, for them.

    Its expressions try each suffix of a row of digits, and records that overlap are kept whole
    (POSIX.1-2017 pax, extended header).
    """
    position = 0
    while position < len(data) and data[position]:
        record = _PAX_RECORD.match(data, position)
        end = position + int(record[1]) if record else 0
        if not record or end < record.end() or data[end - 1 : end] != b"\n":
            raise broken("has damaged pax records")
        position = end
    if _MANY_DIGITS.search(data):
        raise broken("has pax records with a hundred digits in a row")
