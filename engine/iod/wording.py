"""Conditions of the facts in words: why an attribute is required."""

from collections.abc import Sequence
from typing import Any

from engine.standard.facts import keyword_of
from engine.tags import tag_text

_ROOM = 70
"""The longest condition that is put into words, in characters."""
_CONJUNCTIONS = {"all": " and ", "any": " or "}
_SIMPLE = {"present": "is present", "filled": "has a value"}
_NEGATED = {"present": "is absent", "filled": "has no value"}


def worded(expression: Sequence[Any]) -> str | None:
    """A condition such as `PatientIdentityRemoved is YES`; None if it is long or not of elements.

    Args:
        expression: as in the facts; its words are those of the standard, not of a file.
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
    if operator in _CONJUNCTIONS:
        return _joined(operator, operands)
    return None


def _joined(operator: str, parts: Sequence[Sequence[Any]]) -> str | None:
    if any(part[0] in _CONJUNCTIONS for part in parts):
        return None
    texts = [text for part in parts if (text := _worded(part))]
    return _CONJUNCTIONS[operator].join(texts) if len(texts) == len(parts) else None


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
