"""The elements of a data set: a table with one row for each element, item and fragment."""

import re
from array import array
from collections.abc import Iterator
from functools import cached_property
from mmap import mmap
from struct import pack
from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.encoding.values import ByteOrder, Value, values_of
from engine.standard.facts import keyword_of
from engine.tags import ITEM, tag_text

Buffer = bytes | bytearray | memoryview | mmap
"""The bytes of a file. Only small parts are sliced: a slice of most of these is a copy."""

UNDEFINED_LENGTH = 0xFFFFFFFF
TOP = -1
"""The parent of the elements that no item encloses."""

_PADDING = b" \0"
_VALUES_LIMIT = 256
"""How many bytes of a value are looked at where its single values are asked for."""
_LEFT_OUT_LIMIT = 10_000
"""How many elements that are left out are remembered: in a broken file that may be most."""
_INTEGER = re.compile(rb" *[+-]?[0-9]{1,12} *")


class Element(NamedTuple):
    """One row of the table: an element, a sequence item or a fragment of pixel data."""

    elements: "Elements"
    row: int

    @property
    def vr(self) -> int:
        """The code of the value representation, see `engine.encoding.vr`."""
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
        return self.elements.trail(self.row)

    @property
    def keyword(self) -> str | None:
        """The keyword in the data dictionary; None for private and unknown elements."""
        return keyword_of(self.trail[-1])

    @property
    def path(self) -> str:
        """Like `(0040,A730)[0]>(0040,A043)`: tags, and indices of items from 0."""
        path = ""
        for row in self.elements.ancestry(self.row):
            tag = self.elements.tags[row]
            if tag == ITEM:
                path += f"[{self.elements.index_of(row)}]"
            else:
                path += f"{'>' if path else ''}{tag_text(tag)}"
        return path

    def value(self, limit: int) -> bytes:
        """The first bytes of the value, at most `limit`."""
        # Rules ask for some hundred values of each file: hence no properties.
        elements, row = self
        start, length = elements.offsets[row], elements.lengths[row]
        return bytes(elements.data[start : start + (min(limit, length))])

    def text(self, limit: int = 128) -> str:
        """The value without its padding; bytes beyond ASCII become replacement characters."""
        return self.value(limit).strip(_PADDING).decode("ascii", "replace")

    def integer(self) -> int | None:
        """The first value of a binary or decimal number; None if there is none."""
        vr = self.typed_vr
        if vr in vrs.TEXT:
            text = self.value(64).rstrip(_PADDING).partition(b"\\")[0]
            return int(text) if _INTEGER.fullmatch(text) else None
        size = 4 if vr == vrs.UL else 2
        value = self.value(size)
        return int.from_bytes(value, self.elements.byte_order) if len(value) == size else None

    def values(self) -> tuple[Value, ...]:
        """The values: texts without padding, or numbers; attribute tags as their 32 bits.

        Only the first ones of a long element; none of a sequence, of bulk data, and of unknown VR
        unless the dictionary knows the element.
        """
        return values_of(self.typed_vr, self.value(_VALUES_LIMIT), self.elements.byte_order)

    @property
    def typed_vr(self) -> int:
        """The VR; of an element of unknown VR that of the dictionary."""
        elements, row = self
        vr = elements.vrs[row]
        return vrs.BY_TAG[elements.tags[row]] if vr == vrs.UN else vr

    @property
    def is_empty(self) -> bool:
        """Whether there is no value: no bytes, no items, or a text of nothing but padding."""
        return self.elements.is_empty(self.row)

    def children(self) -> Iterator["Element"]:
        """The items of a sequence, the elements of an item, the fragments of pixel data."""
        return (Element(self.elements, row) for row in self.elements.children(self.row))


class Elements:
    """A data set as a table in the order of the file.

    Columns instead of an object for each element: 21 bytes a row, so that a file of millions of
    elements can't fill the memory.

    Attributes:
        data: the buffer that the offsets are about.
        in_file: whether that buffer is the file itself, not what was inflated from it.
        byte_order: of binary values.
        explicit: whether the VRs are those of the file; else they are those of the dictionary.
        tags: group and element number in one, 32 bits.
        vrs: codes of value representations, see `engine.encoding.vr`.
        lengths: value lengths in bytes as the headers say them.
        offsets: where the values start, in bytes.
        parents: the row of the item that encloses an element, of the sequence or pixel data that
            an item belongs to; `TOP` where there is none.
        start: where the data set starts, in bytes.
        end: where reading stopped, in bytes.
        complete: whether the data set was read to its end.
        has_gaps: whether elements were skipped because the structure around them is broken.
        left_out: parents and tags of elements that are there but could not be read whole.
        damaged: the rows of sequences and items, and `TOP`, that elements may be lost from.
    """

    def __init__(
        self,
        data: Buffer,
        byte_order: ByteOrder,
        *,
        explicit: bool = True,
        in_file: bool = True,
    ) -> None:
        self.data = data
        self.in_file = in_file
        self.byte_order: ByteOrder = byte_order
        self.explicit = explicit
        self.tags = array("I")
        self.vrs = bytearray()
        self.lengths = array("I")
        self.offsets = array("Q")
        self.parents = array("i")
        self.start = 0
        self.end = 0
        self.complete = True
        self.has_gaps = False
        self.left_out: set[tuple[int, int]] = set()
        self.damaged: set[int] = set()
        self._trail_before: tuple[int, tuple[int, ...]] = (TOP, ())
        """The sequence whose trail was asked for last, and that."""
        self._items_before: dict[int, tuple[int, int]] = {}
        """The item whose index was asked for last, and that, by the sequence."""

    def add(self, tag: int, vr: int, length: int, offset: int, parent: int) -> int:
        """Append a row and return its number."""
        self.tags.append(tag)
        self.vrs.append(vr)
        self.lengths.append(length)
        self.offsets.append(offset)
        self.parents.append(parent)
        return len(self.tags) - 1

    def drop_last(self) -> None:
        """Take the last row back; that there was an element stays known in `left_out`."""
        if len(self.left_out) < _LEFT_OUT_LIMIT:
            self.left_out.add((self.parents[-1], self.tags[-1]))
        for column in (self.tags, self.vrs, self.lengths, self.offsets, self.parents):
            column.pop()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be lost, so that what is not here is missing."""
        return self.complete and not self.has_gaps

    def add_damaged(self, row: int) -> None:
        """Remember that elements may be lost from a sequence, an item or the data set."""
        if len(self.damaged) < _LEFT_OUT_LIMIT:
            self.damaged.add(row)

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

    def rows_with(self, tag: int) -> Iterator[int]:
        """The rows with a tag, at any level."""
        # Searching the bytes of the column is a hundred times faster than comparing numbers.
        width, wanted = self.tags.itemsize, pack("=I", tag)
        position = self._tag_bytes.find(wanted)
        while position >= 0:
            row, beside = divmod(position, width)
            if not beside:
                yield row
            position = self._tag_bytes.find(wanted, position + 1)

    def ancestry(self, row: int) -> list[int]:
        """The rows from the top down to a row: elements and items by turns."""
        rows = []
        while row != TOP:
            rows.append(row)
            row = self.parents[row]
        return rows[::-1]

    def trail(self, row: int) -> tuple[int, ...]:
        """The tags from the top down to a row; an item has that of its sequence."""
        tag, parent = self.tags[row], self.parents[row]
        if parent == TOP:
            return (tag,)
        sequence = parent if tag == ITEM else self.parents[parent]
        # The items of one sequence, of which there may be a million, have the same trail.
        known, trail = self._trail_before
        if known != sequence:
            trail = tuple(self.tags[row] for row in self.ancestry(sequence)[::2])
            self._trail_before = (sequence, trail)
        return trail if tag == ITEM else (*trail, tag)

    def index_of(self, item: int) -> int:
        """Which item of its sequence a row is, from 0.

        They are counted on from the one that was asked for before, where that comes first:
        findings come in the order of the file, more or less.
        """
        sequence = self.parents[item]
        known, index = self._items_before.get(sequence, (sequence, -1))
        if known > item:
            known, index = sequence, -1
        index += self.parents[known + 1 : item + 1].count(sequence)
        self._items_before[sequence] = (item, index)
        return index

    def is_empty(self, row: int) -> bool:
        """Whether an element has no value: no bytes, no items, a text of nothing but padding."""
        vr, length = self.vrs[row], self.lengths[row]
        if vr == vrs.UN:
            vr = vrs.BY_TAG[self.tags[row]]
        if vr == vrs.SQ and not length:
            return True
        if self.vrs[row] == vrs.SQ:
            return not self.has_children(row)
        if vr in vrs.TEXT and length <= 1024:
            start = self.offsets[row]
            return not bytes(self.data[start : start + length]).strip(_PADDING)
        return length == 0

    def has_children(self, row: int) -> bool:
        """Whether a sequence has items, or an item elements."""
        child = row + 1  # the content of a row follows it at once
        return child < len(self.parents) and self.parents[child] == row

    def children(self, row: int) -> Iterator[int]:
        """The rows of the items of a sequence, or of the elements of an item."""
        if self.has_children(row):
            child, siblings = row + 1, self._siblings
            while child:
                yield child
                child = siblings[child]

    def level(self, item: int) -> dict[int, int]:
        """The rows by their tags: those of an item, or those at the top. Not to be changed.

        Args:
            item: the item's row, or `TOP`.
        """
        if item == TOP:
            return self._top
        tags, level = self.tags, dict[int, int]()
        if self.has_children(item):
            child, siblings = item + 1, self._siblings
            while child:
                level[tags[child]] = child
                child = siblings[child]
        return level

    def may_have(self, tag: int) -> bool:
        """Whether the tag may follow at the top, after the place where reading stopped."""
        return not self.complete and tag > self._last_tag

    @cached_property
    def _tag_bytes(self) -> bytes:
        return self.tags.tobytes()

    @cached_property
    def _siblings(self) -> "array[int]":
        """The next row with the same parent, 0 after the last: skips what is nested in the row."""
        siblings = array("I", bytes(4 * len(self.parents)))
        following = array("I", bytes(4 * len(self.parents) + 4))  # the last one is that of TOP
        for row in range(len(self.parents) - 1, -1, -1):
            parent = self.parents[row]
            siblings[row] = following[parent]
            following[parent] = row
        return siblings

    @cached_property
    def _last_tag(self) -> int:
        return max(self._top, default=0)

    @cached_property
    def _top(self) -> dict[int, int]:
        # Built on the first question, after the walk: cheaper than a test for each element in it.
        rows = enumerate(zip(self.tags, self.parents, strict=True))
        return {tag: row for row, (tag, parent) in rows if parent == TOP}
