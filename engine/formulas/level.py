"""A data set or a sequence item as formulas look at it, and the values of its attributes."""

from collections.abc import Hashable, Iterator
from functools import cached_property
from math import isfinite

from engine.encoding import vr as vrs
from engine.encoding.elements import TOP, Element, Elements
from engine.encoding.values import Value, values_of

Values = tuple[Value, ...]
"""The values of a term: texts without padding, or numbers."""

_LIMIT = 1 << 20
"""The longest value whose single values are looked at, in bytes; longer ones are unknown."""
_DECIMAL = frozenset(vrs.CODES[letters] for letters in (b"DS", b"IS"))
_BULK = {
    vrs.CODES[bulk]: vrs.CODES[single]
    for bulk, single in (
        (b"OW", b"US"),
        (b"OL", b"UL"),
        (b"OV", b"UV"),
        (b"OF", b"FL"),
        (b"OD", b"FD"),
    )
}
"""The VR of the single values of bulk data: indices of points, coordinates."""
_SIZES = {
    **dict.fromkeys((vrs.CODES[b"US"], vrs.CODES[b"SS"], vrs.CODES[b"OW"]), 2),
    **dict.fromkeys((vrs.CODES[b"UL"], vrs.CODES[b"SL"], vrs.CODES[b"FL"]), 4),
    **dict.fromkeys((vrs.CODES[b"AT"], vrs.CODES[b"OF"], vrs.CODES[b"OL"]), 4),
    **dict.fromkeys((vrs.CODES[b"FD"], vrs.CODES[b"SV"], vrs.CODES[b"UV"]), 8),
    **dict.fromkeys((vrs.CODES[b"OD"], vrs.CODES[b"OV"]), 8),
    vrs.CODES[b"OB"]: 1,
}
"""The size of a single binary value in bytes."""


class Surroundings:
    """What the levels of one instance have in common.

    Attributes:
        dataset: the data set.
        meta: the file meta information; None in a file that has none.
        remembered: what was found for the data set as a whole, by the term that asked for it.
    """

    def __init__(self, dataset: Elements, meta: Elements | None) -> None:
        self.dataset = dataset
        self.meta = meta
        self.remembered: dict[Hashable, object] = {}

    @cached_property
    def tags(self) -> frozenset[int]:
        """The tags of the data set at all levels."""
        return frozenset(self.dataset.tags)


class Level:
    """One data set or one item.

    Args:
        surroundings: what it is in.
        row: of the item; `TOP` for the data set.
        elements: the table that the row is in; by default that of the data set.
    """

    __slots__ = ("elements", "row", "rows", "surroundings")

    def __init__(
        self, surroundings: Surroundings, row: int = TOP, elements: Elements | None = None
    ) -> None:
        self.surroundings = surroundings
        self.elements = surroundings.dataset if elements is None else elements
        self.row = row
        self.rows = self.elements.level(row)

    def outer(self) -> "Level | None":
        """The item or data set that has the sequence of this item; None for the data set."""
        if self.row == TOP:
            return None
        return Level(self.surroundings, self.elements.parents[self.elements.parents[self.row]])

    def find(self, path: tuple[int, ...]) -> Iterator[int]:
        """The rows of the elements at the end of a path through all items of sequences."""
        row = self.rows.get(path[0])
        if row is None:
            return iter(())
        return iter((row,)) if len(path) == 1 else self._inside(row, path[1:])

    def _inside(self, sequence: int, path: tuple[int, ...]) -> Iterator[int]:
        for item in self.elements.children(sequence):
            row = self.elements.level(item).get(path[0])
            if row is not None:
                if len(path) == 1:
                    yield row
                else:
                    yield from self._inside(row, path[1:])


def values_at(elements: Elements, row: int) -> Values | None:
    """The values of an element; None if it has none, or not all are known.

    Decimal and integer strings become numbers.
    """
    element = Element(elements, row)
    if element.length > _LIMIT:
        return None
    vr = element.typed_vr
    values = values_of(_BULK.get(vr, vr), element.value(_LIMIT), elements.byte_order)
    return _numbers(values) if vr in _DECIMAL else values or None


def _numbers(texts: Values) -> Values | None:
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        return None
    if not all(map(isfinite, numbers)):
        return None
    return tuple(int(number) if number.is_integer() else number for number in numbers) or None


def count_at(elements: Elements, row: int) -> int | None:
    """How many values an element has; None where that is not known."""
    element = Element(elements, row)
    vr = element.typed_vr
    if vr in vrs.TEXT:
        return 0 if element.is_empty else element.value(element.length).count(b"\\") + 1
    size = _SIZES.get(vr)
    return None if size is None else element.length // size
