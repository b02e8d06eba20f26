"""Reads tar files from untrusted senders, in memory and time that they cannot inflate.

Of the standard library's tarfile only the reading of one header block is used: it takes headers of
any length, keeps all it has seen, and its patterns for pax records take minutes for 100 KB of
digits, in which nothing else runs (CVE-2024-6232). Formats: pax, ustar, GNU, V7.
"""

import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from archives.entries import CHUNK_BYTES, FIRST_CHUNK_BYTES, Entry, Extent, refusal
from archives.errors import Fault, broken
from archives.gunzip import Gunzip
from archives.limits import Budget

MOST_HEADER_BYTES = 64 * 1024
"""What the headers of one entry may have, long names and pax records included, in bytes."""
MOST_PADDING_BYTES = 4 << 20
"""The zeros that may follow the end; tapes have blocks of up to 1 MiB."""

_FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_REFUSED_KINDS = {
    **dict.fromkeys((tarfile.LNKTYPE, tarfile.SYMTYPE), (Fault.UNSAFE, "is a link")),
    **dict.fromkeys(
        (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE), (Fault.UNSAFE, "is a device")
    ),
    tarfile.GNUTYPE_SPARSE: (Fault.UNSUPPORTED, "is a sparse file"),
}
_PAX = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}
_EXTENSIONS = _PAX | {
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,  # of links, which are refused
    tarfile.XGLTYPE,  # of all files: comments
    b"V",  # the name of a volume
}
"""Headers that describe the entry after them, or no entry."""
_SPARSE = b"GNU.sparse."


def tar_entries(path: Path, budget: Budget, *, is_compressed: bool) -> Iterator[Entry]:
    """The files in a tar file, in its order; folders are left out. Blocks.

    Args:
        path: the tar file.
        budget: what it may extract to.
        is_compressed: whether it is a tar.gz file.

    Raises:
        ArchiveError: it cannot be read to its end, or exceeds a limit.
        OSError: the disk cannot be read.
    """
    with path.open("rb") as file:
        yield from _TarFile(Gunzip(file) if is_compressed else file, budget).entries()


class _TarFile:
    """A tar file that is read from front to back."""

    def __init__(self, file: BinaryIO | Gunzip, budget: Budget) -> None:
        self._file = file
        self._budget = budget
        self._name: str | None = None
        """The entry at which the file is being read."""
        self._unread_bytes = 0
        """What has not been read of that entry."""

    def entries(self) -> Iterator[Entry]:
        while header := self._next_header():
            self._name = header.name
            self._budget.count_entry()
            if refused := refusal(header.name, header.size, _unreadable_kind(header), self._budget):
                raise refused
            self._budget.spend(header.size, header.name)
            self._unread_bytes = header.size
            if header.type in _FILES:
                yield Entry(header.name, self._chunks(), extent=self._extent(header.size))
            self._skip_unread()
            self._exactly(-header.size % tarfile.BLOCKSIZE)
        self._require_end()

    def _next_header(self) -> tarfile.TarInfo | None:
        """The header of the next entry, with what the headers before it say; None at the end."""
        long_name, attributes = "", dict[bytes, bytes]()
        header_bytes = 0
        while (block := self._exactly(tarfile.BLOCKSIZE)).strip(b"\0"):
            header = _header(block)
            if header.type not in _EXTENSIONS:
                return _described(header, long_name, attributes)
            header_bytes += len(block) + header.size
            if header_bytes > MOST_HEADER_BYTES:
                raise broken(f"has headers of more than {MOST_HEADER_BYTES} bytes")
            extension = self._exactly(header.size + -header.size % tarfile.BLOCKSIZE)
            if header.type in _PAX:
                attributes = _pax(extension[: header.size])
            elif header.type == tarfile.GNUTYPE_LONGNAME:
                long_name = _text(extension.split(b"\0")[0])
        return None

    def _extent(self, size_bytes: int) -> Extent | None:
        """Where the bytes that come next are, if the file is not compressed."""
        if isinstance(self._file, Gunzip):
            return None
        return Extent(self._file.tell(), size_bytes, size_bytes)

    def _chunks(self) -> Iterator[bytes]:
        most_bytes = FIRST_CHUNK_BYTES
        while self._unread_bytes:
            chunk = self._read(min(self._unread_bytes, most_bytes))
            self._unread_bytes -= len(chunk)
            yield chunk
            most_bytes = CHUNK_BYTES

    def _skip_unread(self) -> None:
        if isinstance(self._file, Gunzip):
            for _ in self._chunks():
                pass
        else:  # if that is beyond the file's end, the next read says so
            self._file.seek(self._unread_bytes, os.SEEK_CUR)

    def _require_end(self) -> None:
        """Read up to the end, where gzip has its checksum: there is nothing but zeros."""
        padding_bytes = 0
        while data := self._file.read(CHUNK_BYTES):
            padding_bytes += len(data)
            if data.strip(b"\0") or padding_bytes > MOST_PADDING_BYTES:
                raise broken("goes on after its end")

    def _exactly(self, size: int) -> bytes:
        """Bytes of headers and padding."""
        self._budget.spend(size, self._name)
        return self._read(size)

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            if self._name is None:
                raise broken("is truncated")
            raise broken("is where the archive file breaks off", self._name)
        return data


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        raise broken("has a damaged header") from None
    if header.size < 0:
        raise broken("has a damaged header")
    return header


def _described(
    header: tarfile.TarInfo, long_name: str, attributes: Mapping[bytes, bytes]
) -> tarfile.TarInfo:
    """The header of an entry with what extensions say of it."""
    header.name = _text(attributes[b"path"]) if b"path" in attributes else long_name or header.name
    if b"size" in attributes:
        header.size = _number(attributes[b"size"])
    if any(key.startswith(_SPARSE) for key in attributes):
        header.type = tarfile.GNUTYPE_SPARSE
    return header


def _unreadable_kind(header: tarfile.TarInfo) -> tuple[Fault, str] | None:
    """Why an entry of this kind is not read; None for files and folders."""
    if header.type in _FILES or header.type == tarfile.DIRTYPE:
        return None
    return _REFUSED_KINDS.get(header.type, (Fault.UNSUPPORTED, "is of an unknown kind"))


def _pax(records: bytes) -> dict[bytes, bytes]:
    """What matters in an extended header: "LENGTH KEY=VALUE", each on a line of its own."""
    attributes = {}
    position = 0
    while position < len(records) and records[position]:
        space = records.find(b" ", position, position + 10)
        end = position + _number(records[position:space]) if space > position else 0
        key, equals, value = records[space + 1 : end - 1].partition(b"=")
        if not (space < end <= len(records) and equals and records[end - 1] == ord("\n")):
            raise broken("has a damaged header")
        if key in {b"path", b"size"} or key.startswith(_SPARSE):
            attributes[key] = value
        position = end
    return attributes


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 19:
        raise broken("has a damaged header")
    return int(digits)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
