"""The DICOM file format (PS3.10 7): preamble, file meta information, and where the data set is."""

import io
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from descriptor.dataset import LONG_LENGTH, DataSet, Source, UnreadableError, read_data_set
from descriptor.dicom_json import first_value

_TRANSFER_SYNTAX_UID = "00020010"
_PREAMBLE_BYTES = 128
_PREFIX = b"DICM"
_MAX_FILE_META_ELEMENTS = 100
_EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFLATED = frozenset(
    {"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"}
)
_CHUNK = 64 * 1024


class StoredBytes:
    """A part of a file, as it stands there."""

    def __init__(self, stream: BinaryIO, start: int, end: int) -> None:
        self.position = start
        self._stream = stream
        self._end = end
        stream.seek(start)

    def read(self, count: int) -> bytes:
        """The next bytes; fewer at the end."""
        data = self._stream.read(min(count, self._end - self.position))
        self.position += len(data)
        return data

    def skip(self, count: int) -> bool:
        """Pass over bytes; False when there are not as many."""
        if self.position + count > self._end:
            return False
        self.position += count
        self._stream.seek(self.position)
        return True


class InflatedBytes:
    """What comes out of a deflated data set (PS3.5 A.5), a chunk of it in memory at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self.position = 0
        self._stream = stream
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._chunk = memoryview(b"")

    def read(self, count: int) -> bytes:
        """The next bytes; fewer at the end."""
        parts = []
        while count and (part := self._next(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def skip(self, count: int) -> bool:
        """Pass over bytes; False when there are not as many."""
        while count and (part := self._next(count)):
            count -= len(part)
        return not count

    def _next(self, count: int) -> memoryview:
        """At most so many of the next bytes; none at the end."""
        while not self._chunk and not self._inflater.eof:
            deflated = self._inflater.unconsumed_tail or self._stream.read(_CHUNK)
            try:
                self._chunk = memoryview(self._inflater.decompress(deflated, _CHUNK))
            except zlib.error:
                raise UnreadableError("structure") from None
            if not deflated and not self._chunk:
                break
        part, self._chunk = self._chunk[:count], self._chunk[count:]
        self.position += len(part)
        return part


@dataclass(frozen=True)
class DicomFile:
    """What was read of a file."""

    file_meta: DataSet
    dataset: DataSet
    transfer_syntax_uid: str
    """Empty if the file does not tell."""


def read_file(stream: BinaryIO, file: str) -> DicomFile:
    """Read a file without its bulk data; memory does not grow with its length.

    Args:
        stream: the file, at its start.
        file: its name in the archive, see `read_data_set`.
    """
    length = stream.seek(0, io.SEEK_END)
    stream.seek(_PREAMBLE_BYTES)
    start = _PREAMBLE_BYTES + len(_PREFIX) if stream.read(len(_PREFIX)) == _PREFIX else 0
    end_of_meta = min(_end_of_file_meta(stream, start), length)
    file_meta = read_data_set(StoredBytes(stream, start, end_of_meta), file, little_endian=True)

    transfer_syntax_uid = str(first_value(file_meta.attributes, _TRANSFER_SYNTAX_UID) or "")
    source: Source = StoredBytes(stream, end_of_meta, length)
    if transfer_syntax_uid in _DEFLATED:
        source = InflatedBytes(stream)
    little_endian = transfer_syntax_uid != _EXPLICIT_BIG_ENDIAN
    dataset = read_data_set(source, file, little_endian=little_endian)
    return DicomFile(file_meta, dataset, transfer_syntax_uid)


def _end_of_file_meta(stream: BinaryIO, position: int) -> int:
    """Where the last element of group 0002 ends: its group length (0002,0000) may be wrong."""
    for _ in range(_MAX_FILE_META_ELEMENTS):
        stream.seek(position)
        header = stream.read(12)
        if header[:2] != b"\2\0":
            break
        if header[4:6].decode("latin-1") in LONG_LENGTH:
            position += 12 + int.from_bytes(header[8:12], "little")
        else:
            position += 8 + int.from_bytes(header[6:8], "little")
    return position
