"""Members of a zip archive, read where they are: nothing is unpacked to names that a client gave.

An archive is as hostile as its members. Its directory is read with a bound on its size; a member is
inflated in memory by the process that examines it, up to the size that the directory states.
"""

import io
import struct
import zipfile
import zlib
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

from engine.encoding.elements import Buffer
from engine.encoding.inflation import inflate

MOST_MEMBERS = 100_000
MOST_DIRECTORY_BYTES = 16 * 1024**2
"""The greatest size of an archive's directory, in bytes."""
MOST_MEMBER_BYTES = 512 * 1024**2
"""The greatest size of one member once inflated, in bytes."""
MOST_INFLATION = 200
"""How many times its own size an archive may inflate to, all members together."""
FREE_INFLATION_BYTES = 1024**3
"""What an archive may inflate to in any case, in bytes: blank images compress well."""

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x2041
"""Flags: encrypted; strong encryption; masked header."""
_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
"""What an archive begins with: its first member, or the end of an empty directory."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_DICOM_PREFIX = b"DICM"


class Damaged(Exception):
    """An archive or a member that cannot be read; the text says why, in our words."""


class Member(NamedTuple):
    """A file in an archive, as the archive's directory describes it."""

    name: str
    """Shown and never used as a path."""
    offset: int
    """Where its header is, in bytes from the start of the archive."""
    compressed_bytes: int
    size_bytes: int
    method: int
    crc: int
    trouble: str | None
    """Why it cannot be read, if its description says so."""


def is_archive(path: str) -> bool:
    """Whether a file is a zip archive and not a DICOM file whose preamble looks like one."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(132)
    except OSError:
        return False
    return start.startswith(_SIGNATURES) and not start.endswith(_DICOM_PREFIX)


class _BoundedFile(io.FileIO):
    """A file from which nobody reads more at once than a directory may be long."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = MOST_DIRECTORY_BYTES + 1 if size is None or size < 0 else size
        if wanted <= MOST_DIRECTORY_BYTES + 1:
            data = super().read(wanted) or b""
            if len(data) <= MOST_DIRECTORY_BYTES:
                return data
        raise Damaged(f"a zip archive with a directory of more than {MOST_DIRECTORY_BYTES} bytes")


def members(path: str) -> list[Member]:
    """The files in an archive, sorted by name.

    Raises:
        Damaged: its directory cannot be read, or describes what is beyond the limits.
    """
    try:
        with _BoundedFile(path) as file, zipfile.ZipFile(file) as archive:
            archive_bytes = Path(path).stat().st_size
            # Not `is_dir`, which raises for an empty name.
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    except OSError as error:
        raise Damaged(error.strerror or "cannot be read") from None
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        ValueError,  # a name that is not in the encoding it claims
        struct.error,
        OverflowError,
    ):
        raise Damaged("a zip archive with a damaged directory") from None
    if len(entries) > MOST_MEMBERS:
        raise Damaged(f"a zip archive with more than {MOST_MEMBERS} members")
    if sum(entry.compress_size for entry in entries) > archive_bytes:
        raise Damaged("a zip archive whose members overlap")
    inflated_bytes = sum(entry.file_size for entry in entries)
    if inflated_bytes > max(FREE_INFLATION_BYTES, MOST_INFLATION * archive_bytes):
        raise Damaged(f"a zip archive that inflates more than {MOST_INFLATION} times")
    return sorted(map(_member, entries), key=lambda member: member.name)


def _member(entry: zipfile.ZipInfo) -> Member:
    trouble = None
    if entry.flag_bits & _ENCRYPTED:
        trouble = "an encrypted member of a zip archive"
    elif entry.compress_type not in {_STORED, _DEFLATED}:
        trouble = f"zip compression method {entry.compress_type}"
    elif entry.file_size > MOST_MEMBER_BYTES:
        trouble = f"a member of more than {MOST_MEMBER_BYTES} bytes"
    return Member(
        entry.filename,
        entry.header_offset,
        entry.compress_size,
        entry.file_size,
        entry.compress_type,
        entry.CRC,
        trouble,
    )


def content(path: str, member: Member) -> Buffer:
    """The bytes of a member; mapped where it is stored as it is.

    Raises:
        Damaged: they are not what the directory says.
        OSError: the archive cannot be read.
    """
    with Path(path).open("rb") as file:
        archive = mmap(file.fileno(), 0, access=ACCESS_READ)
    header = archive[member.offset : member.offset + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_SIGNATURES[0]):
        raise Damaged("a zip archive whose directory points to no member")
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    start = member.offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
    stored = memoryview(archive)[start : start + member.compressed_bytes]
    data = stored if member.method == _STORED else _inflated(stored, member.size_bytes)
    if len(data) != member.size_bytes or zlib.crc32(data) != member.crc:
        raise Damaged("a damaged member of a zip archive")
    return data


def _inflated(stored: memoryview, size_bytes: int) -> bytearray:
    inflated = inflate(stored, 0, size_bytes)
    if not inflated.is_whole:
        raise Damaged("a damaged member of a zip archive")
    return inflated.data
