"""The statements of formulas: what is true, false or unknown of a data set or item."""

import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isclose
from typing import NamedTuple, Protocol

from engine.encoding.values import Value
from engine.formulas.level import Level, Values
from engine.formulas.terms import Constant, Path, Term, all_numbers, are_of_every_item, paired
from engine.tags import tag_text

Truth = bool | None
"""None: unknown, since attributes are absent or have no values."""

_SHOWN = 4
"""How many values of a long row are shown."""


class Reason(NamedTuple):
    """Why a statement is false: for people, without texts of the file."""

    expected: str
    found: str | None


class Statement(Protocol):
    """A formula, or a part of one that is true or false."""

    @property
    def words(self) -> str:
        """It in words: `X is 1`."""

    @property
    def negation(self) -> str:
        """In words what is the case where it is false: `X is not 1`."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The attributes in it, in the order in which they are written."""

    def truth(self, level: Level, /) -> Truth:
        """Whether it holds in a data set or item."""

    def reason(self, level: Level, /) -> Reason:
        """Why it does not hold there."""


def _is_equal(left: Value, right: Value) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return left == right
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    # Decimal strings are written with few digits, and 32 bits hold seven.
    return isclose(left, right, rel_tol=1e-5, abs_tol=1e-6)


def _is_less(left: Value, right: Value) -> bool:
    return bool(operator.lt(left, right))


_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "==": _is_equal,
    # Rounding is allowed for where things are to be equal; a slope of 1e-6 is not zero.
    "!=": operator.ne,
    "<": _is_less,
    ">": lambda left, right: _is_less(right, left),
    "<=": lambda left, right: _is_less(left, right) or _is_equal(left, right),
    ">=": lambda left, right: _is_less(right, left) or _is_equal(left, right),
}
_WORDS = {
    "==": ("is", "is not"),
    "!=": ("is not", "is"),
    "<": ("is less than", "is not less than"),
    ">": ("is greater than", "is not greater than"),
    "<=": ("is at most", "is greater than"),
    ">=": ("is at least", "is less than"),
    "in": ("is one of", "is none of"),
    "not in": ("is none of", "is one of"),
}
_EXPECTED = {"==": "", "!=": "not ", "<": "less than ", ">": "more than "}
_EXPECTED |= {"<=": "at most ", ">=": "at least ", "in": "one of ", "not in": "none of "}
COMPARISONS = (*_COMPARE, "in", "not in")


class Comparison(NamedTuple):
    """Two terms: every value of the left one is compared with that, or those, of the right."""

    left: Term
    operator: str
    right: Term

    @property
    def words(self) -> str:
        """Such as `X is the number of items of Y`."""
        return f"{self.left.words} {_WORDS[self.operator][0]} {self._right_words}"

    @property
    def negation(self) -> str:
        """Such as `X is not the number of items of Y`."""
        return f"{self.left.words} {_WORDS[self.operator][1]} {self._right_words}"

    @property
    def _right_words(self) -> str:
        is_list = self.operator in {"in", "not in"} and not isinstance(self.right, Constant)
        return f"the values of {self.right.words}" if is_list else self.right.words

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those of both sides."""
        return self.left.paths + self.right.paths

    def truth(self, level: Level) -> Truth:
        """Unknown where one side has no values, or texts and numbers are to be ordered."""
        left = self.left.values(level)
        right = self.right.values(level) if left else None
        if not left or not right:
            return None
        wrong = self._wrong(left, right)
        return None if wrong is None else not wrong

    def _wrong(self, left: Values, right: Values) -> Values | None:
        """The values of the left side that do not compare; None: they can't be compared."""
        if self.operator in {"in", "not in"}:
            known = frozenset(right)
            return tuple(value for value in left if (value in known) != (self.operator == "in"))
        is_ordered = self.operator not in {"==", "!="}
        if is_ordered and all_numbers(left) != all_numbers(right):
            return None
        pairs = paired(left, right)
        if pairs is None:
            return {"==": left, "!=": ()}.get(self.operator)
        compare = _COMPARE[self.operator]
        return tuple(a for a, b in pairs if not compare(a, b))

    def reason(self, level: Level) -> Reason:
        """What the right side is, and which values of the left are wrong."""
        left, right = self.left.values(level) or (), self.right.values(level) or ()
        expected = _EXPECTED[self.operator] + shown(right, self.right)
        return Reason(expected, shown_found(self._wrong(left, right) or left))


class Presence(NamedTuple):
    """`present(X)`, `absent(X)`, `filled(X)` or `empty(X)`."""

    what: str
    path: Path

    @property
    def words(self) -> str:
        """Such as `X is present`."""
        return f"{self.path.words} {PRESENCE[self.what][0]}"

    @property
    def negation(self) -> str:
        """Such as `X is absent`."""
        return f"{self.path.words} {PRESENCE[self.what][1]}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The attribute."""
        return (self.path,)

    def truth(self, level: Level) -> Truth:
        """Whether it is there, of many in one item at least; never unknown."""
        rows = self.path.rows(level)
        if self.path.position is not None:
            is_filled = bool(self.path.values(level))
        elif self.what in {"present", "absent"}:
            is_filled = bool(rows)
        else:
            is_filled = any(not begin.elements.is_empty(row) for begin, row in rows)
        return is_filled == (self.what in {"present", "filled"})

    def reason(self, _: Level, /) -> Reason:
        """What should be there, or not."""
        return Reason(PRESENCE[self.what][2], None)


PRESENCE = {
    "present": ("is present", "is missing", "the attribute"),
    "absent": ("is absent", "is present", "no such attribute"),
    "filled": ("has a value", "has no value", "a value"),
    "empty": ("has no value", "has a value", "no value"),
}


class Existence(NamedTuple):
    """`exists(X)`: the attributes whose tags are the values of X are anywhere in the data set."""

    pointer: Path

    @property
    def words(self) -> str:
        """Such as `X names an attribute that is there`."""
        return f"{self.pointer.words} names an attribute that is there"

    @property
    def negation(self) -> str:
        """Such as `X names an attribute that is not there`."""
        return f"{self.pointer.words} names an attribute that is not there"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The pointer."""
        return (self.pointer,)

    def truth(self, level: Level, /) -> Truth:
        """Unknown without a pointer."""
        values = self.pointer.values(level)
        return None if values is None else not self._missing(values, level)

    def reason(self, level: Level, /) -> Reason:
        """The first attribute that is not there."""
        missing = self._missing(self.pointer.values(level) or (), level)
        return Reason(f"an attribute {tag_text(missing[0])}", None)

    def _missing(self, values: Values, level: Level) -> list[int]:
        there = level.surroundings.tags
        return [value for value in values if isinstance(value, int) and value not in there]


class _Order(NamedTuple):
    words: str
    negation: str
    expected: str
    wrong: Callable[[Values], Values]
    """The values that are out of order."""


def _not_unique(values: Values) -> Values:
    seen: set[Value] = set()
    repeated = []
    for value in values:
        if value in seen:
            repeated.append(value)
        seen.add(value)
    return tuple(repeated)


def _not_numbered(values: Values) -> Values:
    return tuple(value for number, value in enumerate(values, 1) if value != number)


def _not_indexed(values: Values) -> Values:
    return tuple(value for number, value in enumerate(values) if value != number)


def _gaps(values: Values) -> Values:
    return _not_numbered(tuple(sorted(values, key=float)))


def _steps(are_ordered: Callable[[float, float], bool]) -> Callable[[Values], Values]:
    return lambda values: tuple(
        after for before, after in pairwise(values) if not are_ordered(float(before), float(after))
    )


ORDERS = {
    "unique": _Order("are unique", "are not unique", "a value of its own for each", _not_unique),
    "numbered": _Order(
        "count 1, 2, 3 and so on", "do not count 1, 2, 3 and so on", "1, 2, 3 ...", _not_numbered
    ),
    "indexed": _Order(
        "count 0, 1, 2 and so on", "do not count 0, 1, 2 and so on", "0, 1, 2 ...", _not_indexed
    ),
    "gapless": _Order(
        "are 1 to their number", "are not 1 to their number", "1 to their number", _gaps
    ),
    "increasing": _Order(
        "increase", "do not increase", "more than the one before", _steps(operator.lt)
    ),
    "ascending": _Order(
        "never decrease", "decrease", "at least the one before", _steps(operator.le)
    ),
}
"""Statements about the order of values, by the names of their functions."""


class Order(NamedTuple):
    """`unique(X)`, `numbered(X)`, `gapless(X)`, `increasing(X)` or `ascending(X)`."""

    what: str
    term: Term

    @property
    def words(self) -> str:
        """Such as `the values of X increase`."""
        return f"the values of {self.term.words} {ORDERS[self.what].words}"

    @property
    def negation(self) -> str:
        """Such as `the values of X do not increase`."""
        return f"the values of {self.term.words} {ORDERS[self.what].negation}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those of the values."""
        return self.term.paths

    def truth(self, level: Level) -> Truth:
        """Unknown where there are no values, and where texts are to be counted."""
        values = self.term.values(level)
        if not values or (self.what != "unique" and not all_numbers(values)):
            return None
        if self.what in {"numbered", "indexed"} and not are_of_every_item(self.term, level):
            return None
        return not ORDERS[self.what].wrong(values)

    def reason(self, level: Level) -> Reason:
        """The values that are out of order."""
        order = ORDERS[self.what]
        return Reason(order.expected, shown_found(order.wrong(self.term.values(level) or ())))


class Combination(NamedTuple):
    """Statements joined by `and` or by `or`."""

    word: str
    parts: Sequence[Statement]

    @property
    def words(self) -> str:
        """The parts in words."""
        return f" {self.word} ".join(part.words for part in self.parts)

    @property
    def negation(self) -> str:
        """What is the case where it is false."""
        other = "or" if self.word == "and" else "and"
        return f" {other} ".join(part.negation for part in self.parts)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those of all parts."""
        return tuple(path for part in self.parts for path in part.paths)

    def truth(self, level: Level) -> Truth:
        """The first that decides does; otherwise what is unknown is."""
        decisive = self.word == "or"
        result: Truth = not decisive
        for part in self.parts:
            truth = part.truth(level)
            if truth is decisive:
                return decisive
            if truth is None:
                result = None
        return result

    def reason(self, level: Level) -> Reason:
        """That of the first part that is false."""
        return next(part.reason(level) for part in self.parts if part.truth(level) is False)


class Negation(NamedTuple):
    """`not` and a statement."""

    part: Statement

    @property
    def words(self) -> str:
        """The opposite of the part."""
        return self.part.negation

    @property
    def negation(self) -> str:
        """The part."""
        return self.part.words

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those of the part."""
        return self.part.paths

    def truth(self, level: Level) -> Truth:
        """Unknown stays unknown."""
        truth = self.part.truth(level)
        return None if truth is None else not truth

    def reason(self, _: Level, /) -> Reason:
        """What should not be."""
        return Reason(f"not: {self.part.words}", None)


def shown(values: Values, term: Term) -> str:
    """The values of a term for people: numbers and UIDs as they are, what the formula names."""
    if isinstance(term, Constant):
        return term.words
    numbers = shown_found(values)
    return term.words if numbers is None else f"{numbers} ({term.words})"


def shown_found(values: Values) -> str | None:
    """Numbers as people write them, the first of many; None if there are texts among them."""
    if not all_numbers(values):
        return None
    text = ", ".join(f"{value:.10g}" for value in values[:_SHOWN])
    return f"{text}, ..." if len(values) > _SHOWN else text
