"""Recognises archive files by their first bytes, whatever they are called."""

import tarfile
import zlib
from enum import StrEnum

HEAD_BYTES = 2048
"""How many bytes from the start of a file decide what it is."""

_TAR_BLOCK = 512
_GZIP = 16 + zlib.MAX_WBITS
_ZIP_MEMBER, _ZIP_EMPTY = b"PK\x03\x04", b"PK\x05\x06"
_ZIP_NAME = 30
"""Where the name of a zip file's first entry begins."""
_DOCUMENT_NAMES = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"mimetypeapplication/")
"""How office documents begin, which are zip files too."""


class ArchiveFormat(StrEnum):
    """The formats of archive files that are read."""

    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"


def archive_format(head: bytes) -> ArchiveFormat | None:
    """The format of an archive file; None if the file is not one.

    A file with `DICM` in its place is a DICOM file, whatever its preamble says (PS3.10 7.1). Office
    documents are not archive files, nor is a file that is only compressed.

    Args:
        head: its first `HEAD_BYTES` bytes, or all if there are fewer.
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
    """Whether a file begins with the header of an entry, which has a checksum."""
    try:
        tarfile.TarInfo.frombuf(head[:_TAR_BLOCK], "utf-8", "replace")
    except (tarfile.HeaderError, ValueError):
        return False
    return True
