"""The terms of formulas: what has values in a data set or item.

A term has no value, None, where the attributes that it is about are absent or empty: then nothing
is said about them.
"""

import operator
from collections.abc import Callable
from math import ceil
from typing import NamedTuple, Protocol

from engine.encoding.elements import TOP
from engine.encoding.values import Value
from engine.formulas.level import Level, Values, count_at, values_at
from engine.standard.facts import keyword_of
from engine.tags import tag_text


class Term(Protocol):
    """A part of a formula that has values."""

    @property
    def words(self) -> str:
        """It in words."""

    @property
    def paths(self) -> "tuple[Path, ...]":
        """The attributes in it, in the order in which they are written."""

    def values(self, level: Level, /) -> Values | None:
        """Its values in a data set or item; None if it has none."""


class Constant(NamedTuple):
    """Values that are written in the formula."""

    constants: Values

    @property
    def words(self) -> str:
        """The values, with `or` before the last."""
        texts = [f"{value}" if value != "" else "empty" for value in self.constants]
        return " or ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))

    @property
    def paths(self) -> "tuple[Path, ...]":
        """None."""
        return ()

    def values(self, _: Level, /) -> Values | None:
        """The values."""
        return self.constants


class Path(NamedTuple):
    """An attribute, or that attribute in all items of a sequence.

    Attributes:
        start: where the path starts: `` in the data set or item itself, `dataset`, `meta` for the
            file meta information, or `outer` for what has the sequence that the item is in, also
            `outer.outer` and so on.
        tags: from a sequence down to the attribute.
        position: which of its values is meant, from 1; None: all.
    """

    start: str
    tags: tuple[int, ...]
    position: int | None = None

    @property
    def words(self) -> str:
        """Such as `value 3 of ImageType`."""
        names = [keyword_of(tag) or tag_text(tag) for tag in reversed(self.tags)]
        text = " in ".join(names)
        return text if self.position is None else f"value {self.position} of {text}"

    @property
    def paths(self) -> "tuple[Path, ...]":
        """It alone."""
        return (self,)

    @property
    def is_local(self) -> bool:
        """Whether it starts in the data set or item itself."""
        return not self.start

    def begin(self, level: Level) -> Level | None:
        """The data set or item that it starts in."""
        if not self.start:
            return level
        if self.start.startswith("outer"):
            outer: Level | None = level
            for _ in self.start.split("."):
                outer = outer and outer.outer()
            return outer
        around = level.surroundings
        if self.start == "meta":
            return None if around.meta is None else Level(around, TOP, around.meta)
        return Level(around)

    def rows(self, level: Level) -> list[tuple[Level, int]]:
        """The elements that it leads to, each with the level that its table is of."""
        begin = self.begin(level)
        return [] if begin is None else [(begin, row) for row in begin.find(self.tags)]

    def values(self, level: Level) -> Values | None:
        """The values of all the elements; None if an element has none that is known."""
        if self.start != "dataset":
            return self._values(level)
        # Thousands of items may refer to the same sequence: it is looked through once.
        remembered = level.surroundings.remembered
        if self not in remembered:
            remembered[self] = self._values(level)
        known = remembered[self]
        return known if isinstance(known, tuple) else None

    def is_in_every_item(self, level: Level) -> bool:
        """Whether each item of the sequence has one value: the first is then that of the first."""
        begin = self.begin(level)
        if begin is None or len(self.tags) == 1:
            return True
        sequences = begin.find(self.tags[:-1])
        items = sum(1 for row in sequences for _ in begin.elements.children(row))
        return items == len(self.values(level) or ())

    def _values(self, level: Level) -> Values | None:
        if self.is_local and len(self.tags) == 1:  # most paths
            row = level.rows.get(self.tags[0])
            values = None if row is None else values_at(level.elements, row)
            if values is None or self.position is None:
                return values
            return values[self.position - 1 : self.position] or None
        found: list[Value] = []
        for begin, row in self.rows(level):
            values = values_at(begin.elements, row)
            if values is None and not begin.elements.is_empty(row):
                return None
            found += values or ()
        if self.position is not None:
            found = found[self.position - 1 : self.position]
        return tuple(found) or None


class Counted(NamedTuple):
    """A number of items, values or characters: `items(X)`, `values(X)`, `characters(X)`."""

    what: str
    path: Path

    @property
    def words(self) -> str:
        """Such as `the number of items of BeamSequence`."""
        return f"the number of {self.what} of {self.path.words}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """That of what is counted."""
        return (self.path,)

    def values(self, level: Level) -> Values | None:
        """The number alone; None where the attribute is absent."""
        rows = self.path.rows(level)
        if self.what == "items":
            counts = [sum(1 for _ in begin.elements.children(row)) for begin, row in rows]
            return (sum(counts),) if rows else None
        if self.what == "characters":
            texts = self.path.values(level)
            return texts and (sum(len(str(text)) for text in texts),)
        known = [count for begin, row in rows if (count := count_at(begin.elements, row))]
        return (sum(known),) if known else None


class Tags(NamedTuple):
    """`tag(X, Y)`: the tags of attributes, as pointers have them for values."""

    attributes: tuple[Path, ...]

    @property
    def words(self) -> str:
        """Such as `the tag of FrameTime`."""
        return f"the tag of {', '.join(path.words for path in self.attributes)}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """None: the attributes themselves may be absent."""
        return ()

    def values(self, _: Level, /) -> Values | None:
        """The 32 bits of each tag."""
        return tuple(path.tags[-1] for path in self.attributes)


class Matching(NamedTuple):
    """`matching(S.X, K)`: the X of those items of S whose K is the K of this item."""

    path: Path
    key: Path

    @property
    def words(self) -> str:
        """Such as `NumberOfLeafJawPairs in BeamLimitingDeviceSequence for the same type`."""
        return f"{self.path.words} for the same {self.key.words}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """That of this item's key, then that of the values."""
        return (self.key, self.path)

    def values(self, level: Level) -> Values | None:
        """The values of the items that match; None if there are none."""
        key = self.key.values(level)
        begin = self.path.begin(level)
        if key is None or begin is None:
            return None
        *sequences, last = self.path.tags
        found: list[Value] = []
        for sequence in begin.find(tuple(sequences)):
            for row in begin.elements.children(sequence):
                item = Level(level.surroundings, row, begin.elements)
                if self.key.values(item) == key and last in item.rows:
                    found += values_at(begin.elements, item.rows[last]) or ()
        return tuple(found) or None


Aggregate = Callable[[Values], Value]

AGGREGATES: dict[str, tuple[str, Aggregate]] = {
    "first": ("the first", lambda values: values[0]),
    "last": ("the last", lambda values: values[-1]),
    "sum": ("the sum", lambda values: sum(_numbers(values))),
    "max": ("the greatest", lambda values: max(_numbers(values))),
    "min": ("the smallest", lambda values: min(_numbers(values))),
    "ceil": ("the next whole number from", lambda values: ceil(_numbers(values)[0])),
    "initial": ("the first letter", lambda values: str(values[0])[:1]),
    "distinct": ("the number of different values", lambda values: len(set(values))),
}
"""Functions that make one value of many: how they are called, and what they do."""


class Aggregated(NamedTuple):
    """One value that is made of many, such as `last(X)`."""

    function: str
    term: Term

    @property
    def words(self) -> str:
        """Such as `the last CumulativeTimeWeight in BrachyControlPointSequence`."""
        word, _ = AGGREGATES[self.function]
        joined = " " if self.function in {"first", "last", "max", "min", "ceil"} else " of "
        return f"{word}{joined}{self.term.words}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those of the values."""
        return self.term.paths

    def values(self, level: Level) -> Values | None:
        """The one value."""
        values = self.term.values(level)
        if not values:
            return None
        if self.function in {"sum", "max", "min", "ceil"} and not all_numbers(values):
            return None
        if self.function in {"first", "last"} and not are_of_every_item(self.term, level):
            return None
        _, function = AGGREGATES[self.function]
        return (function(values),)


OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_OPERATOR_WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


class Calculated(NamedTuple):
    """Two terms and an operator, for each value."""

    left: Term
    operator: str
    right: Term

    @property
    def words(self) -> str:
        """Such as `3 times NumberOfContourPoints`."""
        return f"{self.left.words} {_OPERATOR_WORDS[self.operator]} {self.right.words}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those of both sides."""
        return self.left.paths + self.right.paths

    def values(self, level: Level) -> Values | None:
        """The results; None where a side has no numbers, or not as many as the other."""
        left, right = self.left.values(level), self.right.values(level)
        if not (left and right and all_numbers(left) and all_numbers(right)):
            return None
        pairs = paired(left, right)
        if pairs is None or (self.operator == "/" and 0 in right):
            return None
        calculate = OPERATORS[self.operator]
        return tuple(calculate(float(a), float(b)) for a, b in pairs)


def are_of_every_item(term: Term, level: Level) -> bool:
    """Whether no item of a sequence is without a value, so that places count."""
    return not isinstance(term, Path) or term.is_in_every_item(level)


def all_numbers(values: Values) -> bool:
    """Whether there is no text among the values."""
    return not any(isinstance(value, str) for value in values)


def paired(left: Values, right: Values) -> list[tuple[Value, Value]] | None:
    """The values side by side; a single one goes with each of the others. None: they don't fit."""
    if len(right) == 1:
        return [(value, right[0]) for value in left]
    if len(left) == 1:
        return [(left[0], value) for value in right]
    return list(zip(left, right, strict=True)) if len(left) == len(right) else None


def _numbers(values: Values) -> list[float]:
    return [value for value in values if not isinstance(value, str)]
