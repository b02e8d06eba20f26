"""Reading zip files with entries that are longer than they should be."""

import random
import struct
import zipfile
import zlib
from itertools import islice
from pathlib import Path

import pytest

from archives.entries import CHUNK_BYTES
from archives.limits import ArchiveLimits, Budget
from archives.zip_file import zip_entries
from kit.archives import zipped

LONG = random.Random(7).randbytes(3000) + bytes(3 * CHUNK_BYTES)
"""Its deflated stream begins in one piece of the file and ends in the next."""


def zip_with_bytes_after_the_stream(content: bytes, tail: bytes) -> bytes:
    """A zip file whose only entry is longer than its deflated stream."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    stream = deflate.compress(content) + deflate.flush() + tail
    archive = bytearray(zipped({"a.dcm": stream}, zipfile.ZIP_STORED))
    for signature, method_at, crc_at in ((b"PK\x03\x04", 8, 14), (b"PK\x01\x02", 10, 16)):
        start = archive.index(signature)
        struct.pack_into("<H", archive, start + method_at, zipfile.ZIP_DEFLATED)
        sizes = zlib.crc32(content), len(stream), len(content)
        struct.pack_into("<3I", archive, start + crc_at, *sizes)
    return bytes(archive)


@pytest.mark.parametrize("tail", [b"tail", b"tail" * CHUNK_BYTES], ids=["short tail", "long tail"])
@pytest.mark.parametrize("content", [b"short", LONG], ids=["short", "long"])
def test_bytes_after_the_end_of_a_stream_end_the_reading(
    tmp_path: Path, content: bytes, tail: bytes
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_with_bytes_after_the_stream(content, tail))
    entries = zip_entries(path, Budget(ArchiveLimits()))
    entry = next(entries)
    chunks = list(islice(entry.chunks, 1000))
    assert b"".join(chunks) == content
    assert len(chunks) < 1000
    assert list(entries) == []


@pytest.mark.parametrize(
    ("checksum", "name"), [(zlib.crc32(b"K_pf.dcm"), "Köpfe/Kopf ß.dcm"), (0, "K_pf.dcm")]
)
def test_a_name_in_the_unicode_field_counts_if_it_is_of_this_entry(
    tmp_path: Path, checksum: int, name: str
) -> None:
    unicode = "Köpfe/Kopf ß.dcm".encode()
    info = zipfile.ZipInfo("K_pf.dcm")
    other = struct.pack("<HH", 0x5455, 1) + b"\0"
    info.extra = other + struct.pack("<HHBI", 0x7075, 5 + len(unicode), 1, checksum) + unicode
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, LONG)

    [entry] = zip_entries(path, Budget(ArchiveLimits()))

    assert entry.name == name
