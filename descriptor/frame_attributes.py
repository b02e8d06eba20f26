"""The attributes that say how a frame looks, from the table that the engine has read."""

import math
from collections.abc import Mapping
from itertools import islice
from typing import Self

from engine.encoding.elements import TOP, Element, Elements
from engine.tags import (
    FRAME_VOI_LUT_SEQUENCE,
    PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    PIXEL_MEASURES_SEQUENCE,
    PIXEL_REPRESENTATION,
    PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
    SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
)

_MACROS = (
    PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
    FRAME_VOI_LUT_SEQUENCE,
    PIXEL_MEASURES_SEQUENCE,
)


class FrameAttributes:
    """Attributes of a frame, or of an item in them.

    Args:
        table: the data set.
        rows: where each attribute is in the table, by its tag.
        signed: whether samples are signed.
    """

    def __init__(self, table: Elements, rows: Mapping[int, int], *, signed: bool) -> None:
        self.little_endian = table.byte_order == "little"
        self._table = table
        self._rows = rows
        self._signed = signed

    @classmethod
    def of(cls, table: Elements, index: int) -> Self:
        """The attributes of one frame.

        Those in its functional groups (PS3.3 C.7.6.16) count more than those of the data set.

        Args:
            table: the data set.
            index: the number of the frame, from 0.
        """
        top = table.level(TOP)
        rows = dict[int, int]()
        shared, own = SHARED_FUNCTIONAL_GROUPS_SEQUENCE, PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE
        for sequence, item in ((shared, 0), (own, index)):
            groups = _item(table, top, sequence, item)
            for macro in _MACROS:
                rows |= _item(table, groups, macro, 0)
        representation = table.get(PIXEL_REPRESENTATION)
        signed = representation is not None and representation.integer() == 1
        return cls(table, {**top, **rows} if rows else top, signed=signed)

    def item(self, sequence: int) -> Self | None:
        """The attributes in the first item of a sequence; None if there are none."""
        rows = _item(self._table, self._rows, sequence, 0)
        return type(self)(self._table, rows, signed=self._signed) if rows else None

    def raw(self, tag: int) -> bytes:
        """The whole value; empty if there is none."""
        element = self._element(tag)
        return element.value(element.length) if element else b""

    def text(self, tag: int) -> str:
        """The value as text; empty if there is none."""
        element = self._element(tag)
        return element.text() if element else ""

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The values; none unless all are finite numbers."""
        element = self._element(tag)
        try:
            numbers = tuple(map(float, element.values())) if element else ()
        except ValueError:
            return ()
        return numbers if all(map(math.isfinite, numbers)) else ()

    def number(self, tag: int) -> float | None:
        """The first value; None if there is none."""
        return next(iter(self.numbers(tag)), None)

    def sample(self, tag: int) -> float | None:
        """The first value, where it is one that samples have: signed as they are."""
        number = self.number(tag)
        return None if number is None else self._as_sample(number)

    def lut(self, descriptor: int) -> tuple[int, int, int] | None:
        """Number of entries, first sample and bits of a look-up table (PS3.3 C.11.1.1.1)."""
        numbers = self.numbers(descriptor)
        if len(numbers) != 3:
            return None
        count, first, bits = map(int, numbers)
        return count or 1 << 16, int(self._as_sample(first)), bits

    def _as_sample(self, number: float) -> float:
        """A negative number of 16 bits may be written, or have been read, as one without a sign."""
        return number - (1 << 16) if self._signed and number >= 1 << 15 else number

    def _element(self, tag: int) -> Element | None:
        row = self._rows.get(tag)
        return None if row is None else Element(self._table, row)


def _item(table: Elements, rows: Mapping[int, int], sequence: int, index: int) -> Mapping[int, int]:
    """The rows by tag of an item of a sequence; none if there is no such item."""
    row = rows.get(sequence)
    items = () if row is None else islice(table.children(row), index, index + 1)
    return next((table.level(item) for item in items), {})
