"""Checks recorded messages against the AsyncAPI document: which rule is broken, and where.

No result repeats a value of a message, so that it may be logged and shown.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

import orjson
from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

Kind = Literal["stream", "live"]
"""How a message was sent: appended to a stream, or announced on a Pub/Sub channel."""

MOST_VIOLATIONS = 50
"""Most violations reported for one message: a message of garbage must not fill the memory."""

_KINDS: dict[str, Kind] = {"stream": "stream", "pubsub": "live"}
_DATE_TIME = re.compile(r"(?i)[0-9-]{10}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PHRASES = {
    "type": "must be of type {}",
    "format": "must be a {}",
    "pattern": "must match the pattern {}",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be greater than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
}


@dataclass(frozen=True)
class Recorded:
    """A message as it was seen on the event bus."""

    kind: Kind
    address: str
    """Key of the stream or name of the Pub/Sub channel."""
    body: bytes
    """The event's JSON: the stream entry's field `__data__`, or the Pub/Sub message."""


@dataclass(frozen=True)
class Violation:
    """A rule of the document that a message breaks."""

    address: str
    event: str | None
    """The event's type, if it is a documented one."""
    path: str
    """Where in the message, as a JSONPath (RFC 9535): `$.data.file_count`."""
    rule: str
    """The rule there."""

    def __str__(self) -> str:
        return f"{self.event or 'A message'} at {self.address}: {self.path} {self.rule}."


class MessageCheck:
    """An AsyncAPI document, prepared to check messages.

    Args:
        document: parsed AsyncAPI 3.0, its channels marked with `x-redis`.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._channels = {
            (_KINDS[channel["x-redis"]["type"]], channel["address"]): channel
            for channel in document["channels"].values()
        }
        self._rules: dict[str, Validator] = {}
        for name, message in document["components"]["messages"].items():
            schema = {**message["payload"], "components": document["components"]}
            self._rules[name] = _Rules(schema, format_checker=FORMATS)

    def violations(self, recorded: Recorded) -> list[Violation]:
        """The rules of the document that a message breaks; none if it is as documented.

        Args:
            recorded: the message; its body may be any bytes.

        Returns:
            At most MOST_VIOLATIONS, in the order of the schema.
        """
        channel = self._channels.get((recorded.kind, recorded.address))
        if channel is None:
            place = "stream" if recorded.kind == "stream" else "live channel"
            return [_violation(recorded, f"was sent on a {place} that is not documented")]
        try:
            message = orjson.loads(recorded.body)
        except orjson.JSONDecodeError:
            return [_violation(recorded, "is not JSON")]
        name = _name(channel, message)
        if name is None:
            allowed = " or ".join(channel["messages"])
            return [_violation(recorded, f"must be one of this address: {allowed}", path="$.type")]
        return [
            _violation(recorded, _sentence(error), event=name, path=error.json_path)
            for error in islice(self._rules[name].iter_errors(message), MOST_VIOLATIONS)
        ]

    def entry_violations(self, address: str, fields: Mapping[bytes, bytes]) -> list[Violation]:
        """The rules of the document that an entry of a stream breaks.

        Args:
            address: the stream.
            fields: the entry's fields as Redis gives them.
        """
        channel = self._channels.get(("stream", address))
        if channel is None or (field := channel["x-redis"].get("field")) is None:
            texts = {_text(name): _text(value) for name, value in fields.items()}
            return self.violations(Recorded("stream", address, json.dumps(texts).encode()))
        if field.encode() not in fields:
            return [Violation(address, None, "$", f"has no field {field}")]
        return self.violations(Recorded("stream", address, fields[field.encode()]))


def _violation(
    recorded: Recorded, rule: str, *, event: str | None = None, path: str = "$"
) -> Violation:
    return Violation(recorded.address, event, path, rule)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _name(channel: Mapping[str, Any], message: object) -> str | None:
    """Which of the channel's messages it is, by its `type`."""
    names = channel["messages"]
    if channel["x-redis"].get("entry") == "fields":
        [name] = names
        return str(name)
    event_type = message.get("type") if isinstance(message, dict) else None
    return event_type if isinstance(event_type, str) and event_type in names else None


def _sentence(error: ValidationError) -> str:
    """The broken rule in words, from the schema alone."""
    keyword = str(error.validator)
    value: Any = error.validator_value
    if keyword == "required":
        return "is required and absent"
    if keyword in {"enum", "const"}:
        allowed = value if keyword == "enum" else [value]
        return "must be " + " or ".join(orjson.dumps(option).decode() for option in allowed)
    phrase = _PHRASES.get(keyword, f"must satisfy `{keyword}` of its schema")
    return phrase.format(value)


FORMATS = FormatChecker(formats=())
"""The formats that the document uses; jsonschema alone accepts any text as `date-time`."""


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    """RFC 3339 5.6, with an offset; leap seconds and the year 0 are not accepted."""
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(value.upper())
    return bool(_DATE_TIME.fullmatch(value))


@FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    """RFC 9562 4: hyphens, no braces, no prefix."""
    return not isinstance(value, str) or bool(_UUID.fullmatch(value))


def _required(
    _: Validator, names: list[str], instance: object, __: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As in JSON Schema, but the error's path leads to the absent property."""
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError("absent", path=[name])


def _pattern(
    _: Validator, pattern: str, instance: object, __: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As in ECMA 262, where `$` is the very end; Python's allows a line feed after it."""
    if isinstance(instance, str):
        anchored = re.sub(r"(?<!\\)\$$", r"\\Z", pattern)
        if not re.search(anchored, instance):
            yield ValidationError("no match")


_Rules = extend(  # type: ignore[no-untyped-call]  # jsonschema has no types for it
    Draft7Validator,  # AsyncAPI's schema object is a superset of this draft
    validators={"required": _required, "pattern": _pattern},
    type_checker=Draft7Validator.TYPE_CHECKER.redefine(
        # To the draft 3.0 is an integer; to most typed languages' JSON parsers it is not.
        "integer",
        lambda _, value: isinstance(value, int) and not isinstance(value, bool),
    ),
)
