"""The operations of the document: which service sends or reads what, by its own broker."""

import warnings
from typing import Any

from faststream.redis import RedisBroker
from faststream.specification import AsyncAPI

import descriptor.app
import gateway.app
import status.app
import validator.app
from chassis.runtime.settings import load
from contracts.channels import CHANNELS, DEAD_LETTER, Channel
from descriptor.settings import DescriptorSettings
from gateway.settings import GatewaySettings
from status.settings import StatusSettings
from tools.spec import dead_letter
from tools.spec.schemas import constant
from validator.settings import ValidatorSettings

REDIS_URL = "redis://localhost:6379"
INSTANCE = "example"
"""Consumer name in these brokers; a real one is host and process id."""

SECURITY = [{"$ref": "#/components/securitySchemes/redis-user"}]

Part = dict[str, Any]


def brokers() -> list[RedisBroker]:
    """The brokers of all services, as they start with."""
    services = (
        gateway.app.create_app(load(GatewaySettings, redis_url=REDIS_URL), instance=INSTANCE),
        validator.app.create_app(load(ValidatorSettings, redis_url=REDIS_URL), instance=INSTANCE),
        descriptor.app.create_app(load(DescriptorSettings, redis_url=REDIS_URL), instance=INSTANCE),
        status.app.create_app(load(StatusSettings, redis_url=REDIS_URL), instance=INSTANCE),
    )
    return [service.broker for service in services]


SERVICES = ("gateway", "validator", "descriptor", "status")
"""In the order in which a study passes them."""


def operations() -> Part:
    """Every operation by its name, which begins with the service's; service by service."""
    found = _of_faststream() | _of_dead_letters()
    return {
        name: found[name]
        for service in SERVICES
        for name in sorted(found)
        if name.startswith(f"{service}.")
    }


def _of_faststream() -> Part:
    """FastStream's operations, pointed at the channels of this document.

    Raises:
        ValueError: a handler or publisher deals with another event than its channel's.
    """
    with warnings.catch_warnings():
        # FastStream only warns when one endpoint overwrites another in the document.
        warnings.simplefilter("error", RuntimeWarning)
        generated = AsyncAPI(*brokers(), schema_version="3.0.0").to_specification().to_jsonable()
    found: Part = {}
    for name, operation in generated["operations"].items():
        key = _last(operation["channel"])
        binding = generated["channels"][key]["bindings"]["redis"]
        channel = next(c for c in CHANNELS if c.address == binding["channel"])
        for message in generated["channels"][key]["messages"].values():
            event = _last(generated["components"]["messages"][_last(message)]["payload"])
            if event != channel.event.__name__:
                raise ValueError(f"{name} deals with {event} on {channel.address}")
        service = name.partition(".")[0]
        found[name] = _operation(channel, service, binding)
    return found


def _operation(channel: Channel, service: str, binding: Part) -> Part:
    """What a service does with the events of a channel."""
    address, event = channel.address, constant(channel.event, "type")
    match binding["method"]:
        case "publish":
            action, key = "send", f"{address}.live"
            title = f"{service} announces {event}"
            summary = f"The {service} service announces {event} to current listeners."
            redis = {"command": "PUBLISH"}
        case "xadd":
            action, key = "send", address
            title = f"{service} appends {event}"
            summary = f"The {service} service appends {event} to the stream {address}."
            redis = {"command": "XADD"}
        case _:
            action, key = "receive", address
            group = binding["groupName"]
            title = f"{service} reads {event}"
            summary = f"The {service} service works on each {event}, in the consumer group {group}."
            redis = {"command": "XREADGROUP", "consumerGroup": group, "acknowledge": "XACK"}
    return {
        "action": action,
        "title": title,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{key}"},
        "messages": [{"$ref": f"#/channels/{key}/messages/{event}"}],
        "tags": [{"$ref": f"#/components/tags/{service}"}],
        "security": SECURITY,
        "x-redis": redis,
    }


def _of_dead_letters() -> Part:
    """Operations that FastStream does not know: the delivery middleware appends dead letters."""
    return {
        f"{service}.DeadLetter.append": {
            "action": "send",
            "title": f"{service} dead-letters an entry",
            "summary": f"The {service} service moves what it cannot process to {DEAD_LETTER}.",
            "channel": {"$ref": f"#/channels/{DEAD_LETTER}"},
            "messages": [{"$ref": f"#/channels/{DEAD_LETTER}/messages/{dead_letter.MESSAGE}"}],
            "tags": [{"$ref": f"#/components/tags/{service}"}],
            "security": SECURITY,
            "x-redis": {"command": "XADD"},
        }
        for service in dead_letter.SERVICES
    }


def _last(reference: Part) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
