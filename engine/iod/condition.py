"""Conditions as scopes evaluate them: where each part looks, and what it can be remembered for."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.standard.condition import Truth, compile_expression

if TYPE_CHECKING:
    from engine.iod.scope import Scope

Evaluation: TypeAlias = "Callable[[Scope], Truth]"

COMPOSING = frozenset({"all", "any", "not"})
"""The operators on other conditions."""
_LOOKING = frozenset({"present", "filled", "in", "<", ">"})
"""Those on an element."""


class Condition:
    """A condition of the facts, ready to be evaluated.

    Attributes:
        evaluate: whether it holds in a scope.
        tags: where its paths begin.
        reaches_out: whether its paths may begin in an enclosing data set or item.
        asks_for_groups: whether it depends on the functional groups of the frame.
        is_composed: whether it asks the scope for the truth of its parts.
        expression: as it stands in the facts.
    """

    __slots__ = ("asks_for_groups", "evaluate", "expression", "is_composed", "reaches_out", "tags")

    def __init__(self, expression: Sequence[Any], parts: "Sequence[Condition]") -> None:
        paths = list(_paths(expression))
        self.tags = frozenset(path[path[0] == 0] for path in paths)
        self.reaches_out = all(path[0] for path in paths)
        self.asks_for_groups = "group" in _operators(expression)
        self.is_composed = bool(parts)
        self.expression = expression
        self.evaluate: Evaluation = (
            _composed(expression[0], parts) if parts else compile_expression(expression)
        )


def _composed(operator: str, parts: Sequence[Condition]) -> "Evaluation":
    """Decided by the first False for `all`, the first True for `any`; else unknown wins."""
    decisive = operator == "any"

    def composed(scope: "Scope") -> Truth:
        result: Truth = not decisive
        for part in parts:
            truth = scope.truth(part)
            if truth is decisive:
                return decisive
            if truth is None:
                result = None
        return result

    def negated(scope: "Scope") -> Truth:
        truth = scope.truth(parts[0])
        return None if truth is None else not truth

    return negated if operator == "not" else composed


def _paths(expression: Sequence[Any]) -> Iterator[Sequence[int]]:
    operator, *operands = expression
    if operator in COMPOSING:
        for part in operands:
            yield from _paths(part)
    elif operator in _LOOKING:
        yield operands[0] if isinstance(operands[0], Sequence) else (operands[0],)


def _operators(expression: Sequence[Any]) -> Iterator[str]:
    operator, *operands = expression
    yield operator
    if operator in COMPOSING:
        for part in operands:
            yield from _operators(part)


def goes_through_items(expression: Sequence[Any]) -> bool:
    """Whether it looks at elements in the items of a sequence."""
    return any(len(path) > 1 + (path[0] == 0) for path in _paths(expression))
