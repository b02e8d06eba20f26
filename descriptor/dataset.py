"""Reads a data set into the DICOM JSON Model (PS3.18 F), its bulk data left in the file.

pydicom reads nested and encapsulated values whole and recurses once for each level; what a stranger
sent may hold gigabytes there, or a thousand levels. This reader keeps one short value in memory at
a time, skips the rest, and stops at its limits with what it has.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Protocol

from pydicom.datadict import dictionary_VR

from descriptor.dicom_json import ASCII, Attribute, Encodings, attribute, encodings_of

MAX_DEPTH = 64
"""Sequences within each other; orjson writes no more than 254 levels, and each takes three."""
MAX_ELEMENTS = 500_000
"""Elements and items of an instance, nested ones included."""
MAX_VALUE_BYTES = 16 * 1024
"""Longer values stay in the file."""
MAX_TOTAL_BYTES = 32 * 1024 * 1024
"""When the values of an instance come to more, the further ones stay in the file."""

LONG_LENGTH = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
)
"""VRs whose explicit header has a length of 32 bits after two reserved bytes (PS3.5 7.1.2)."""

_SHORT_LENGTH = frozenset(
    {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT", "PN", "SH", "SL"}
    | {"SS", "ST", "TM", "UI", "UL", "US"}
)
_KNOWN_VRS = (LONG_LENGTH | _SHORT_LENGTH) - {"UN"}
_FRAGMENTED = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = 0xFFFEE000
_ITEM_DELIMITER = 0xFFFEE00D
_SEQUENCE_DELIMITER = 0xFFFEE0DD
_SPECIFIC_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
_PIXELS_AND_WAVEFORMS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010, 0x54001010})


class Source(Protocol):
    """Bytes that are read once from front to back."""

    position: int
    """How many bytes lie behind."""

    def read(self, count: int) -> bytes:
        """The next bytes; fewer at the end."""

    def skip(self, count: int) -> bool:
        """Pass over bytes without keeping them; False when there are not as many."""


class UnreadableError(Exception):
    """Reading cannot go on; the code is that of `DataSet.incomplete`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class DataSet:
    """A data set in the DICOM JSON Model."""

    attributes: dict[str, Attribute]
    incomplete: str | None
    """Why it ends early: ``structure`` (broken or truncated), ``depth`` or ``elements`` (limits).
    None when it is all there."""


class _Encoding(NamedTuple):
    """How a data set is written (PS3.5 7.1, 7.3)."""

    explicit: bool
    little_endian: bool

    def number(self, field: bytes) -> int:
        """An unsigned number."""
        return int.from_bytes(field, "little" if self.little_endian else "big")

    def tag(self, header: bytes) -> int:
        """Group and element number in one, 32 bits."""
        return self.number(header[:2]) << 16 | self.number(header[2:4])


_IMPLICIT_LITTLE = _Encoding(explicit=False, little_endian=True)


@dataclass(slots=True)
class _Item:
    """A data set that is being read: that of the file, or an item of a sequence."""

    attributes: dict[str, Attribute]
    end: float
    path: str
    encoding: _Encoding
    encodings: Encodings = ASCII
    signed: bool = False


@dataclass(slots=True)
class _Sequence:
    """A sequence that is being read; its attribute gets a ``Value`` with its first item."""

    attribute: Attribute
    end: float
    path: str
    encoding: _Encoding
    parent: _Item


def read_data_set(source: Source, file: str, *, little_endian: bool) -> DataSet:
    """Read a data set to the end of its source, or as far as possible.

    Whether the elements carry their VR is seen from the first one, as pydicom does: some writers
    name the wrong transfer syntax.

    Args:
        source: stands before the first element.
        file: the file's name in the archive, for references to what is left in it, such as
            ``original.dcm#7FE00010`` or, nested, ``original.dcm#54000100/0/54001010`` with item
            numbers from 0.
        little_endian: the byte order.
    """
    attributes: dict[str, Attribute] = {}
    try:
        _Reader(source, file).read(attributes, little_endian=little_endian)
    except UnreadableError as error:
        return DataSet(attributes, error.code)
    return DataSet(attributes, None)


@dataclass(slots=True)
class _Reader:
    source: Source
    file: str
    levels: list[_Item | _Sequence] = field(default_factory=list)
    elements_left: int = MAX_ELEMENTS
    bytes_left: int = MAX_TOTAL_BYTES

    def read(self, attributes: dict[str, Attribute], *, little_endian: bool) -> None:
        header = self.source.read(8)
        encoding = _Encoding(explicit=_carries_vr(header), little_endian=little_endian)
        self.levels = [_Item(attributes, math.inf, "", encoding)]
        while header or len(self.levels) > 1:
            if len(header) < 8:
                raise UnreadableError("structure")
            level = self.levels[-1]
            if isinstance(level, _Sequence):
                self._read_item(level, header)
            else:
                self._read_element(level, header)
            while self.source.position >= self.levels[-1].end:
                self.levels.pop()
            header = self.source.read(8)

    def _read_item(self, sequence: _Sequence, header: bytes) -> None:
        tag = sequence.encoding.tag(header)
        if tag == _SEQUENCE_DELIMITER:
            self.levels.pop()
            return
        if tag != _ITEM:
            raise UnreadableError("structure")
        self._count()
        items = sequence.attribute.setdefault("Value", [])
        item = _Item(
            attributes={},
            end=self._end(sequence.encoding.number(header[4:])),
            path=f"{sequence.path}/{len(items)}/",
            encoding=sequence.encoding,
            encodings=sequence.parent.encodings,
            signed=sequence.parent.signed,
        )
        items.append(item.attributes)
        self.levels.append(item)

    def _read_element(self, item: _Item, header: bytes) -> None:
        tag = item.encoding.tag(header)
        if tag == _ITEM_DELIMITER and len(self.levels) > 1:
            self.levels.pop()
            return
        if tag >> 16 == _ITEM >> 16:
            raise UnreadableError("structure")
        self._count()
        vr, length = self._vr_and_length(item, tag, header)
        # What is UN is written in implicit VR little endian, whatever the rest is (PS3.5 6.2.2).
        encoding = _IMPLICIT_LITTLE if header[4:6] == b"UN" else item.encoding
        key = f"{tag:08X}"
        if vr == "SQ":
            item.attributes[key] = {"vr": vr}
            self._open_sequence(item, key, self._end(length), encoding)
        elif length == _UNDEFINED_LENGTH:
            self._skip_fragments(encoding)
            item.attributes[key] = self._reference(vr, item.path + key)
        elif tag & 0xFFFF == 0:  # group lengths have no place in the model (PS3.18 F.2.2)
            self._skip(length)
        else:
            raw = self._read_value(tag, length)
            value = None
            if raw is not None:
                _heed(item, tag, raw)
                value = attribute(vr, raw, item.encodings, little_endian=encoding.little_endian)
            item.attributes[key] = value or self._reference(vr, item.path + key)

    def _count(self) -> None:
        if self.elements_left == 0:
            raise UnreadableError("elements")
        self.elements_left -= 1

    def _vr_and_length(self, item: _Item, tag: int, header: bytes) -> tuple[str, int]:
        number = item.encoding.number
        if not item.encoding.explicit:
            vr, length = "", number(header[4:])
        else:
            vr = header[4:6].decode("latin-1")
            length = number(self._take(4) if vr in LONG_LENGTH else header[6:])
        if vr not in _KNOWN_VRS:
            vr = _dictionary_vr(tag, signed=item.signed)
        if length == _UNDEFINED_LENGTH and vr not in _FRAGMENTED:
            vr = "SQ"
        return vr, length

    def _open_sequence(self, item: _Item, key: str, end: float, encoding: _Encoding) -> None:
        if len(self.levels) > 2 * MAX_DEPTH:
            raise UnreadableError("depth")
        path = item.path + key
        self.levels.append(_Sequence(item.attributes[key], end, path, encoding, item))

    def _skip_fragments(self, encoding: _Encoding) -> None:
        """Pass over encapsulated pixel data (PS3.5 A.4)."""
        while True:
            header = self._take(8)
            tag, length = encoding.tag(header), encoding.number(header[4:])
            if tag == _SEQUENCE_DELIMITER:
                return
            if tag != _ITEM:
                raise UnreadableError("structure")
            self._skip(length)

    def _read_value(self, tag: int, length: int) -> bytes | None:
        """A value; None when it stays in the file."""
        if (_is_bulk(tag) and length) or length > min(MAX_VALUE_BYTES, self.bytes_left):
            self._skip(length)
            return None
        self._end(length)
        self.bytes_left -= length
        return self._take(length)

    def _take(self, count: int) -> bytes:
        taken = self.source.read(count)
        if len(taken) < count:
            raise UnreadableError("structure")
        return taken

    def _skip(self, length: int) -> None:
        self._end(length)
        if not self.source.skip(length):
            raise UnreadableError("structure")

    def _end(self, length: int) -> float:
        """Where a value ends that starts here: within what encloses it, or the file is broken."""
        limit = self.levels[-1].end
        if length == _UNDEFINED_LENGTH:
            return limit
        end = self.source.position + length
        if end > limit:
            raise UnreadableError("structure")
        return end

    def _reference(self, vr: str, path: str) -> Attribute:
        return {"vr": vr, "BulkDataURI": f"{self.file}#{path}"}


def _carries_vr(header: bytes) -> bool:
    """Whether an element's header has a VR: implicit, its length would be 16 KiB and more."""
    return all(ord("A") <= letter <= ord("Z") for letter in header[4:6])


def _heed(item: _Item, tag: int, raw: bytes) -> None:
    """Note what an element says about the ones after it."""
    if tag == _SPECIFIC_CHARACTER_SET:
        item.encodings = encodings_of(raw)
    elif tag == _PIXEL_REPRESENTATION:
        item.signed = any(raw)


def _is_bulk(tag: int) -> bool:
    """Pixel data in its three forms, waveform data, and overlay data (60xx,3000)."""
    return tag in _PIXELS_AND_WAVEFORMS or tag & 0xFF00FFFF == 0x60003000


@lru_cache(maxsize=8192)
def _dictionary_vr(tag: int, *, signed: bool) -> str:
    """The VR of an element that does not carry it (PS3.5 A.1); UN when unknown."""
    group, element = tag >> 16, tag & 0xFFFF
    if group % 2:
        return "LO" if 0x10 <= element <= 0xFF else "UN"  # private creators (PS3.5 7.8.1)
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return "UN"
    if vr == "US or SS":
        return "SS" if signed else "US"
    return "OW" if vr.endswith("OW") else vr
