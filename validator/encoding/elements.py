"""The elements of a data set: a table with one row for each element, item and fragment."""

import re
from array import array
from collections.abc import Iterator
from functools import cached_property
from mmap import mmap
from typing import Literal, NamedTuple

from pydicom.datadict import keyword_for_tag

from validator import vr as vrs

Buffer = bytes | bytearray | memoryview | mmap
"""The bytes of a file. Only small parts are sliced: a slice of most of these is a copy."""

UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_DELIMITER = 0xFFFEE00D
SEQUENCE_DELIMITER = 0xFFFEE0DD
TOP = -1
"""The parent of the elements that no item encloses."""

_PADDING = b" \0"
_INTEGER = re.compile(rb" *[+-]?[0-9]{1,12} *")


class Element(NamedTuple):
    """One row of the table: an element, a sequence item or a fragment of pixel data."""

    elements: "Elements"
    row: int

    @property
    def vr(self) -> int:
        """The code of the value representation, see `validator.vr`."""
        return self.elements.vrs[self.row]

    @property
    def length(self) -> int:
        """The length of the value in bytes, as the header says it."""
        return self.elements.lengths[self.row]

    @property
    def offset(self) -> int:
        """Where the value starts in the table's buffer, in bytes."""
        return self.elements.offsets[self.row]

    @property
    def trail(self) -> tuple[int, ...]:
        """The tags from the top down to this element; an item has that of its sequence."""
        tags = self.elements.tags
        return tuple(tags[row] for row in self._ancestry() if tags[row] != ITEM)

    @property
    def keyword(self) -> str | None:
        """The keyword in the data dictionary; None for private and unknown elements."""
        return keyword_for_tag(self.trail[-1]) or None

    @property
    def path(self) -> str:
        """Like `(0040,A730)[0]>(0040,A043)`: tags, and indices of items from 0."""
        path = ""
        for row in self._ancestry():
            tag, parent = self.elements.tags[row], self.elements.parents[row]
            if tag == ITEM:
                path += f"[{self.elements.parents[parent:row].count(parent)}]"
            else:
                path += f"{'>' if path else ''}{tag_text(tag)}"
        return path

    def _ancestry(self) -> list[int]:
        rows, row = [], self.row
        while row != TOP:
            rows.append(row)
            row = self.elements.parents[row]
        return rows[::-1]

    def value(self, limit: int) -> bytes:
        """The first bytes of the value, at most `limit`."""
        return bytes(self.elements.data[self.offset : self.offset + min(self.length, limit)])

    def text(self, limit: int = 128) -> str:
        """The value without its padding; bytes beyond ASCII become replacement characters."""
        return self.value(limit).rstrip(_PADDING).decode("ascii", "replace")

    def integer(self) -> int | None:
        """The first value of a binary or decimal number; None if there is none."""
        if self.vr in vrs.TEXT:
            text = self.value(64).rstrip(_PADDING).partition(b"\\")[0]
            return int(text) if _INTEGER.fullmatch(text) else None
        size = 4 if self.vr == vrs.UL else 2
        value = self.value(size)
        return int.from_bytes(value, self.elements.byte_order) if len(value) == size else None

    @property
    def is_empty(self) -> bool:
        """Whether there is no value: no bytes, no items, or a text of nothing but padding."""
        if self.vr == vrs.SQ:
            return next(self.children(), None) is None
        if self.vr in vrs.TEXT and self.length <= 1024:
            return not self.value(1024).strip(_PADDING)
        return self.length == 0

    def children(self) -> Iterator["Element"]:
        """The items of a sequence, the elements of an item, the fragments of pixel data."""
        parents = self.elements.parents
        for row in range(self.row + 1, len(parents)):
            if parents[row] < self.row:
                return
            if parents[row] == self.row:
                yield Element(self.elements, row)


class Elements:
    """A data set as a table in the order of the file.

    Columns instead of an object for each element: 21 bytes a row, so that a file of millions of
    elements can't fill the memory.

    Attributes:
        data: the buffer that the offsets are about.
        in_file: whether that buffer is the file itself, not what was inflated from it.
        byte_order: of binary values.
        tags: group and element number in one, 32 bits.
        vrs: codes of value representations, see `validator.vr`.
        lengths: value lengths in bytes as the headers say them.
        offsets: where the values start, in bytes.
        parents: the row of the item that encloses an element, of the sequence or pixel data that
            an item belongs to; `TOP` where there is none.
        end: where reading stopped, in bytes.
        complete: whether the data set was read to its end.
    """

    def __init__(
        self, data: Buffer, byte_order: Literal["little", "big"], *, in_file: bool = True
    ) -> None:
        self.data = data
        self.in_file = in_file
        self.byte_order: Literal["little", "big"] = byte_order
        self.tags = array("I")
        self.vrs = bytearray()
        self.lengths = array("I")
        self.offsets = array("Q")
        self.parents = array("i")
        self.end = 0
        self.complete = True

    def add(self, tag: int, vr: int, length: int, offset: int, parent: int) -> int:
        """Append a row and return its number."""
        self.tags.append(tag)
        self.vrs.append(vr)
        self.lengths.append(length)
        self.offsets.append(offset)
        self.parents.append(parent)
        return len(self.tags) - 1

    def drop_last(self) -> None:
        """Take the last row back."""
        for column in (self.tags, self.vrs, self.lengths, self.offsets, self.parents):
            column.pop()

    def get(self, tag: int) -> Element | None:
        """The element with that tag at the top of the data set."""
        row = self._top.get(tag)
        return None if row is None else Element(self, row)

    def text(self, tag: int) -> str:
        """The text of the element with that tag at the top; empty if there is none."""
        element = self.get(tag)
        return "" if element is None else element.text()

    def values_of(self, vr: int, limit: int) -> Iterator[tuple[int, bytes]]:
        """The row and the first bytes of each value of a VR, nested ones included."""
        row = self.vrs.find(vr)
        while row >= 0:
            start = self.offsets[row]
            yield row, bytes(self.data[start : start + min(self.lengths[row], limit)])
            row = self.vrs.find(vr, row + 1)

    def may_have(self, tag: int) -> bool:
        """Whether the tag may stand at the top beyond the place where reading broke off."""
        return not self.complete and tag > max(self._top, default=0)

    @cached_property
    def _top(self) -> dict[int, int]:
        # Built on the first question, after the walk: cheaper than a test for each element in it.
        rows = enumerate(zip(self.tags, self.parents, strict=True))
        return {tag: row for row, (tag, parent) in rows if parent == TOP}


def tag_text(tag: int) -> str:
    """A tag as people write it: `(0028,0010)`."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
