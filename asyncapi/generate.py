"""Generates the AsyncAPI 3.0 document from the services' own brokers.

FastStream describes every subscriber and publisher by itself; what it makes of an address that
several of them share is put together here: one channel for the stream and one for the live
announcement of each address, one message for each event, one operation for each subscriber and
publisher. What the Redis binding has no room for stands under `x-redis`.
"""

import warnings
from pathlib import Path
from typing import Any

import yaml
from faststream.redis import RedisBroker
from faststream.specification import AsyncAPI

import descriptor.app
import gateway.app
import status.app
import validator.app
from chassis.settings import load
from contracts.channels import CHANNELS, DEAD_LETTER, Channel
from descriptor.settings import DescriptorSettings
from gateway.settings import GatewaySettings
from status.settings import StatusSettings
from validator.settings import ValidatorSettings

DOCUMENT = Path(__file__).parent / "asyncapi.yaml"
"""Where the committed document lies."""

API_VERSION = "1.0.0"
REDIS_URL = "redis://localhost:6379"
INSTANCE = "example"
"""Consumer name in the generated brokers; the real one, host and process id, says nothing."""

DESCRIPTION = """\
The event bus of the Hybrid DICOM Validator: what happens to a study between its upload and the
archive. Every event is a CloudEvent 1.0 in structured JSON; it carries identifiers, counts, codes
and relative paths, never names, birth dates or other protected health information.

Each event is sent twice, in one Redis transaction: appended to the **stream** of its address, which
consumer groups read at least once, and announced on the **Pub/Sub channel** of the same name, which
whoever listens at that moment hears. In a stream entry the event stands in the field `__data__`;
a Pub/Sub message is the event itself.
"""

Document = dict[str, Any]


def brokers() -> list[RedisBroker]:
    """The brokers of all services, as they are when a service starts."""
    services = (
        gateway.app.create_app(load(GatewaySettings, redis_url=REDIS_URL), instance=INSTANCE),
        validator.app.create_app(load(ValidatorSettings, redis_url=REDIS_URL), instance=INSTANCE),
        descriptor.app.create_app(load(DescriptorSettings, redis_url=REDIS_URL), instance=INSTANCE),
        status.app.create_app(load(StatusSettings, redis_url=REDIS_URL), instance=INSTANCE),
    )
    return [service.broker for service in services]


def generate() -> str:
    """The document as YAML; the same bytes every time."""
    with warnings.catch_warnings():
        # FastStream only warns when one endpoint overwrites another in the document.
        warnings.simplefilter("error", RuntimeWarning)
        generated = AsyncAPI(*brokers(), schema_version="3.0.0").to_specification().to_jsonable()
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hybrid DICOM Validator: events",
            "version": API_VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "redis": {
                "host": "localhost:6379",
                "protocol": "redis",
                "description": "Redis 6.2 or later; streams and Pub/Sub.",
            }
        },
        "channels": {
            key: value for channel in CHANNELS for key, value in (_stream(channel), _live(channel))
        },
        "operations": dict(sorted(_operations(generated).items())),
        "components": {
            "messages": {_type(channel): _message(channel) for channel in CHANNELS},
            "schemas": dict(sorted(generated["components"]["schemas"].items())),
        },
    }
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return text


def _stream(channel: Channel) -> tuple[str, Document]:
    """The channel that carries the work."""
    return channel.address, {
        **_channel(channel, "Stream"),
        "description": f"{channel.description} At least once: acknowledge after success.",
        "x-redis": {
            "type": "stream",
            "field": "__data__",
            "delivery": "at-least-once",
            "consumerGroups": list(channel.groups),
            "retention": f"P{channel.retention.days}D",
            "deadLetter": DEAD_LETTER,
        },
    }


def _live(channel: Channel) -> tuple[str, Document]:
    """The channel that announces."""
    return f"{channel.address}.live", {
        **_channel(channel, "Live channel"),
        "description": f"{channel.description} At most once: only who listens hears it.",
        "x-redis": {"type": "pubsub", "delivery": "at-most-once"},
    }


def _channel(channel: Channel, kind: str) -> Document:
    return {
        "address": channel.address,
        "title": f"{kind} {channel.address}",
        "servers": [{"$ref": "#/servers/redis"}],
        "messages": {_type(channel): {"$ref": f"#/components/messages/{_type(channel)}"}},
    }


def _message(channel: Channel) -> Document:
    return {
        "name": _type(channel),
        "title": channel.event.__name__,
        "summary": channel.event.__doc__,
        "contentType": "application/json",
        "correlationId": {
            "description": "The event's id; a repeated delivery carries the same one.",
            "location": "$message.payload#/id",
        },
        "payload": {"$ref": f"#/components/schemas/{channel.event.__name__}"},
    }


def _operations(generated: Document) -> Document:
    """FastStream's operations, pointed at the channels of this document."""
    operations: Document = {}
    for name, operation in generated["operations"].items():
        key = operation["channel"]["$ref"].removeprefix("#/channels/")
        binding = generated["channels"][key]["bindings"]["redis"]
        channel = next(c for c in CHANNELS if c.address == binding["channel"])
        target = f"{channel.address}.live" if binding["method"] == "publish" else channel.address
        redis = {"method": binding["method"]}
        if group := binding.get("groupName"):
            redis["consumerGroup"] = group
        operations[name] = {
            "action": operation["action"],
            "channel": {"$ref": f"#/channels/{target}"},
            "messages": [{"$ref": f"#/channels/{target}/messages/{_type(channel)}"}],
            "tags": [{"name": name.partition(".")[0]}],
            "x-redis": redis,
        }
    return operations


def _type(channel: Channel) -> str:
    """The event's type, as it stands on the wire."""
    return str(channel.event.model_json_schema()["properties"]["type"]["const"])
