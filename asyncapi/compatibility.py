"""Whether a document keeps the promises of the last released one.

Events cross a release in two directions. Consumers written for the released document read new
events, so an event must still be what they were promised. And streams still hold events sent under
it, so those must still be readable. A field may therefore be added if it is optional; nearly
everything else needs a new version of the event, at the end of its `dataschema`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from asyncapi.document import RELEASED, Document, parse
from asyncapi.shape import Shape, shape_of


class Harm(Enum):
    """What a change breaks."""

    CONSUMERS = "consumers written for the release rely on it"
    STREAMS = "streams still hold events of the release, which would be refused"


@dataclass(frozen=True)
class BreakingChange:
    """A change that breaks a promise."""

    event: str
    """Name of the message: the event's type."""
    path: str
    """Where in it, as a JSONPath (RFC 9535)."""
    rule: str
    """What was changed there."""
    harms: tuple[Harm, ...]

    def __str__(self) -> str:
        because = ", and ".join(harm.value for harm in self.harms)
        return f"{self.event}: {self.path} {self.rule}: {because}."


Change = tuple[str, str, tuple[Harm, ...]]
"""Path, rule, harms."""

_BOTH = (Harm.CONSUMERS, Harm.STREAMS)

_STEPS = {"items": "[*]", "additionalProperties": ".*"}
_SETS = {"type", "enum", "anyOf"}
_LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


def last_release() -> Document:
    """The released document with the highest version."""
    paths = RELEASED.glob("*.yaml")
    return parse(max(paths, key=lambda path: _version(path.stem)).read_bytes())


def breaking_changes(released: Document, current: Document) -> list[BreakingChange]:
    """The changes that break consumers, or events that are still in streams.

    Args:
        released: the last released document.
        current: the document that is to replace it.

    Returns:
        The changes, event by event. An event whose version in `dataschema` was raised may change
        in any way. An event without a version (the dead letter) may change, and any event may be
        dropped, with a new major version of the document.
    """
    major_is_up = _version(current["info"]["version"])[0] > _version(released["info"]["version"])[0]
    changes: list[BreakingChange] = []
    for name, message in released["components"]["messages"].items():
        old = shape_of(message["payload"], released)
        version = _event_version(old)
        if name not in current["components"]["messages"]:
            if not major_is_up:
                changes.append(BreakingChange(name, "$", "was dropped", (Harm.CONSUMERS,)))
            continue
        new = shape_of(current["components"]["messages"][name]["payload"], current)
        if _may_change(version, _event_version(new)) or (version is None and major_is_up):
            continue
        changes += (
            BreakingChange(name, path, rule, harms)
            for path, rule, harms in (
                *_address_changes(_places(name, released), _places(name, current)),
                *_changes(old, new, "$"),
            )
        )
    return changes


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split("."))


def _event_version(shape: Shape) -> tuple[str, int] | None:
    """Name and number in `dataschema`."""
    try:
        [text] = shape["properties"]["dataschema"]["enum"]
    except (KeyError, ValueError):
        return None
    name, _, number = text.rpartition(":")
    return name, int(number)


def _may_change(old: tuple[str, int] | None, new: tuple[str, int] | None) -> bool:
    """Whether the version was raised, under the same name."""
    return old is not None and new is not None and old[0] == new[0] and old[1] < new[1]


def _places(name: str, document: Document) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Where a message is sent: the `x-redis` of each kind and address."""
    return {
        (channel["x-redis"]["type"], channel["address"]): channel["x-redis"]
        for channel in document["channels"].values()
        if name in channel["messages"]
    }


def _address_changes(
    old: Mapping[tuple[str, str], Mapping[str, Any]],
    new: Mapping[tuple[str, str], Mapping[str, Any]],
) -> Iterator[Change]:
    for (kind, address), said in old.items():
        if (kind, address) not in new:
            yield "$", f"is no longer sent to the {kind} address {address}", (Harm.CONSUMERS,)
            continue
        now = new[kind, address]
        for key in ("entry", "field", "delivery"):
            if said.get(key) != now.get(key):
                yield "$", f"has another `{key}` at the {kind} address {address}", _BOTH
        if _days(now.get("retention")) < _days(said.get("retention")):
            yield "$", f"is kept for a shorter time at {address}", (Harm.CONSUMERS,)


def _days(retention: str | None) -> timedelta:
    """An ISO 8601 duration in days, such as `P7D`."""
    return timedelta(days=int(retention[1:-1]) if retention else 0)


def _changes(old: Shape, new: Shape, path: str) -> Iterator[Change]:
    """The breaking changes between two shapes, here and below."""
    if not old["type"] & new["type"]:
        was, now = (" or ".join(sorted(shape["type"])) for shape in (old, new))
        yield path, f"changed its type from {was} to {now}", _BOTH
        return
    for keyword in sorted((old.keys() | new.keys()) - {"required"}):
        yield from _keyword_changes(keyword, old.get(keyword), new.get(keyword), path)
    yield from _field_changes(old, new, path)


def _keyword_changes(keyword: str, old: Any, new: Any, path: str) -> Iterator[Change]:  # noqa: ANN401 -- any JSON
    """The breaking changes of one keyword."""
    if keyword == "properties":
        for name in sorted((old or {}).keys() & (new or {}).keys()):
            yield from _changes(old[name], new[name], f"{path}.{name}")
    elif keyword in _STEPS and isinstance(old, dict) and isinstance(new, dict):
        yield from _changes(old, new, path + _STEPS[keyword])
    elif keyword in _SETS and None not in (old, new):
        yield from _set_changes(keyword, old, new, path)
    else:
        yield from _rule_changes(keyword, old, new, path)


def _set_changes(
    keyword: str, old: Collection[Any], new: Collection[Any], path: str
) -> Iterator[Change]:
    """Alternatives that were added or dropped."""
    for value in new:
        if value not in old:
            yield path, f"allows another `{keyword}` now, {_name(value)}", (Harm.CONSUMERS,)
    for value in old:
        if value not in new:
            yield path, f"no longer allows the `{keyword}` {_name(value)}", (Harm.STREAMS,)


def _name(value: Any) -> str:  # noqa: ANN401 -- any JSON
    return "of a shape of its own" if isinstance(value, dict) else str(value)


def _rule_changes(keyword: str, old: Any, new: Any, path: str) -> Iterator[Change]:  # noqa: ANN401 -- any JSON
    """A rule that was added, dropped or changed."""
    if old == new:
        return
    if old is None:
        yield path, f"was tightened: `{keyword}` is new", (Harm.STREAMS,)
    elif new is None:
        yield path, f"was loosened: `{keyword}` is gone", (Harm.CONSUMERS,)
    elif keyword in _LOWER | _UPPER:
        tighter = (new > old) == (keyword in _LOWER)
        word, harm = ("tightened", Harm.STREAMS) if tighter else ("loosened", Harm.CONSUMERS)
        yield path, f"was {word}: `{keyword}` is {new} instead of {old}", (harm,)
    else:
        yield path, f"has another `{keyword}`", _BOTH


def _field_changes(old: Shape, new: Shape, path: str) -> Iterator[Change]:
    """Fields that were dropped, added, or became required or optional."""
    before, after = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = old.get("required", frozenset()), new.get("required", frozenset())
    for name in before:
        if name not in after:
            yield f"{path}.{name}", "was dropped", (Harm.CONSUMERS,)
        elif name in was_required - is_required:
            yield f"{path}.{name}", "is no longer required", (Harm.CONSUMERS,)
    for name in sorted(is_required - was_required):
        state = "is required now" if name in before else "is new and required"
        yield f"{path}.{name}", state, (Harm.STREAMS,)
