"""The dead-letter stream in the document; its entries are not events."""

from typing import Any

from contracts.channels import CHANNELS, DEAD_LETTER, MOST_DEAD_LETTERS, UPLOADS
from contracts.events import CloudEvent

MESSAGE = "dead.letter"

SERVICES = tuple(sorted({group for channel in CHANNELS for group in channel.groups}))
"""Every service that reads a stream may have to dead-letter an entry."""

_SERVICE = {"type": "string", "pattern": "^[a-z][a-z0-9-]*$", "examples": [SERVICES[0]]}

SCHEMA: dict[str, Any] = {
    "title": "DeadLetter",
    "description": (
        "The fields of an entry of the dead-letter stream, each of them text: the fields of the "
        "entry that could not be processed, unchanged, and those that say why. Read `__data__` "
        "with care: it may be no event and no JSON, but anything that someone has written to a "
        "stream."
    ),
    "type": "object",
    "required": [
        "stream", "group", "entry_id", "deliveries", "service", "code", "message", "time",
    ],
    "properties": {
        "__data__": {
            "description": "The message that could not be processed, byte for byte; absent if "
            "the entry had no such field.",
            "type": "string",
            "examples": ['{"specversion":"1.0","id":"7d9f2c04-5a0e-4c39-9f53-6f1d1f0c8a11"}'],
        },
        "stream": {
            "description": "Address of the stream that the entry was read from.",
            "type": "string",
            "examples": [channel.address for channel in CHANNELS],
        },
        "group": {
            "description": "Consumer group that could not process it; other groups of the stream "
            "are not affected.",
            **_SERVICE,
        },
        "entry_id": {
            "description": "Id of the entry in that stream: Unix time in milliseconds and a "
            "sequence number.",
            "type": "string",
            "pattern": "^[0-9]+-[0-9]+$",
            "examples": ["1772357400250-0"],
        },
        "deliveries": {
            "description": "How many times the entry was delivered to the group, the last time "
            "included; a decimal number.",
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
            "examples": ["5"],
        },
        "service": {"description": "Name of the service that could not process it.", **_SERVICE},
        "code": {
            "description": "Stable name of the reason, for programs.",
            "type": "string",
            "pattern": "^[a-z0-9-]+([.][a-z0-9-]+)*$",
            "examples": ["study.missing"],
        },
        "message": {
            "description": "One sentence for people, in English; it never contains values of the "
            "study.",
            "type": "string",
            "maxLength": 500,
            "examples": ["The study's directory is gone from the uploads."],
        },
        "time": {
            "description": "When it was moved here, by the clock of the service (RFC 3339).",
            "type": "string",
            "format": "date-time",
            "examples": ["2026-03-01T09:32:30.250000+00:00"],
        },
    },
}  # fmt: skip

CHANNEL: dict[str, Any] = {
    "address": DEAD_LETTER,
    "title": "Dead-letter stream",
    "summary": "Messages that a service could not process, each with the reason.",
    "description": (
        "An entry is moved here if it is not an event of its stream, if trying again cannot help, "
        "or if it has failed as often as the service's setting `delivery.max_deliveries` allows "
        "(8 by default). It is moved and acknowledged in one transaction, together with the event "
        "`study.processing.failed` if the study is known. No service reads this stream: it is for "
        "people (`hdv dead-letters`). "
        f"About {MOST_DEAD_LETTERS:,} entries are kept, the latest ones."
    ),
    "servers": [{"$ref": "#/servers/redis"}],
    "messages": {MESSAGE: {"$ref": f"#/components/messages/{MESSAGE}"}},
    "tags": [{"$ref": "#/components/tags/stream"}],
    "x-redis": {
        "type": "stream",
        "key": DEAD_LETTER,
        "entry": "fields",
        "consumerGroups": [],
        "maxEntries": MOST_DEAD_LETTERS,
    },
}


def message(event: CloudEvent) -> dict[str, Any]:
    """The message of the document, with an event that could not be processed as the example."""
    return {
        "name": MESSAGE,
        "title": "Dead letter",
        "summary": "A message that a service could not process, and why.",
        "description": (
            "Not a CloudEvent: the payload has the fields of the stream entry, as `XRANGE` returns "
            "them. To process it again once the reason is gone, append `__data__` to the stream "
            "that `stream` names."
        ),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{SCHEMA['title']}"},
        "examples": [
            {
                "name": MESSAGE,
                "summary": "The fields of an entry, written as JSON.",
                "payload": {
                    "__data__": event.to_json().decode(),
                    "stream": UPLOADS.address,
                    "group": "validator",
                    "entry_id": "1772357400250-0",
                    "deliveries": "1",
                    "service": "validator",
                    "code": "study.missing",
                    "message": "The study's directory is gone from the uploads.",
                    "time": "2026-03-01T09:32:00.250000+00:00",
                },
            }
        ],
    }
