"""Reads the entries of a zip archive from a stranger: in memory that does not grow with it."""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from gateway.uploads.errors import Refusal
from gateway.uploads.limits import Allowance, broken, refused
from gateway.uploads.parts import FILE_PART, PartBegins, PartEnds, PartEvent

CHUNK_BYTES = 1 << 20
MOST_DIRECTORY_BYTES = 32 * 1024**2
"""The greatest size of an archive's directory, in bytes."""

_ENCRYPTED = 0x2041
"""Flags: encrypted; strong encryption; masked header."""
_UTF8 = 0x800
"""Flag: the name is UTF-8; without it, it should be in code page 437."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DIRECTORY_ENTRY = b"PK\x01\x02"


def zip_entries(path: Path, allowance: Allowance) -> Iterator[PartEvent]:
    """The files in a zip archive (zip64 too), piece by piece, in its directory's order. Blocks.

    Raises:
        RefusedUploadError: it cannot be read to its end, an entry is unsafe, or it is too much.
        zipfile.BadZipFile, zlib.error, EOFError, ValueError, and what else the library raises for
            broken archives.
    """
    with _Archive(path, allowance) as file, zipfile.ZipFile(file) as archive:
        file.directory_is_read()
        entries = archive.infolist()
        if sum(entry.compress_size for entry in entries) > path.stat().st_size:
            raise broken("has entries that overlap")
        for entry in entries:
            name = _name(entry)
            allowance.entry(name, entry.file_size)
            if not _is_directory(entry, name):
                _check(entry, name)
                yield PartBegins(FILE_PART, name)
                yield from _content(archive, entry, name, allowance)
                yield PartEnds()


def _content(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, allowance: Allowance
) -> Iterator[bytes]:
    size_bytes = 0
    with archive.open(entry) as file:
        while chunk := file.read(CHUNK_BYTES):
            allowance.spend(name, len(chunk))
            size_bytes += len(chunk)
            yield chunk
    if size_bytes != entry.file_size:
        raise refused(Refusal.BROKEN_ARCHIVE, name, "has another size than the archive says")


def _name(entry: zipfile.ZipInfo) -> str:
    """The name, also of archives with names in UTF-8 that do not say so, as macOS writes them."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode()
    except UnicodeError:
        return entry.filename


def _is_directory(entry: zipfile.ZipInfo, name: str) -> bool:
    """Whether it is a folder; what has bytes is a file, whatever it calls itself."""
    is_called_so = name.endswith(("/", "\\")) or stat.S_ISDIR(entry.external_attr >> 16)
    return is_called_so and not entry.file_size


def _check(entry: zipfile.ZipInfo, name: str) -> None:
    """Refuse what is no plain file."""
    if entry.flag_bits & _ENCRYPTED:
        raise refused(Refusal.UNSAFE_ARCHIVE, name, "is encrypted")
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise refused(Refusal.UNSAFE_ARCHIVE, name, "is a link")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise refused(Refusal.UNSAFE_ARCHIVE, name, "is a device")
    if entry.compress_type not in _METHODS:
        trouble = f"is compressed by method {entry.compress_type}, only 0 and 8 are known"
        raise refused(Refusal.UNSUPPORTED_ARCHIVE, name, trouble)


class _Archive(io.FileIO):
    """The file of an archive; nobody makes the library read a directory beyond the limits."""

    def __init__(self, path: Path, allowance: Allowance) -> None:
        super().__init__(path)
        self._allowance = allowance
        self._most_bytes = MOST_DIRECTORY_BYTES
        self._counts = True

    def directory_is_read(self) -> None:
        """What is read from now on are the entries."""
        self._most_bytes = 2 * CHUNK_BYTES
        self._counts = False

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if offset < 0 and whence == os.SEEK_SET:
            raise broken("(zip) points before its beginning")
        return super().seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = self._most_bytes + 1
        if size > self._most_bytes + 1:
            raise broken(f"has a directory of more than {self._most_bytes} bytes")
        data = super().read(size) or b""
        if len(data) > self._most_bytes:
            raise broken(f"has a directory of more than {self._most_bytes} bytes")
        # The library makes an object of each entry, of which a directory has room for many.
        if self._counts and data.count(_DIRECTORY_ENTRY) > self._allowance.limits.max_entries:
            raise self._allowance.too_many_entries()
        return data
