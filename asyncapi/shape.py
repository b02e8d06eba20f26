"""The shape of a schema: what it allows, however it is written.

Schemas that allow the same values have the same shape, whether they say so in place, by `$ref` or
by `allOf`, by `const` or by an `enum` of one, and whatever their titles and descriptions are.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

Shape = dict[str, Any]
"""Keywords and their values. `type` is always there; `type` and `required` are frozensets, `enum`
is a sorted tuple; `properties`, `items`, `additionalProperties` and `anyOf` contain shapes."""

_ANNOTATIONS = {
    "title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly",
    "externalDocs", "$comment", "$id", "$schema",
}  # fmt: skip

_TYPES: dict[type, str] = {
    type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string",
    list: "array", dict: "object",
}  # fmt: skip

_MOST_LEVELS = 50


def shape_of(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> Shape:
    """The shape of a schema.

    Args:
        schema: JSON Schema, draft 7.
        document: the document that its references lead into.
        depth: how many other schemas it is nested in.

    Raises:
        ValueError: it refers to itself, or combines what cannot be put into one shape.
    """
    if depth > _MOST_LEVELS:
        raise ValueError("a schema that refers to itself cannot be compared")

    def below(part: Mapping[str, Any]) -> Shape:
        return shape_of(part, document, depth + 1)

    if "$ref" in schema:  # draft 7 ignores everything beside it
        return below(_resolve(schema["$ref"], document))
    shape = {
        key: value
        for key, value in schema.items()
        if key not in _ANNOTATIONS and not key.startswith("x-")
    }
    parts = [below(part) for part in shape.pop("allOf", ())]
    shape["type"] = _types(shape.get("type", _TYPES.values()))
    _shape_children(shape, below)
    _unite_enum(shape)
    _unite_bounds(shape)
    if "anyOf" in shape:
        parts.append(_any_of([below(part) for part in shape.pop("anyOf")]))
    return reduce(_all_of, parts, shape)


def _shape_children(shape: Shape, below: Callable[[Mapping[str, Any]], Shape]) -> None:
    """Replace the schemas of properties and items by their shapes."""
    if "properties" in shape:
        shape["properties"] = {name: below(part) for name, part in shape["properties"].items()}
    if "required" in shape:
        shape["required"] = frozenset(shape["required"])
    for keyword in ("items", "additionalProperties"):
        if isinstance(shape.get(keyword), Mapping):
            shape[keyword] = below(shape[keyword])
    if shape.get("additionalProperties") is True:
        del shape["additionalProperties"]


def _resolve(reference: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of the document that a reference points to (a JSON pointer, RFC 6901)."""
    part: Any = document
    for step in reference.removeprefix("#/").split("/"):
        part = part[step.replace("~1", "/").replace("~0", "~")]
    found: Mapping[str, Any] = part
    return found


def _types(types: str | Iterable[str]) -> frozenset[str]:
    """Types of JSON; `number` contains `integer`."""
    named = frozenset([types] if isinstance(types, str) else types)
    return named | {"integer"} if "number" in named else named


def _unite_enum(shape: Shape) -> None:
    """`const` is an enum of one, and an enum's values have their types."""
    if "const" in shape:
        shape["enum"] = [shape.pop("const")]
    if "enum" in shape:
        allowed = [value for value in shape["enum"] if _TYPES[type(value)] in shape["type"]]
        shape["enum"] = tuple(sorted(allowed, key=lambda value: (_TYPES[type(value)], value)))
        shape["type"] = frozenset(_TYPES[type(value)] for value in allowed)


def _unite_bounds(shape: Shape) -> None:
    """Greater than 0 is at least 1, for whole numbers."""
    if shape["type"] == {"integer"}:
        for exclusive, inclusive, step in (
            ("exclusiveMinimum", "minimum", 1),
            ("exclusiveMaximum", "maximum", -1),
        ):
            if exclusive in shape:
                shape[inclusive] = shape.pop(exclusive) + step


def _any_of(branches: list[Shape]) -> Shape:
    """One shape for branches of different types, such as string and null: their keywords differ."""
    types = frozenset[str]().union(*(branch["type"] for branch in branches))
    apart = sum(len(branch["type"]) for branch in branches) == len(types)
    if apart and not any("enum" in branch for branch in branches):
        return {key: value for branch in branches for key, value in branch.items()} | {
            "type": types
        }
    return {"type": types, "anyOf": branches}


def _all_of(one: Shape, other: Shape) -> Shape:
    """The shape of values that have both shapes."""
    both = {**one, **other, "type": one["type"] & other["type"]}
    for keyword in (one.keys() & other.keys()) - {"type"}:
        if keyword == "required":
            both[keyword] = one[keyword] | other[keyword]
        elif keyword == "properties":
            both[keyword] = {**one[keyword], **other[keyword]}
            for name in one[keyword].keys() & other[keyword].keys():
                both[keyword][name] = _all_of(one[keyword][name], other[keyword][name])
        elif one[keyword] != other[keyword]:
            raise ValueError(f"two values of `{keyword}` for one thing cannot be compared")
    return both
