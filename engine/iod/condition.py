"""Conditions as scopes evaluate them: where each part looks, and how long its truth is valid."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

from engine.standard import condition
from engine.standard.condition import Truth, compile_expression, composed
from engine.standard.facts import ConditionFact

_COMPOSING = frozenset({"all", "any", "not"})
"""The operators on other conditions."""
_LOOKING = frozenset({"present", "filled", "in", "<", ">"})
"""The operators on an element."""


class Scope(condition.Scope, Protocol):
    """A data set or item that remembers which conditions hold in it."""

    def truth(self, condition: "Condition") -> Truth:
        """Whether a condition holds here; None: unknown."""


Evaluation: TypeAlias = Callable[[Scope], Truth]


class Condition:
    """A condition of the facts, ready to be evaluated.

    Attributes:
        evaluate: whether it holds in a scope.
        tags: where its paths begin.
        reaches_out: whether its paths may begin in an enclosing data set or item.
        asks_for_groups: whether it depends on the functional groups of the frame.
        is_composed: whether it asks the scope for the truth of its parts.
        expression: as in the facts.
    """

    __slots__ = ("asks_for_groups", "evaluate", "expression", "is_composed", "reaches_out", "tags")

    def __init__(self, expression: Sequence[Any], parts: "Sequence[Condition]" = ()) -> None:
        paths = list(_paths(expression))
        self.tags = frozenset(path[path[0] == 0] for path in paths)
        self.reaches_out = all(path[0] for path in paths)
        self.asks_for_groups = "group" in _operators(expression)
        self.is_composed = bool(parts)
        self.expression = expression
        self.evaluate: Evaluation = (
            composed(expression[0], [part.truth_in for part in parts])
            if parts
            else compile_expression(expression)
        )

    def truth_in(self, scope: Scope) -> Truth:
        """Whether it holds in a scope, which remembers that."""
        return scope.truth(self)


class Conditions:
    """The conditions of the facts, by their indices; each is compiled when it is first used."""

    def __init__(self, facts: Sequence[ConditionFact]) -> None:
        self._facts = facts
        self._conditions: dict[str, Condition] = {}

    def get(self, index: int | None) -> Condition | None:
        """A condition; None without an index."""
        return None if index is None else self._condition(self._facts[index].when)

    def bars(self, index: int | None) -> bool:
        """Whether what depends on a condition must be absent when it is false."""
        return index is not None and self._facts[index].otherwise == "absent"

    def _condition(self, expression: Sequence[Any]) -> Condition:
        key = repr(expression)
        if key not in self._conditions:
            # A part that looks through the items of a sequence is a condition of its own, so that
            # it is evaluated once where the sequence is, not for each item of another part.
            is_divided = expression[0] in _COMPOSING and _goes_through_items(expression)
            parts = [self._condition(part) for part in expression[1:]] if is_divided else []
            self._conditions[key] = Condition(expression, parts)
        return self._conditions[key]


def _paths(expression: Sequence[Any]) -> Iterator[Sequence[int]]:
    operator, *operands = expression
    if operator in _COMPOSING:
        for part in operands:
            yield from _paths(part)
    elif operator in _LOOKING:
        yield operands[0] if isinstance(operands[0], Sequence) else (operands[0],)


def _operators(expression: Sequence[Any]) -> Iterator[str]:
    operator, *operands = expression
    yield operator
    if operator in _COMPOSING:
        for part in operands:
            yield from _operators(part)


def _goes_through_items(expression: Sequence[Any]) -> bool:
    """Whether it looks at elements in the items of a sequence."""
    return any(len(path) > 1 + (path[0] == 0) for path in _paths(expression))
