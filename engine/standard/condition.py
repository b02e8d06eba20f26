"""Conditions of the standard (types 1C and 2C, usage C): compiled, then evaluated in a data set.

A condition is a JSON array as in the facts. It is true, false or unknown:

    ["present", PATH]                     the element is there, with or without a value
    ["filled", PATH]                      it is there and has a value, a sequence at least one item
    ["in", PATH, [VALUE, ...], POSITION]  one value (null) or the value at a position from 0 equals
                                          one of these; strings exactly, numbers as numbers
    [">", PATH, NUMBER]  ["<", PATH, NUMBER]   of any value
    ["module", ID]  ["group", TAG]        the module, the functional group is in the instance
    ["all", E, ...]  ["any", E, ...]  ["not", E]  ["unknown"]

A PATH is a tag: looked up in the same item, then in each enclosing data set outwards. Or a list of
tags: the first, a sequence, is looked up so; the last is sought in any item on the way down. A list
that starts with 0 doesn't leave the item: `[0, 0x00080100]` is that item's own Code Value.
Comparisons on an absent element or one without a value are false.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeAlias, TypeVar

Path = int | Sequence[int]
"""A tag, or the tags from a sequence down to an element."""
Value = str | int | float
"""Text (of decimal and integer strings too) or a binary number; an attribute tag is its 32 bits."""
Truth = bool | None
"""Whether a condition holds; None: unknown."""


class Scope(Protocol):
    """One data set or sequence item, as conditions look at it."""

    @property
    def outer(self) -> "Scope | None":
        """The data set or item that encloses this one; None at the top."""

    def has(self, tag: int) -> bool:
        """Whether an element with that tag is in this very item."""

    def is_filled(self, tag: int) -> bool:
        """Whether that element is in this very item and has a value or an item."""

    def values(self, tag: int) -> Sequence[Value]:
        """The values of an element of this very item; empty if it has none."""

    def items(self, tag: int) -> Iterable["Scope"]:
        """The items of a sequence of this very item."""

    def has_module(self, module: str) -> Truth:
        """Whether the instance has the module; None if that is unknown."""

    def has_group(self, tag: int) -> Truth:
        """Whether a functional group applies here: it is in the shared ones or in this frame's."""


Evaluation: TypeAlias = Callable[[Scope], Truth]
"""A compiled condition."""
_Where = TypeVar("_Where")


class ConditionError(ValueError):
    """An expression that is none: an unknown operator or a malformed operand."""


def compile_expression(expression: Sequence[Any]) -> Evaluation:
    """Turn an expression into a function of the scope.

    Args:
        expression: a JSON array as described in this module.

    Raises:
        ConditionError: the expression has an unknown operator or operands that don't fit.
    """
    match expression:
        case [str(operator), *operands] if operator in _OPERATORS:
            try:
                return _OPERATORS[operator](*operands)
            except TypeError as error:
                raise ConditionError(f"operands that don't fit: {expression!r}") from error
    raise ConditionError(f"not a condition: {expression!r}")


def composed(
    operator: str, parts: Sequence[Callable[[_Where], Truth]]
) -> Callable[[_Where], Truth]:
    """Combine conditions in three-valued logic.

    Args:
        operator: `all`, `any` or `not`.
        parts: the conditions; only one for `not`.
    """
    return _negated(*parts) if operator == "not" else _combined(parts, decisive=operator == "any")


def _combined(
    parts: Sequence[Callable[[_Where], Truth]], *, decisive: bool
) -> Callable[[_Where], Truth]:
    """The first False decides `all`, the first True decides `any`; otherwise unknown wins."""

    def combined(where: _Where) -> Truth:
        result: Truth = not decisive
        for part in parts:
            truth = part(where)
            if truth is decisive:
                return decisive
            if truth is None:
                result = None
        return result

    return combined


def _negated(part: Callable[[_Where], Truth]) -> Callable[[_Where], Truth]:
    def negated(where: _Where) -> Truth:
        truth = part(where)
        return None if truth is None else not truth

    return negated


def _all(*parts: Sequence[Any]) -> Evaluation:
    return composed("all", [compile_expression(part) for part in parts])


def _any(*parts: Sequence[Any]) -> Evaluation:
    return composed("any", [compile_expression(part) for part in parts])


def _not(part: Sequence[Any]) -> Evaluation:
    return composed("not", [compile_expression(part)])


def _unknown() -> Evaluation:
    return lambda _: None


def _module(module: str) -> Evaluation:
    return lambda scope: scope.has_module(module)


def _group(tag: int) -> Evaluation:
    return lambda scope: scope.has_group(tag)


def _present(path: Path) -> Evaluation:
    holders, _ = _resolution(path)
    return lambda scope: bool(holders(scope))


def _filled(path: Path) -> Evaluation:
    holders, tag = _resolution(path)
    return lambda scope: any(holder.is_filled(tag) for holder in holders(scope))


def _in(path: Path, allowed: Sequence[Value], position: int | None) -> Evaluation:
    return _compared(path, _equality(allowed), position)


def _above(path: Path, bound: float) -> Evaluation:
    return _compared(path, lambda value: _ordered(value, lambda number: number > bound))


def _below(path: Path, bound: float) -> Evaluation:
    return _compared(path, lambda value: _ordered(value, lambda number: number < bound))


def _compared(
    path: Path, test: Callable[[Value], Truth], position: int | None = None
) -> Evaluation:
    holders, tag = _resolution(path)

    def compared(scope: Scope) -> Truth:
        result: Truth = False
        for holder in holders(scope):
            values = holder.values(tag)
            for value in values if position is None else values[position : position + 1]:
                truth = test(value)
                if truth:
                    return True
                if truth is None:
                    result = None
        return result

    return compared


def _resolution(path: Path) -> tuple[Callable[[Scope], Sequence[Scope]], int]:
    """A function that finds the items that have the element, and the element's tag."""
    tags = [path] if isinstance(path, int) else list(path)
    stay = tags[0] == 0
    head, *rest = tags[stay:]

    def start(scope: Scope) -> Sequence[Scope]:
        here: Scope | None = scope
        while here is not None:
            if here.has(head):
                return (here,)
            here = None if stay else here.outer
        return ()

    def descend(scope: Scope) -> Sequence[Scope]:
        holders = start(scope)
        for sequence, tag in pairwise(tags[stay:]):
            inside = (item for holder in holders for item in holder.items(sequence))
            holders = [item for item in inside if item.has(tag)]
        return holders

    return (descend, rest[-1]) if rest else (start, head)


def _equality(allowed: Sequence[Value]) -> Callable[[Value], bool]:
    texts = frozenset(value for value in allowed if isinstance(value, str))
    numbers = frozenset(value for value in allowed if not isinstance(value, str))
    # A binary number is compared with texts that are numbers too: tables write "1" for both.
    all_numbers = numbers | {number for text in texts if (number := _number(text)) is not None}

    def equal(value: Value) -> bool:
        if not isinstance(value, str):
            return value in all_numbers
        return value.strip(" \0") in texts or (bool(numbers) and _number(value) in numbers)

    return equal


def _ordered(value: Value, test: Callable[[float], bool]) -> Truth:
    number = _number(value)
    return None if number is None else test(number)


def _number(value: Value) -> float | None:
    """The value as a number; None for a text that is none."""
    try:
        return float(value)
    except ValueError:
        return None


_OPERATORS: Mapping[str, Callable[..., Evaluation]] = {
    "present": _present,
    "filled": _filled,
    "in": _in,
    ">": _above,
    "<": _below,
    "module": _module,
    "group": _group,
    "all": _all,
    "any": _any,
    "not": _not,
    "unknown": _unknown,
}
