"""Generates the AsyncAPI 3.0 document from the services' own brokers and the models.

There is one channel for the stream and one for the live announcement of each address, one message
for each event, one operation for each subscriber and publisher. What the Redis binding has no field
for is under `x-redis`.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from contracts.channels import CHANNELS, DEAD_LETTER, Channel
from contracts.examples import example_events
from tools.spec import dead_letter
from tools.spec.operations import SECURITY, operations
from tools.spec.schemas import constant, event_schemas

API_VERSION = "1.2.0"
"""Version of this document: the first number rises when an event is dropped, the second when
something is added, the third when only texts change."""

INTRODUCTION = Path(__file__).parent / "introduction.md"

Part = dict[str, Any]

TAGS = {
    "gateway": "Receives studies over HTTP.",
    "validator": "Validates the instances of a study.",
    "descriptor": "Describes a study and stores it in the archive.",
    "status": "Keeps the state of every study; reads all events, sends none.",
    "stream": "A Redis stream: kept, read from any point, at least once.",
    "live": "A Redis Pub/Sub channel: received by current listeners, at most once.",
}


def generate() -> str:
    """The document as YAML; the same bytes every time."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hybrid DICOM Validator: events",
            "version": API_VERSION,
            "description": INTRODUCTION.read_text(encoding="utf-8"),
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
            "tags": [{"$ref": f"#/components/tags/{name}"} for name in TAGS],
            "externalDocs": {
                "description": "CloudEvents 1.0, the envelope of every event",
                "url": "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md",
            },
        },
        "defaultContentType": "application/json",
        "servers": {"redis": _server()},
        "channels": {
            key: value for channel in CHANNELS for key, value in (_stream(channel), _live(channel))
        }
        | {DEAD_LETTER: dead_letter.CHANNEL},
        "operations": operations(),
        "components": {
            "messages": _messages(),
            "schemas": event_schemas([channel.event for channel in CHANNELS])
            | {dead_letter.SCHEMA["title"]: dead_letter.SCHEMA},
            "securitySchemes": {"redis-user": _security_scheme()},
            "tags": {
                name: {"name": name, "description": description}
                for name, description in TAGS.items()
            },
        },
    }
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def _server() -> Part:
    return {
        "host": "{host}:{port}",
        "protocol": "redis",
        "description": (
            "The one Redis that all services share: Valkey, Redis 6.2 or later, or what speaks its "
            "protocol; with TLS if their `HDV_REDIS_URL` begins with `rediss`. Streams are in the "
            "database that this URL names, 0 by default; Pub/Sub has no databases."
        ),
        "variables": {
            "host": {"default": "localhost", "description": "Name or address of the Redis host."},
            "port": {"default": "6379", "description": "Its TCP port."},
        },
        "security": SECURITY,
        "x-redis": {"minimumVersion": "6.2", "database": 0},
    }


def _security_scheme() -> Part:
    return {
        "type": "userPassword",
        "description": (
            "Redis `AUTH`: an ACL user and its password, or a password for the user `default`. "
            "A Redis that is bound to the loopback address may have none."
        ),
    }


def _stream(channel: Channel) -> tuple[str, Part]:
    """The channel of the stream, which carries the work."""
    groups = ", ".join(f"`{group}`" for group in channel.groups)
    days = channel.retention.days
    return channel.address, {
        "address": channel.address,
        "title": f"Stream {channel.address}",
        "summary": channel.description,
        "description": (
            f"The Redis stream with the key `{channel.address}`; each entry holds one event as "
            f"JSON in its field `__data__`.\n\n"
            f"**Delivery**: at least once. Acknowledge (`XACK`) after success; an event without it "
            f"is delivered again, so deduplicate by `id`. Read without a group or in "
            f"a group of your own; the services' groups are {groups}.\n\n"
            f"**Retention**: at least {days} days, and until every group has acknowledged.\n\n"
            f"**Dead letters**: what a service's group cannot process goes to `{DEAD_LETTER}`."
        ),
        **_channel(channel, "stream"),
        "externalDocs": {
            "description": "Redis streams",
            "url": "https://redis.io/docs/latest/develop/data-types/streams/",
        },
        "x-redis": {
            "type": "stream",
            "key": channel.address,
            "entry": "event",
            "field": "__data__",
            "delivery": "at-least-once",
            "consumerGroups": list(channel.groups),
            "retention": f"P{days}D",
            "deadLetter": DEAD_LETTER,
        },
    }


def _live(channel: Channel) -> tuple[str, Part]:
    """The channel of the live announcements."""
    return f"{channel.address}.live", {
        "address": channel.address,
        "title": f"Live channel {channel.address}",
        "summary": f"{channel.description} Announced as it happens.",
        "description": (
            f"The Redis Pub/Sub channel `{channel.address}`; each message is one event as JSON, "
            f"the same that is appended to the stream `{channel.address}` in the same "
            f"transaction.\n\n"
            f"**Delivery**: at most once. Only clients that are listening receive it; nothing is "
            f"kept. After a lost connection, catch up from the stream."
        ),
        **_channel(channel, "live"),
        "externalDocs": {
            "description": "Redis Pub/Sub",
            "url": "https://redis.io/docs/latest/develop/pubsub/",
        },
        "x-redis": {
            "type": "pubsub",
            "channel": channel.address,
            "delivery": "at-most-once",
        },
    }


def _channel(channel: Channel, tag: str) -> Part:
    name = constant(channel.event, "type")
    return {
        "servers": [{"$ref": "#/servers/redis"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "tags": [{"$ref": f"#/components/tags/{tag}"}],
    }


def _messages() -> Part:
    """The messages by name, which is the event's type."""
    examples = {type(event): event for event in example_events()}
    messages: Part = {}
    for channel in CHANNELS:
        event = channel.event
        name = constant(event, "type")
        producers = " or ".join(f"`urn:hdv:{producer}`" for producer in channel.producers)
        messages[name] = {
            "name": name,
            "title": name.replace(".", " ").capitalize(),
            "summary": event.__doc__,
            "description": (
                f"A CloudEvent whose `type` is `{name}`, whose `source` is {producers}, whose "
                f"`subject` is the `study_id`, and whose `dataschema` is "
                f"`{constant(event, 'dataschema')}`."
            ),
            "contentType": "application/json",
            "correlationId": {
                "description": "The event's id; a repeated delivery carries the same one.",
                "location": "$message.payload#/id",
            },
            "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
            "examples": [
                {
                    "name": name,
                    "summary": "As sent, except for white space.",
                    "payload": json.loads(examples[event].to_json()),
                }
            ],
        }
    return messages | {dead_letter.MESSAGE: dead_letter.message(examples[CHANNELS[0].event])}


class _Dumper(yaml.SafeDumper):
    """YAML for people: texts of several lines as they are, and no anchors."""

    def ignore_aliases(self, _: object) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _Dumper.represent_text)
