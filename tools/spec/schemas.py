"""The JSON schemas of the events as sent, made from the models."""

from collections.abc import Sequence
from typing import Any, get_args

from pydantic.json_schema import models_json_schema

from contracts.described import descriptions
from contracts.events import CloudEvent

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"

_ORDER = (
    "title", "description", "type", "const", "enum", "format", "pattern", "minimum", "maximum",
    "minLength", "maxLength", "minItems", "maxItems", "items", "allOf", "examples", "required",
    "properties",
)  # fmt: skip


def event_schemas(events: Sequence[type[CloudEvent]]) -> dict[str, Schema]:
    """The schema of each event and of every model inside, by name.

    Raises:
        ValueError: a model uses keywords that this document has no place for.
    """
    _, definitions = models_json_schema(
        [(event, "validation") for event in events], ref_template=REFERENCE
    )
    schemas = {name: _on_the_wire(schema) for name, schema in definitions["$defs"].items()}
    envelope = descriptions(CloudEvent)
    for event in events:
        for name, attribute in schemas[event.__name__]["properties"].items():
            # An attribute that an event narrows down to a literal has the envelope's description.
            attribute.setdefault("description", _one_line(envelope.get(name, "")))
    return {
        name: _ordered(schema | {"properties": _ordered_properties(schema)})
        if "properties" in schema
        else _ordered(schema)
        for name, schema in sorted(schemas.items())
    }


def constant(event: type[CloudEvent], attribute: str) -> str:
    """The one value that an attribute of an event has, such as its `type`."""
    [value] = get_args(event.model_fields[attribute].annotation)
    return str(value)


def _on_the_wire(schema: Schema) -> Schema:
    """A definition with its properties as they are sent."""
    schema = {**schema, "description": _one_line(schema["description"])}
    if "properties" in schema:
        schema["properties"] = {
            name: _property(attribute) for name, attribute in schema["properties"].items()
        }
    return schema


def _property(schema: Schema) -> Schema:
    """A property: absent rather than null, and without the title that only repeats its name."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    if "anyOf" in schema:
        [present, null] = schema.pop("anyOf")
        if null != {"type": "null"} or schema.pop("default") is not None:
            raise ValueError("a field is either always there or absent, of one type")
        schema |= present
    if "$ref" in schema:  # beside which JSON Schema's draft 7 ignores everything
        schema["allOf"] = [{"$ref": schema.pop("$ref")}]
    if "description" in schema:
        schema["description"] = _one_line(schema["description"])
    return schema


def _ordered_properties(schema: Schema) -> dict[str, Schema]:
    return {name: _ordered(attribute) for name, attribute in schema["properties"].items()}


def _ordered(schema: Schema) -> Schema:
    if unknown := schema.keys() - set(_ORDER):
        raise ValueError(
            f"a model has keywords that this document has no place for: {sorted(unknown)}"
        )
    return {key: schema[key] for key in _ORDER if key in schema}


def _one_line(text: str) -> str:
    return " ".join(text.split())
