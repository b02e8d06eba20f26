"""Writes a data set in the DICOM JSON Model (PS3.18 F), without its bulk data.

The data set is the table of elements that the engine has read, so that this description and the
validator's findings rest on the same reading of the file. The JSON is written element by element;
memory holds one short value at a time besides the table and the JSON.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from descriptor.dicom_json import attribute_json, first_value
from engine.encoding import vr as vrs
from engine.encoding.character_sets import DEFAULT, CharacterSet, declaration, declarations
from engine.encoding.elements import TOP, UNDEFINED_LENGTH, Element, Elements
from engine.standard.facts import vr_of
from engine.tags import (
    DOUBLE_FLOAT_PIXEL_DATA,
    FLOAT_PIXEL_DATA,
    PIXEL_DATA,
    PIXEL_REPRESENTATION,
    SPECIFIC_CHARACTER_SET,
    WAVEFORM_DATA,
)

MAX_VALUE_BYTES = 16 * 1024
"""Longer values stay in the file."""
MAX_TOTAL_BYTES = 32 * 1024 * 1024
"""When the values of an instance come to more, the further ones stay in the file."""

MAX_JSON_BYTES = 32 * 1024 * 1024
"""When the JSON of an instance comes to more, the sequence that does not fit is left out. Elements
without a value cost 20 bytes each, and a deflated file may have millions."""

_KEY_LENGTH = len(b'"00100010"')
_SHORT = 64
"""Values up to this length in bytes are converted without further checks."""
_PLAIN = vrs.TEXT | {vrs.CODES[letters] for letters in b"AT FD FL SL SS SV UL UV".split()}
"""VRs that are what they seem: unlike UN, US (which may be SS), bulk data and sequences."""
_PIXELS_AND_WAVEFORMS = frozenset(
    {PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA, WAVEFORM_DATA}
)


class _Scope(NamedTuple):
    """What the data set or item around an element says about it."""

    path: str
    """The path of its elements, such as ``54000100/0/``."""
    characters: CharacterSet
    signed: bool
    """Whether pixels are signed: numbers of an ambiguous VR are then signed too."""
    explicit: bool
    """Whether its elements say their VR themselves."""
    little_endian: bool


class Described(NamedTuple):
    """A data set in the DICOM JSON Model."""

    json: bytes
    is_complete: bool
    """False if a sequence was left out because the JSON would be too long."""


class _TooLongError(Exception):
    """The JSON has become longer than it may be."""


def described(table: Elements, file: str) -> Described:
    """A data set in the DICOM JSON Model.

    A value that JSON cannot hold, or not well, is a reference to the file such as
    ``original.dcm#7FE00010`` or, nested, ``original.dcm#54000100/0/54001010`` with the numbers of
    items from 0.

    Args:
        table: the elements.
        file: the name of the file, for references.
    """
    writer = _Writer(table, file)
    writer.write_level(TOP, _outermost(table))
    return Described(bytes(writer.json), writer.is_complete)


def json_of(table: Elements, file: str) -> bytes:
    """The JSON of a data set; see `described`."""
    return described(table, file).json


def first_values(table: Elements, tags: Iterable[int]) -> dict[int, Any]:
    """The first values of attributes at the top of a data set, as they are in the JSON.

    Args:
        table: the elements.
        tags: of the attributes; those without a value are left out of the result.
    """
    scope = _outermost(table)
    if declared := table.get(SPECIFIC_CHARACTER_SET):
        scope = scope._replace(characters=declaration(declared.value(256)).characters)
    if representation := table.get(PIXEL_REPRESENTATION):
        scope = scope._replace(signed=any(representation.value(2)))
    values = {}
    for tag in tags:
        element = table.get(tag)
        if element and _is_readable(element.length, tag, MAX_VALUE_BYTES):
            vr, little_endian = _vr(element.vr, element.length, tag, scope)
            raw = element.value(element.length)
            value = first_value(vr, raw, scope.characters, little_endian)
            if value is not None:
                values[tag] = value
    return values


class _Writer:
    """Writes the rows of a table one after the other; what is nested in a row follows it."""

    def __init__(self, table: Elements, file: str) -> None:
        self.json = bytearray()
        self.is_complete = True
        self._table = table
        self._file = file
        self._bytes_left = MAX_TOTAL_BYTES
        self._declared = {
            item: declared.characters for item, (_, declared) in declarations(table).items()
        }
        """The character sets, by the rows of the items that declare them."""

    def write_level(self, item: int, scope: _Scope) -> int:
        """Write the data set or an item.

        The recursion is as deep as sequences are nested, which the reader of the file limits.

        Returns:
            The row after its last one.
        """
        json, tags, parents = self.json, self._table.tags, self._table.parents
        json += b"{"
        if item in self._declared:
            scope = scope._replace(characters=self._declared[item])
        starts, last, in_order = array("Q"), -1, True
        row = item + 1
        while row < len(parents) and parents[row] == item:
            tag = tags[row]
            if not tag & 0xFFFF:  # group lengths are not part of the model (PS3.18 F.2.2)
                row += 1
                continue
            if tag == PIXEL_REPRESENTATION:
                scope = scope._replace(signed=any(Element(self._table, row).value(2)))
            in_order = in_order and tag > last
            last = tag
            starts.append(len(json))
            json += b'"%08X":' % tag
            try:
                row = self._write_attribute(row, tag, scope)
            except _TooLongError:
                if item != TOP:
                    raise
                self.is_complete = False
                del json[starts.pop() :]
                row = self._next_at_top(row)
                continue
            json += b","
        if not in_order and starts:
            self._sort(starts)
        self._close(b"}")
        return row

    def _write_attribute(self, row: int, tag: int, scope: _Scope) -> int:
        """Write an element; return the row after it and what is nested in it."""
        table = self._table
        code, length = table.vrs[row], table.lengths[row]
        vr, little_endian = vrs.NAMES[code], scope.little_endian
        if code not in _PLAIN or length > _SHORT:
            vr, little_endian = _vr(code, length, tag, scope)
            if vr == "SQ" or (code == vrs.UN and table.has_children(row)):
                return self._write_sequence(row, tag, scope)
        text = None
        if _is_readable(length, tag, min(MAX_VALUE_BYTES, self._bytes_left)):
            self._bytes_left -= length
            offset = table.offsets[row]
            raw = bytes(table.data[offset : offset + length])
            text = attribute_json(vr, raw, scope.characters, little_endian)
        self.json += text or self._reference(vr, tag, scope)
        return row + 1 if length != UNDEFINED_LENGTH else self._after_fragments(row)

    def _write_sequence(self, row: int, tag: int, scope: _Scope) -> int:
        table, sequence = self._table, row
        if not table.has_children(sequence):
            self.json += b'{"vr":"SQ"}'
            return row + 1
        if table.vrs[sequence] == vrs.UN:  # in implicit VR little endian (PS3.5 6.2.2)
            scope = scope._replace(explicit=False, little_endian=True)
        self.json += b'{"Value":['
        row, index = row + 1, 0
        while row < len(table.parents) and table.parents[row] == sequence:
            if len(self.json) > MAX_JSON_BYTES:
                raise _TooLongError
            row = self.write_level(row, scope._replace(path=f"{scope.path}{tag:08X}/{index}/"))
            self.json += b","
            index += 1
        self._close(b'],"vr":"SQ"}')
        return row

    def _next_at_top(self, row: int) -> int:
        """The row of the next element that is nested in none."""
        parents = self._table.parents
        row += 1
        while row < len(parents) and parents[row] != TOP:
            row += 1
        return row

    def _after_fragments(self, pixel_data: int) -> int:
        """The row after those of the fragments of pixel data."""
        row, parents = pixel_data + 1, self._table.parents
        while row < len(parents) and parents[row] == pixel_data:
            row += 1
        return row

    def _sort(self, starts: Sequence[int]) -> None:
        """Bring the last members of the JSON into the order of their tags.

        Of several with one tag the last remains.

        Args:
            starts: where each member begins.
        """
        ends = [*starts[1:], len(self.json)]
        members = [self.json[start:end] for start, end in zip(starts, ends, strict=True)]
        by_key = {bytes(member[:_KEY_LENGTH]): member for member in members}
        self.json[starts[0] :] = b"".join(by_key[key] for key in sorted(by_key))

    def _close(self, bracket: bytes) -> None:
        """End an object or list; the comma after its last member goes."""
        if self.json.endswith(b","):
            self.json.pop()
        self.json += bracket

    def _reference(self, vr: str, tag: int, scope: _Scope) -> bytes:
        uri = f"{self._file}#{scope.path}{tag:08X}"
        return orjson.dumps({"BulkDataURI": uri, "vr": vr})


def _outermost(table: Elements) -> _Scope:
    little_endian = table.byte_order == "little"
    return _Scope("", DEFAULT, signed=False, explicit=table.explicit, little_endian=little_endian)


def _vr(code: int, length: int, tag: int, scope: _Scope) -> tuple[str, bool]:
    """The VR that an element is described with, and whether its value is little endian.

    Args:
        code: of its VR in the table.
        length: of its value.
        tag: its tag.
        scope: of the elements around it.
    """
    explicit, little_endian = scope.explicit, scope.little_endian
    if code == vrs.UN:
        if length == UNDEFINED_LENGTH:
            return "SQ", True
        # Written in implicit VR little endian; what should be a sequence and has no items stays
        # bytes.
        code, explicit, little_endian = vrs.BY_TAG[tag], False, True
        code = vrs.UN if code == vrs.SQ and length else code
    is_ambiguous = code == vrs.US and not explicit and scope.signed
    if is_ambiguous and vr_of(tag) == "US or SS":
        return "SS", little_endian
    return vrs.NAMES[code], little_endian


def _is_readable(length: int, tag: int, limit: int) -> bool:
    """Whether the value is to be in the JSON and not only in the file."""
    return length <= limit and not (_is_bulk(tag) and length)


def _is_bulk(tag: int) -> bool:
    """Pixel data in its three forms, waveform data, and overlay data (60xx,3000)."""
    return tag in _PIXELS_AND_WAVEFORMS or tag & 0xFF00FFFF == 0x60003000
