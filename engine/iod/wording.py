"""Conditions of the facts in words: why an attribute is required."""

from collections.abc import Sequence
from typing import Any

from engine.encoding.elements import tag_text
from engine.standard.facts import keyword_of

_ROOM = 70
"""The longest condition that is worded, in characters: nobody reads more in a list."""
_SIMPLE = {"present": "is present", "filled": "has a value"}
_NEGATED = {"present": "is absent", "filled": "has no value"}


def worded(expression: Sequence[Any]) -> str | None:
    """A condition such as `PatientIdentityRemoved is YES`; None if it is long or not of elements.

    Args:
        expression: as it stands in the facts; its words are the standard's, none of a file's.
    """
    text = _worded(expression)
    return text if text and len(text) <= _ROOM else None


def _worded(expression: Sequence[Any]) -> str | None:
    operator, *operands = expression
    if operator in _SIMPLE:
        return f"{_name(operands[0])} {_SIMPLE[operator]}"
    if operator == "in":
        return f"{_name(operands[0])} is {_listed(operands[1])}"
    if operator in {"<", ">"}:
        return f"{_name(operands[0])} {operator} {operands[1]}"
    if operator == "not":
        return _negated(operands[0])
    if operator in {"all", "any"}:
        parts = [_worded(part) for part in operands]
        if all(parts) and not any(part[0] in {"all", "any"} for part in operands):
            return (" and " if operator == "all" else " or ").join(map(str, parts))
    return None


def _negated(expression: Sequence[Any]) -> str | None:
    operator, *operands = expression
    if operator in _NEGATED:
        return f"{_name(operands[0])} {_NEGATED[operator]}"
    if operator == "in":
        return f"{_name(operands[0])} is not {_listed(operands[1])}"
    return None


def _name(path: Any) -> str:  # noqa: ANN401 -- JSON
    tag = path if isinstance(path, int) else path[-1]
    return keyword_of(tag) or tag_text(tag)


def _listed(values: Sequence[Any]) -> str:
    return " or ".join(map(str, values))
