"""Models and document agree: on what the models make, and on what either of them refuses."""

import copy
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from asyncapi.check import FORMATS, Kind, MessageCheck, Recorded
from asyncapi.document import committed_document
from contract.event_strategies import models
from contracts.channels import CHANNELS, Channel
from contracts.examples import example_events

DOCUMENT = committed_document()
CHECK = MessageCheck(DOCUMENT)
SCHEMAS = DOCUMENT["components"]["schemas"]
EXAMPLES = {type(event): orjson.loads(event.to_json()) for event in example_events()}
"""With everything in them that an event can have."""

KINDS: tuple[Kind, ...] = ("stream", "live")
Path = tuple[str | int, ...]
Change = Callable[[Any], Any]

each_event = pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: c.event.__name__)
quickly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def document_allows(channel: Channel, message: Any) -> bool:
    body = orjson.dumps(message)
    return not CHECK.violations(Recorded("stream", channel.address, body))


def model_allows(channel: Channel, message: Any) -> bool:
    try:
        channel.event.model_validate_json(orjson.dumps(message))
    except ValidationError:
        return False
    return True


@each_event
@given(data=st.data())
@settings(quickly, max_examples=40)
def test_every_event_that_a_model_can_make_is_as_documented(
    channel: Channel, data: st.DataObject
) -> None:
    event = data.draw(models(channel.event))
    for kind in KINDS:
        assert CHECK.violations(Recorded(kind, channel.address, event.to_json())) == []
    assert channel.event.model_validate_json(event.to_json()) == event


@each_event
def test_whatever_the_document_forbids_is_refused_by_the_model(channel: Channel) -> None:
    assert_refused(channel, EXAMPLES[channel.event])


@each_event
@given(data=st.data())
@settings(quickly, max_examples=6)
def test_whatever_the_document_forbids_is_refused_in_any_event(
    channel: Channel, data: st.DataObject
) -> None:
    assert_refused(channel, orjson.loads(data.draw(models(channel.event)).to_json()))


def assert_refused(channel: Channel, message: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{channel.event.__name__}"}
    for place, rule, change in forbidden(schema, message):
        changed = changed_at(message, place, change)
        assert not document_allows(channel, changed), (place, rule)
        assert not model_allows(channel, changed), (place, rule)


@each_event
@given(data=st.data())
@settings(quickly, max_examples=200)
def test_document_and_model_agree_on_any_change(channel: Channel, data: st.DataObject) -> None:
    message = EXAMPLES[channel.event]
    place = data.draw(st.sampled_from([place for place, _ in places(message) if place]))
    value = data.draw(ANYTHING)
    changed = changed_at(message, place, lambda _: value)
    assert document_allows(channel, changed) == model_allows(channel, changed)


@each_event
@given(data=st.data())
@settings(quickly, max_examples=40)
def test_fields_that_neither_knows_are_ignored_by_both(
    channel: Channel, data: st.DataObject
) -> None:
    message = EXAMPLES[channel.event]
    objects = [place for place, value in places(message) if isinstance(value, dict)]
    place = data.draw(st.sampled_from(objects))
    value = data.draw(ANYTHING)
    changed = changed_at(message, place, lambda known: {**known, "unheard-of": value})
    assert document_allows(channel, changed)
    assert model_allows(channel, changed)


@each_event
def test_what_need_not_be_there_may_be_absent_for_both(channel: Channel) -> None:
    def leave_out(known: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in known.items() if name not in OPTIONAL}

    message = EXAMPLES[channel.event]
    for place, value in list(places(message)):
        if isinstance(value, dict):
            message = changed_at(message, place, leave_out)
    assert not {place[-1] for place, _ in places(message) if place} & OPTIONAL
    assert document_allows(channel, message)
    assert model_allows(channel, message)


OPTIONAL = {"traceparent", "path", "keyword"}


NEAR_MISSES = [
    "0B1C9C5E-3F0F-4B7F-8F5E-2F3A9D1B6C11", "0b1c9c5e3f0f4b7f8f5e2f3a9d1b6c11",
    "0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11", "0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11\n",
    "{0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11}", "urn:uuid:0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11",
    "2026-03-01T09:30:00Z", "2026-03-01T09:30:00+02:00", "2026-03-01T09:30:00.123456789Z",
    "2026-03-01T09:30:00", "2026-03-01 09:30:00Z", "2026-03-01t09:30:00z", "2026-03-01T09:30Z",
    "2026-03-01T09:30:60Z", "2026-03-01T24:00:00Z", "2026-02-29T09:30:00Z", "2026-13-01T09:30:00Z",
    "0000-01-01T00:00:00Z", "2026-03-01T09:30:00+0200", "2026-03-01T09:30:00+24:00",
    "2026-03-01T09:30:00-00:00", "2026-03-01T09:30:00.Z", "1772357400", "2026-03-01",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "٢026-03-01T09:30:00Z",
    "uploads", "uploads/a", "uploads/../a", "uploads//a", "/uploads", "Uploads", "uploads/a\n", "",
    "a.b", "a..b", ".a", "a.", "A.b", "urn:hdv:x", "urn:hdv:", "urn:hdv:x\n", "urn:HDV:x",
    "error", "ERROR", "study.uploaded", "1.0", "application/json", "true", "1", "1.5", "null",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x" * 600, "é" * 500, "😀" * 500,
]  # fmt: skip

ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(NEAR_MISSES),
    st.sampled_from([0, 1, -1, 2**53 - 1, 2**53, 2**63, 0.0, 1.0, 1.5, True, False, None]),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=5,
    ),
)


def places(value: Any, place: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every part of a message, and where it is."""
    yield place, value
    if isinstance(value, dict | list):
        steps = value if isinstance(value, dict) else range(len(value))
        for step in steps:
            yield from places(value[step], (*place, step))


def changed_at(message: Any, place: Path, change: Change) -> Any:
    """The message with one part of it changed."""
    if not place:
        return change(message)
    changed = copy.copy(message)
    changed[place[0]] = changed_at(message[place[0]], place[1:], change)
    return changed


def forbidden(schema: Any, value: Any, place: Path = ()) -> Iterator[tuple[Path, str, Change]]:
    """Changes that break one rule of a schema each, at every depth of a message."""
    while "$ref" in schema or "allOf" in schema:
        reference = schema.get("$ref") or schema["allOf"][0]["$ref"]
        schema = SCHEMAS[reference.rpartition("/")[2]]
    for rule in schema.keys() & BREAK.keys():
        for instead in BREAK[rule](schema[rule], value):
            yield place, rule, partial(replaced, instead)
    for name in schema.get("required", ()):
        yield place, f"required {name}", partial(without, name)
    for name, part in schema.get("properties", {}).items():
        if name in value:
            yield from forbidden(part, value[name], (*place, name))
    if schema.get("items") and value:  # all of them are alike
        yield from forbidden(schema["items"], value[0], (*place, 0))


def replaced(instead: Any, _: Any) -> Any:
    return instead


def without(name: str, known: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in known.items() if key != name}


SAMPLES: dict[str, Any] = {
    "null": None, "boolean": True, "integer": 7, "number": 1.5, "string": "x", "array": [],
    "object": {},
}  # fmt: skip


def of_another_type(allowed: str, value: Any) -> Iterator[Any]:
    yield from (sample for name, sample in SAMPLES.items() if name != allowed)
    if allowed == "integer":
        yield from (float(value), str(value))


def not_matching(pattern: str, value: Any) -> Iterator[str]:
    anchored = re.compile(pattern.removesuffix("$") + r"\Z")
    texts = (*NEAR_MISSES, f"{value}\n", f" {value}", f"{value} ")
    return (text for text in texts if not anchored.search(text))


def not_of_format(name: str, _: Any) -> Iterator[str]:
    return (text for text in NEAR_MISSES if not FORMATS.conforms(text, name))


def too_many(most: int, value: Any) -> Iterator[list[Any]]:
    finding = {"code": "a.b", "severity": "info", "message": "", "count": 1}
    yield [*value, *[finding] * (most + 1 - len(value))]


BREAK: dict[str, Callable[[Any, Any], Iterable[Any]]] = {
    "type": of_another_type,
    "const": lambda only, _: (f"{only}x", only[:-1], only.upper() + " "),
    "enum": lambda _, value: (f"{value}x", value[:-1], value.upper()),
    "pattern": not_matching,
    "format": not_of_format,
    "minimum": lambda least, _: (least - 1,),
    "maximum": lambda most, _: (most + 1,),
    "maxLength": lambda most, _: ("x" * (most + 1), "😀" * (most + 1)),
    "maxItems": too_many,
}
"""For each rule of a schema the values that break it, from what it says and a valid value."""


def test_every_rule_of_the_schemas_is_among_those_that_are_broken() -> None:
    broken = {*BREAK, "required"}
    rest = {"title", "description", "examples", "properties", "items", "allOf"}
    events = (schema for name, schema in SCHEMAS.items() if name != "DeadLetter")
    for schema in events:
        for part in (schema, *schema.get("properties", {}).values()):
            assert part.keys() <= broken | rest
