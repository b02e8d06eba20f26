"""Data sets as dictionaries of keywords and values, their encoding, and changes at a path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from struct import pack
from typing import Any

from engine.standard.facts import tag_of, vr_of
from engine.tags import tag_text
from unit.engine import dicom_writer as dicom

DataSet = dict[str, Any]
"""Values by keyword, or by the eight digits of a tag. A value is a text, a number, bytes, a tuple
of texts or numbers, or a list of data sets: the items of a sequence."""

_NUMBERS = {
    "US": "H",
    "SS": "h",
    "UL": "I",
    "SL": "i",
    "UV": "Q",
    "SV": "q",
    "FL": "f",
    "FD": "d",
    "OF": "f",
    "OD": "d",
    "OL": "I",
    "OV": "Q",
}
_STEP = re.compile(r"(\w+)(?:\[([0-9]+)\])?")


@dataclass(frozen=True)
class Of:
    """A value with the VR that it is written in, where the dictionary's is not to be used."""

    vr: str
    value: Any


@dataclass(frozen=True)
class Raw:
    """Bytes that are written in place of an element: header, value, or anything."""

    encoded: bytes


@dataclass(frozen=True)
class Fragments:
    """Encapsulated pixel data."""

    contents: tuple[bytes, ...]
    offset_table: tuple[int, ...] = ()


@dataclass(frozen=True)
class File:
    """A file to be written.

    Attributes:
        dataset: its data set.
        syntax: UID of its transfer syntax.
        undefined: whether sequences and items have undefined lengths.
        meta: file meta elements that differ from what follows from the data set; None for none.
    """

    dataset: DataSet
    syntax: str = dicom.EXPLICIT
    undefined: bool = False
    meta: Mapping[str, bytes | None] = field(default_factory=dict)

    def put(self, path: str, value: Any) -> "File":
        """The same file with another value at a path like `SegmentSequence[0]>SegmentNumber`."""
        changed = _copied(self.dataset)
        place, keyword = _place(changed, path)
        place[keyword] = value
        return replace(self, dataset=changed)

    def without(self, *paths: str) -> "File":
        """The same file without the elements at some paths."""
        changed = _copied(self.dataset)
        for path in paths:
            place, keyword = _place(changed, path)
            del place[keyword]
        return replace(self, dataset=changed)

    def get(self, path: str) -> Any:
        """The value at a path."""
        place, keyword = _place(self.dataset, path)
        return place[keyword]

    def encode(self) -> bytes:
        """The bytes of the whole file."""
        changes: dict[str, bytes | None] = {
            "sop_class": dicom.uid(self.dataset["SOPClassUID"]),
            "sop_instance": dicom.uid(self.dataset["SOPInstanceUID"]),
            "transfer_syntax": dicom.uid(self.syntax),
            **self.meta,
        }
        group_2 = dicom.with_length(dicom.encode(dicom.meta(**changes)))
        return dicom.part10(self.encode_dataset(), self.syntax, group_2=group_2)

    def encode_dataset(self) -> bytes:
        """The bytes of the data set, not yet deflated."""
        return _encode(self.dataset, self.syntax, undefined=self.undefined)


def tag(keyword: str) -> int:
    """The tag of a keyword, or of eight digits."""
    known = tag_of(keyword)
    return int(keyword, 16) if known is None else known


def report_path(path: str) -> str:
    """A path of keywords as reports write it, with tags."""
    steps = _STEP.findall(path)
    return ">".join(
        tag_text(tag(keyword)) + (f"[{index}]" if index else "") for keyword, index in steps
    )


def _copied(dataset: DataSet) -> DataSet:
    # Unlike `deepcopy` this parts items that two sequences share.
    return {
        keyword: list(map(_copied, value)) if isinstance(value, list) else value
        for keyword, value in dataset.items()
    }


def _place(dataset: DataSet, path: str) -> tuple[DataSet, str]:
    *steps, last = path.split(">")
    for step in steps:
        match = _STEP.fullmatch(step)
        assert match, f"not a step of a path: {step}"
        dataset = dataset[match[1]][int(match[2])]
    return dataset, last


def _encode(dataset: DataSet, syntax: str, *, undefined: bool) -> bytes:
    return b"".join(
        _element(tag(keyword), value, syntax, undefined=undefined)
        for keyword, value in sorted(dataset.items(), key=lambda entry: tag(entry[0]))
    )


def _element(number: int, value: Any, syntax: str, *, undefined: bool) -> bytes:
    if isinstance(value, Raw):
        return value.encoded
    if isinstance(value, Of):
        vr, value = value.vr, value.value
    else:
        vr = _vr(number)
    if isinstance(value, list):
        return _sequence(number, vr, value, syntax, undefined=undefined)
    if isinstance(value, Fragments):
        contents = [content + b"\0" * (len(content) % 2) for content in value.contents]
        encoded = dicom.fragments(*contents, offset_table=value.offset_table)
        return dicom.element(number, "OB", encoded, syntax, length=dicom.UNDEFINED)
    return dicom.element(number, vr, _value(vr, value, syntax), syntax)


def _sequence(number: int, vr: str, items: list[DataSet], syntax: str, *, undefined: bool) -> bytes:
    order = ">" if syntax == dicom.BIG_ENDIAN else "<"
    length = dicom.UNDEFINED if undefined else None
    content = b"".join(
        dicom.item(_encode(item, syntax, undefined=undefined), length=length, order=order)
        for item in items
    )
    if undefined:
        content += dicom.delimiter(0xE0DD, order=order)
    return dicom.element(number, vr, content, syntax, length=length)


def _vr(number: int) -> str:
    # Of "US or SS" the first, of "OB or OW" the second: the right ones unless a builder says so.
    known = vr_of(number)
    assert known, f"{number:08X} is not in the dictionary: say its VR"
    vrs = known.split(" or ")
    return "OW" if "OW" in vrs else vrs[0]


def _value(vr: str, value: Any, syntax: str) -> bytes:
    order = ">" if syntax == dicom.BIG_ENDIAN else "<"
    if isinstance(value, bytes):
        return _swapped(value) if vr == "OW" and order == ">" else value
    values = value if isinstance(value, tuple) else (value,)
    if vr == "AT":
        tags = [tag(keyword) for keyword in values]
        return b"".join(pack(f"{order}HH", each >> 16, each & 0xFFFF) for each in tags)
    if vr in _NUMBERS:
        return pack(f"{order}{len(values)}{_NUMBERS[vr]}", *values)
    text = "\\".join(str(each) for each in values).encode("latin-1")
    return text + (b"\0" if vr == "UI" else b" ") * (len(text) % 2)


def _swapped(value: bytes) -> bytes:
    swapped = bytearray(value)
    swapped[::2], swapped[1::2] = value[1::2], value[::2]
    return bytes(swapped)
