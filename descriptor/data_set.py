"""Writes a data set in the DICOM JSON Model (PS3.18 F), without its bulk data.

The data set is the table of elements that the engine has read, so that this description and the
validator's findings rest on the same reading of the file. The JSON is written element by element;
memory holds one short value at a time besides the table and the JSON.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from descriptor.dicom_json import ASCII, Encodings, attribute, attribute_json, encodings_of
from engine.encoding import vr as vrs
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

_PIXELS_AND_WAVEFORMS = frozenset(
    {PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA, WAVEFORM_DATA}
)


class _Scope(NamedTuple):
    """What the data set or item around an element says about it."""

    path: str
    """The path of its elements, such as ``54000100/0/``."""
    encodings: Encodings
    signed: bool
    """Whether pixels are signed: numbers of an ambiguous VR are then signed too."""
    explicit: bool
    """Whether its elements say their VR themselves."""
    little_endian: bool


def json_of(table: Elements, file: str) -> bytes:
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
    return bytes(writer.json)


def first_values(table: Elements, tags: Iterable[int]) -> dict[int, Any]:
    """The first values of attributes at the top of a data set, as they are in the JSON.

    Args:
        table: the elements.
        tags: of the attributes; those without a value are left out of the result.
    """
    level = table.level(TOP)
    scope = _scope_in(table, level, _outermost(table))
    values = {}
    for tag in tags:
        element = table.get(tag)
        if element and _is_readable(element, tag, MAX_VALUE_BYTES):
            vr, little_endian = _vr(element, tag, scope)
            raw = element.value(element.length)
            described = attribute(vr, raw, scope.encodings, little_endian=little_endian) or {}
            for value in described.get("Value", [])[:1]:
                values[tag] = value
    return values


class _Writer:
    def __init__(self, table: Elements, file: str) -> None:
        self.json = bytearray()
        self._table = table
        self._file = file
        self._bytes_left = MAX_TOTAL_BYTES

    def write_level(self, item: int, outer: _Scope) -> None:
        """Write the data set or an item.

        The recursion is as deep as sequences are nested, which the reader of the file limits.
        """
        level = self._table.level(item)
        scope = _scope_in(self._table, level, outer)
        self.json += b"{"
        for tag, row in sorted(level.items()):
            if tag & 0xFFFF:  # group lengths are not part of the model (PS3.18 F.2.2)
                self.json += b'"%08X":' % tag
                self._write_attribute(Element(self._table, row), tag, scope)
                self.json += b","
        self._close(b"}")

    def _write_attribute(self, element: Element, tag: int, scope: _Scope) -> None:
        vr, little_endian = _vr(element, tag, scope)
        if vr == "SQ":
            self._write_sequence(element, tag, scope)
        elif not _is_readable(element, tag, min(MAX_VALUE_BYTES, self._bytes_left)):
            self.json += self._reference(vr, tag, scope)
        else:
            raw = element.value(element.length)
            self._bytes_left -= len(raw)
            text = attribute_json(vr, raw, scope.encodings, little_endian=little_endian)
            self.json += text or self._reference(vr, tag, scope)

    def _write_sequence(self, sequence: Element, tag: int, scope: _Scope) -> None:
        if not self._table.has_children(sequence.row):
            self.json += b'{"vr":"SQ"}'
            return
        if sequence.vr == vrs.UN:  # written in implicit VR little endian (PS3.5 6.2.2)
            scope = scope._replace(explicit=False, little_endian=True)
        self.json += b'{"Value":['
        for index, item in enumerate(self._table.children(sequence.row)):
            self.write_level(item, scope._replace(path=f"{scope.path}{tag:08X}/{index}/"))
            self.json += b","
        self._close(b'],"vr":"SQ"}')

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
    return _Scope("", ASCII, False, table.explicit, little_endian)


def _scope_in(table: Elements, level: Mapping[int, int], outer: _Scope) -> _Scope:
    """The scope of the elements of an item, which inherits what it does not say itself."""
    if (row := level.get(SPECIFIC_CHARACTER_SET)) is not None:
        outer = outer._replace(encodings=encodings_of(Element(table, row).value(MAX_VALUE_BYTES)))
    if (row := level.get(PIXEL_REPRESENTATION)) is not None:
        outer = outer._replace(signed=any(Element(table, row).value(2)))
    return outer


def _vr(element: Element, tag: int, scope: _Scope) -> tuple[str, bool]:
    """The VR that an element is described with, and whether its value is little endian."""
    code, explicit, little_endian = element.vr, scope.explicit, scope.little_endian
    if code == vrs.UN:
        if element.length == UNDEFINED_LENGTH:
            return "SQ", True
        # Written in implicit VR little endian; a sequence inside stays bytes.
        code, explicit, little_endian = vrs.BY_TAG[tag], False, True
        code = vrs.UN if code == vrs.SQ else code
    is_ambiguous = code == vrs.US and not explicit and scope.signed
    if is_ambiguous and vr_of(tag) == "US or SS":
        return "SS", little_endian
    return vrs.NAMES[code], little_endian


def _is_readable(element: Element, tag: int, limit: int) -> bool:
    """Whether the value is to be in the JSON and not only in the file."""
    length = element.length
    return length <= limit and not (_is_bulk(tag) and length)


def _is_bulk(tag: int) -> bool:
    """Pixel data in its three forms, waveform data, and overlay data (60xx,3000)."""
    return tag in _PIXELS_AND_WAVEFORMS or tag & 0xFF00FFFF == 0x60003000
