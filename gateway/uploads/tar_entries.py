"""Reads the entries of a tar archive from a stranger: in memory and time that it cannot inflate.

Of the standard library's tarfile only the reading of one header block is used: it takes headers of
any length, keeps all it has seen, and its patterns for pax records take minutes for 100 KB of
digits, in which nothing else runs (CVE-2024-6232). Formats: pax, ustar, GNU, V7.
"""

import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from gateway.uploads.errors import Refusal
from gateway.uploads.gunzip import Gunzip
from gateway.uploads.limits import Allowance, broken, refused
from gateway.uploads.parts import FILE_PART, PartBegins, PartEnds, PartEvent

CHUNK_BYTES = 1 << 20
MOST_HEADER_BYTES = 64 * 1024
"""What the headers of one entry may have, long names and pax records included, in bytes."""
MOST_PADDING_BYTES = 4 << 20
"""The zeros that may follow the end; tapes have blocks of up to 1 MiB."""

_LINKS = {tarfile.LNKTYPE, tarfile.SYMTYPE}
_DEVICES = {tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE}
_FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_PAX = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}
_EXTENSIONS = _PAX | {
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,  # of links, which are refused
    tarfile.XGLTYPE,  # of all files: comments
    b"V",  # the name of a volume
}
"""Headers that say something about the entry after them, or about none."""
_SPARSE = b"GNU.sparse."


def tar_entries(path: Path, allowance: Allowance, *, compressed: bool) -> Iterator[PartEvent]:
    """The files in a tar archive, piece by piece. Blocks.

    Args:
        path: the archive.
        allowance: what it may unpack to.
        compressed: whether it is a tar.gz.

    Raises:
        RefusedUploadError: it cannot be read to its end, an entry is unsafe, or it is too much.
    """
    with closing(path.open("rb")) as file:
        yield from _Archive(Gunzip(file) if compressed else file, allowance).events()


class _Archive:
    """An archive that is read from front to back."""

    def __init__(self, file: BinaryIO | Gunzip, allowance: Allowance) -> None:
        self._file = file
        self._allowance = allowance
        self._entry = ""

    def events(self) -> Iterator[PartEvent]:
        long_name, attributes = "", dict[bytes, bytes]()
        header_bytes = 0
        while (block := self._exactly(tarfile.BLOCKSIZE)).strip(b"\0"):
            header = _header(block)
            header_bytes += len(block)
            if header.type in _EXTENSIONS:
                header_bytes += header.size
                if header_bytes > MOST_HEADER_BYTES:
                    raise broken(f"has headers of more than {MOST_HEADER_BYTES} bytes")
                extension = self._exactly(header.size + -header.size % tarfile.BLOCKSIZE)
                if header.type in _PAX:
                    attributes = _pax(extension[: header.size])
                elif header.type == tarfile.GNUTYPE_LONGNAME:
                    long_name = _text(extension.split(b"\0")[0])
            else:
                if b"path" in attributes:
                    long_name = _text(attributes[b"path"])
                if b"size" in attributes:
                    header.size = _number(attributes[b"size"])
                is_sparse = any(key.startswith(_SPARSE) for key in attributes)
                yield from self._events(header, long_name or header.name, is_sparse=is_sparse)
                long_name, attributes, header_bytes = "", {}, 0
        self._require_end()

    def _events(
        self, header: tarfile.TarInfo, name: str, *, is_sparse: bool
    ) -> Iterator[PartEvent]:
        """An entry."""
        self._entry = name
        self._allowance.entry(name, header.size)
        if header.type in _LINKS:
            raise refused(Refusal.UNSAFE_ARCHIVE, name, "is a link")
        if is_sparse or header.type == tarfile.GNUTYPE_SPARSE:
            raise refused(Refusal.UNSUPPORTED_ARCHIVE, name, "is a sparse file")
        if header.type in _FILES:
            yield PartBegins(FILE_PART, name)
            yield from self._content(header.size)
            yield PartEnds()
        elif header.type == tarfile.DIRTYPE:
            for _ in self._content(header.size):
                pass
        elif header.type in _DEVICES:
            raise refused(Refusal.UNSAFE_ARCHIVE, name, "is a device")
        else:
            raise refused(Refusal.UNSUPPORTED_ARCHIVE, name, "is of a kind that is not known")
        self._exactly(-header.size % tarfile.BLOCKSIZE)

    def _content(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self._exactly(min(size, CHUNK_BYTES))
            size -= len(piece)
            yield piece

    def _require_end(self) -> None:
        """Read up to the end, where gzip has its checksum: there is nothing but zeros."""
        padding_bytes = 0
        while data := self._read(CHUNK_BYTES):
            padding_bytes += len(data)
            if data.strip(b"\0") or padding_bytes > MOST_PADDING_BYTES:
                raise broken("goes on after its end")

    def _exactly(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) < size:
            if not self._entry:
                raise broken("is truncated")
            raise refused(Refusal.BROKEN_ARCHIVE, self._entry, "is where the archive breaks off")
        return data

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._allowance.spend(self._entry, len(data))
        return data


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        raise broken("has a damaged header") from None
    if header.size < 0:
        raise broken("has a damaged header")
    return header


def _pax(records: bytes) -> dict[bytes, bytes]:
    """What matters in an extended header: "LENGTH KEY=VALUE", each on a line of its own."""
    attributes = {}
    place = 0
    while place < len(records) and records[place]:
        space = records.find(b" ", place, place + 10)
        end = place + _number(records[place:space]) if space > place else 0
        key, equals, value = records[space + 1 : end - 1].partition(b"=")
        if not (space < end <= len(records) and equals and records[end - 1] == ord("\n")):
            raise broken("has a damaged header")
        if key in {b"path", b"size"} or key.startswith(_SPARSE):
            attributes[key] = value
        place = end
    return attributes


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 19:
        raise broken("has a damaged header")
    return int(digits)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
