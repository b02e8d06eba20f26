"""Reads zip files from untrusted senders, in memory that does not grow with them.

Of the standard library's zipfile only the reading of the directory is used, with a bound on its
size: it would validate nothing of what follows, and reads the whole directory for each opening.
Zip64, stored and deflated entries (APPNOTE.TXT 6.3).
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise, tee
from pathlib import Path
from typing import BinaryIO, NamedTuple

from archives.entries import CHUNK_BYTES, FIRST_CHUNK_BYTES, Entry, Extent, refusal
from archives.errors import ArchiveError, Fault, broken
from archives.inflation import crc32, inflated
from archives.limits import Budget
from archives.names import skip_reason
from archives.read_ahead import Content, ReadAhead, Wanted, is_small

MOST_DIRECTORY_BYTES = 32 * 1024**2
"""The greatest size of a zip file's directory, in bytes."""

_ENCRYPTED = 0x2041
"""Flags: encrypted; strong encryption; masked header."""
_UTF8 = 0x800
"""Flag: the name is UTF-8; without it, it should be in code page 437."""
_EXTRA = struct.Struct("<HH")
_UNICODE_PATH, _UNICODE_HEAD = 0x7075, struct.Struct("<BI")
"""The field of an entry that has its name in UTF-8: version, checksum of the other name."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DIRECTORY_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_INPUT_BYTES = 1 << 18
_RAW_DEFLATE = -zlib.MAX_WBITS
_DAMAGED = (
    zipfile.BadZipFile,
    struct.error,
    NotImplementedError,
    OverflowError,
    ValueError,  # a name that is not in the encoding it claims, a position that is none
)
"""What zipfile raises for directories that are damaged, or made with bad intentions."""


def zip_entries(path: Path, budget: Budget, *, threads: int = 0) -> Iterator[Entry]:
    """The files in a zip file, in the order of its directory; folders are left out. Blocks.

    Args:
        path: the zip file.
        budget: what it may extract to.
        threads: how many read small entries ahead; none if not given.

    Raises:
        ArchiveError: its directory cannot be read, or it exceeds a limit.
        OSError: the disk cannot be read.
    """
    listed = _listed(_directory(path, budget), budget)
    with path.open("rb") as file:
        if threads:
            listed, coming = tee(listed)
            wanted = (Wanted(entry.extent, entry.name) for entry in coming if entry.is_read_ahead)
            with ReadAhead(wanted, partial(_read, path), threads) as ahead:
                yield from _entries(file, listed, budget, ahead)
        else:
            yield from _entries(file, listed, budget, None)


class _Listed(NamedTuple):
    """An entry of the directory; folders are left out later, since they count as entries."""

    name: str
    extent: Extent
    is_folder: bool
    refused: ArchiveError | None

    @property
    def is_read_ahead(self) -> bool:
        """Whether it is going to be read, and small."""
        is_read = not (self.is_folder or self.refused or skip_reason(self.name))
        return is_read and is_small(self.extent)


def _listed(infos: Iterable[zipfile.ZipInfo], budget: Budget) -> Iterator[_Listed]:
    for info in infos:
        name = _name(info)
        is_folder = _is_folder(info, name)
        kind = None if is_folder else _unreadable_kind(info)
        refused = refusal(name, info.file_size, kind, budget)
        yield _Listed(name, _extent(info), is_folder, refused)


def _entries(
    file: BinaryIO, listed: Iterable[_Listed], budget: Budget, ahead: ReadAhead | None
) -> Iterator[Entry]:
    """The entries, each counted when its turn has come, whatever has been read ahead."""
    for entry in listed:
        name, extent, is_folder, refused = entry
        budget.count_entry()
        if refused:
            yield Entry(name, iter(()), refused=refused)
        elif not is_folder:
            budget.spend(extent.size_bytes, name)
            if ahead and entry.is_read_ahead:
                chunks = ahead.next_chunks()
            else:
                chunks = zip_chunks(file, extent, name)
            yield Entry(name, chunks, extent=extent)


def zip_content(file: BinaryIO, extent: Extent, name: str) -> bytes:
    """The bytes of a small entry at once. Blocks.

    Args:
        file: the zip file.
        extent: where they are.
        name: the entry's name, for errors.

    Raises:
        ArchiveError: they are not what the directory says.
    """
    _seek_content(file, extent, name)
    stored = file.read(extent.stored_bytes)
    content = inflated(stored, extent.size_bytes) if extent.is_deflated else stored
    if content is None or len(content) != extent.size_bytes or crc32(content) != extent.crc:
        return b"".join(zip_chunks(file, extent, name))  # raises what is wrong with them
    return content


def zip_chunks(file: BinaryIO, extent: Extent, name: str) -> Iterator[bytes]:
    """The bytes of an entry. Blocks.

    Args:
        file: the zip file.
        extent: where they are.
        name: the entry's name, for errors.

    Raises:
        ArchiveError: they are not what the directory says.
    """
    _seek_content(file, extent, name)
    stored = _stored(file, extent.stored_bytes)
    size_bytes = crc = 0
    for chunk in _inflated(stored, name) if extent.is_deflated else stored:
        size_bytes += len(chunk)
        if size_bytes > extent.size_bytes:
            break
        crc = crc32(chunk, crc)
        yield chunk
    if size_bytes != extent.size_bytes or crc != extent.crc:
        raise broken("has other bytes than the directory says", name)


def _read(path: Path, wanted: Sequence[Wanted]) -> list[Content]:
    """The contents of small entries."""
    contents: list[Content] = []
    with path.open("rb") as file:
        for extent, name in wanted:
            try:
                contents.append(zip_content(file, extent, name))
            except ArchiveError as error:
                contents.append(error)
    return contents


def _seek_content(file: BinaryIO, extent: Extent, name: str) -> None:
    """Go to the bytes of an entry, after its own header."""
    file.seek(extent.offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        raise broken("is not where the directory says", name)
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    if file.read(name_bytes) != extent.local_name:
        raise broken("has two names", name)
    file.seek(extra_bytes, os.SEEK_CUR)


def _directory(path: Path, budget: Budget) -> list[zipfile.ZipInfo]:
    try:
        with _DirectoryFile(path, budget) as file, zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except _DAMAGED:  # their texts may have names
        raise broken("is broken or truncated") from None
    budget.require_entries(len(infos))
    by_offset = sorted((info.header_offset, info.compress_size) for info in infos)
    if by_offset and not 0 <= by_offset[0][0] <= by_offset[-1][0] < path.stat().st_size:
        raise broken("has entries outside of it")
    for (offset, stored_bytes), (next_offset, _) in pairwise(by_offset):
        if offset + _LOCAL_HEADER.size + stored_bytes > next_offset:
            raise broken("has entries that overlap")
    return infos


def _stored(file: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    """Bytes as they are in the file, fewer where it ends."""
    most_bytes = FIRST_CHUNK_BYTES
    while size_bytes and (chunk := file.read(min(size_bytes, most_bytes))):
        size_bytes -= len(chunk)
        yield chunk
        most_bytes = _INPUT_BYTES


def _inflated(stored: Iterator[bytes], name: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    try:
        for data in stored:
            if inflater.eof:
                return
            yield inflater.decompress(data, CHUNK_BYTES)
            # Bytes after the end of the stream stay unconsumed for ever.
            while inflater.unconsumed_tail and not inflater.eof:
                yield inflater.decompress(inflater.unconsumed_tail, CHUNK_BYTES)
    except zlib.error:
        raise broken("is damaged", name) from None
    if not inflater.eof:
        raise broken("is truncated", name)


def _extent(info: zipfile.ZipInfo) -> Extent:
    encoding = "utf-8" if info.flag_bits & _UTF8 else "cp437"
    return Extent(
        offset=info.header_offset,
        stored_bytes=info.compress_size,
        size_bytes=info.file_size,
        is_deflated=info.compress_type == zipfile.ZIP_DEFLATED,
        local_name=info.orig_filename.encode(encoding),
        crc=info.CRC,
    )


def _name(info: zipfile.ZipInfo) -> str:
    """The name, also where it is UTF-8 without a flag that says so, as macOS writes it."""
    if info.flag_bits & _UTF8:
        return info.filename
    if unicode := _unicode_path(info):
        return unicode
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _unicode_path(info: zipfile.ZipInfo) -> str:
    """The name in the field for it, as Info-ZIP writes it (APPNOTE.TXT 4.6.9); empty: none.

    The field counts only if it is of this very name: other programs rename entries.
    """
    extra = info.extra
    while len(extra) >= _EXTRA.size:
        kind, length = _EXTRA.unpack_from(extra)
        field, extra = extra[_EXTRA.size :][:length], extra[_EXTRA.size + length :]
        if kind == _UNICODE_PATH and len(field) > _UNICODE_HEAD.size:
            version, crc = _UNICODE_HEAD.unpack_from(field)
            if version == 1 and crc == crc32(info.orig_filename.encode("cp437")):
                return field[_UNICODE_HEAD.size :].decode("utf-8", "replace")
    return ""


def _is_folder(info: zipfile.ZipInfo, name: str) -> bool:
    """Whether it is a folder; what has bytes is a file, whatever it is called."""
    is_called_folder = name.endswith(("/", "\\")) or stat.S_ISDIR(info.external_attr >> 16)
    return is_called_folder and not info.file_size


def _unreadable_kind(info: zipfile.ZipInfo) -> tuple[Fault, str] | None:
    """Why an entry of this kind is not read; None for plain files."""
    mode = info.external_attr >> 16
    if info.flag_bits & _ENCRYPTED:
        return Fault.UNSAFE, "is encrypted"
    if stat.S_ISLNK(mode):
        return Fault.UNSAFE, "is a link"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return Fault.UNSAFE, "is a device"
    if info.compress_type not in _METHODS:
        trouble = f"is compressed by method {info.compress_type}; only 0 and 8 are known"
        return Fault.UNSUPPORTED, trouble
    return None


class _DirectoryFile(io.FileIO):
    """A zip file of which no more is read at once than a directory may have."""

    def __init__(self, path: Path, budget: Budget) -> None:
        super().__init__(path)
        self._budget = budget

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if offset < 0 and whence == os.SEEK_SET:
            raise broken("points before its beginning")
        return super().seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = MOST_DIRECTORY_BYTES + 1 if size is None or size < 0 else size
        data = super().read(wanted) or b"" if wanted <= MOST_DIRECTORY_BYTES + 1 else b""
        if wanted > MOST_DIRECTORY_BYTES + 1 or len(data) > MOST_DIRECTORY_BYTES:
            trouble = f"has a directory of more than {MOST_DIRECTORY_BYTES} bytes"
            raise ArchiveError(Fault.BROKEN, trouble)
        # zipfile makes an object of each entry, of which a directory has room for many.
        self._budget.require_entries(data.count(_DIRECTORY_ENTRY))
        return data
