"""Enumerated values and defined terms: whether the values of an element are among them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.encoding.elements import Element
from engine.encoding.values import ByteOrder, values_of
from engine.standard.facts import ValueList

_LIMIT = 256
"""How many bytes of a value are looked at."""
_NUMERIC = frozenset({vrs.CODES[b"DS"], vrs.CODES[b"IS"]})
_REMEMBERED = 4096
_ROOM = 80
"""For the terms of a long list, in characters."""


class Unlisted(NamedTuple):
    """A value that is not in its list."""

    is_enumerated: bool
    """Whether nothing but the values of the list is allowed."""
    expected: str


class _List(NamedTuple):
    position: int | None
    is_enumerated: bool
    texts: frozenset[str]
    numbers: frozenset[float]
    expected: str

    def has(self, value: str | float, *, is_numeric: bool) -> bool:
        if not isinstance(value, str):
            return value in self.numbers
        return not value or value in self.texts or (is_numeric and _number(value) in self.numbers)


class Terms:
    """The lists of values of the facts."""

    def __init__(self, values: Sequence[Sequence[ValueList]]) -> None:
        self._values = values
        self._lists: dict[tuple[int, ...], tuple[_List, ...]] = {}
        self._judged = lru_cache(_REMEMBERED)(self._judge)

    def unlisted(self, indices: tuple[int, ...], element: Element) -> Unlisted | None:
        """The first value of an element that is not in its list; None if all are.

        Args:
            indices: of the lists, in the facts.
            element: with a value.
        """
        value = element.value(_LIMIT)
        if len(value) == _LIMIT and element.length > _LIMIT:
            value = value[: value.rfind(b"\\") + 1]
        return self._judged(indices, element.typed_vr, value, element.elements.byte_order)

    def _judge(
        self, indices: tuple[int, ...], vr: int, value: bytes, byte_order: ByteOrder
    ) -> Unlisted | None:
        values = values_of(vr, value, byte_order)
        for one in self._listed(indices):
            chosen = values if one.position is None else values[one.position : one.position + 1]
            if not all(one.has(value, is_numeric=vr in _NUMERIC) for value in chosen):
                return Unlisted(one.is_enumerated, one.expected)
        return None

    def _listed(self, indices: tuple[int, ...]) -> tuple[_List, ...]:
        """The lists, without defined terms where another module enumerates the values."""
        if indices not in self._lists:
            lists = [_list(*entry) for index in indices for entry in self._values[index]]
            enumerated = {one.position for one in lists if one.is_enumerated}
            self._lists[indices] = tuple(
                one for one in lists if one.is_enumerated or one.position not in enumerated
            )
        return self._lists[indices]


def _list(position: int | None, kind: str, values: Sequence[str]) -> _List:
    numbers = frozenset(number for value in values if (number := _number(value)) is not None)
    where = "" if position is None else f"as value {position + 1} "
    expected = where + (f"one of {_some(values)}" if len(values) > 1 else values[0])
    return _List(position, kind == "E", frozenset(values), numbers, expected)


def _some(values: Sequence[str]) -> str:
    """As many as a finding has room for, and how many there are beyond."""
    length = shown = 0
    while shown < len(values) and (not shown or length + len(values[shown]) <= _ROOM):
        length += len(values[shown]) + len(", ")
        shown += 1
    rest = len(values) - shown
    return ", ".join(values[:shown]) + (f" and {rest} more" if rest else "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
