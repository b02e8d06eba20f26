"""Recognises the archives that are unpacked, by their first bytes, whatever they are called."""

import tarfile
import zlib
from enum import StrEnum

_TAR_BLOCK = 512
_GZIP = 16 + zlib.MAX_WBITS
_ZIP_MEMBER, _ZIP_EMPTY = b"PK\x03\x04", b"PK\x05\x06"
_ZIP_NAME = 30
"""Where the name of a zip archive's first member begins."""
_DOCUMENT_NAMES = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"mimetypeapplication/")
"""What office documents begin with, which are zip archives too."""


class ArchiveFormat(StrEnum):
    """The kinds of archive that are unpacked."""

    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"


def archive_format(head: bytes) -> ArchiveFormat | None:
    """What kind of archive a file is.

    A file with `DICM` in its place is none, whatever its preamble says (PS3.10 7.1); neither is an
    office document, nor a file that is only compressed.

    Args:
        head: its first 2048 bytes, or all if there are fewer.
    """
    if head[128:132] == b"DICM":
        return None
    if head.startswith(_ZIP_EMPTY) or (
        head.startswith(_ZIP_MEMBER) and not head.startswith(_DOCUMENT_NAMES, _ZIP_NAME)
    ):
        return ArchiveFormat.ZIP
    if _is_tar(head):
        return ArchiveFormat.TAR
    if head.startswith(b"\x1f\x8b") and _is_tar(_inflated(head)):
        return ArchiveFormat.TAR_GZ
    return None


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(_GZIP).decompress(head, _TAR_BLOCK)
    except zlib.error:
        return b""


def _is_tar(head: bytes) -> bool:
    """Whether a file begins with the header of a member, which has a checksum."""
    try:
        tarfile.TarInfo.frombuf(head[:_TAR_BLOCK], "utf-8", "replace")
    except (tarfile.HeaderError, ValueError):
        return False
    return True
