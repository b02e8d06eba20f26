"""The connection to Redis: broker factory, wire format, consumer groups."""

import asyncio
import logging
import os
import random
import socket
import time
from collections.abc import Sequence
from typing import Any

import orjson
from faststream.redis import RedisBroker
from faststream.redis.parser import MessageFormat
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError, ResponseError

from chassis.observability.logs import error_name, get_logger
from chassis.runtime.settings import ServiceSettings, redis_address
from contracts.model import Contract

CONNECT_TIMEOUT_SECONDS = 2.0
COMMAND_TIMEOUT_SECONDS = 5.0
"""Longer than every blocking read (POLLING_MS)."""
START_TIMEOUT_SECONDS = 30.0
"""How long a starting service waits for Redis."""
POLLING_MS = 4000
"""How long a blocking read waits."""
CLAIM_POLLING_MS = 5000
"""The longest pause of an idle claimer."""


def instance_name() -> str:
    """A name that no other process has: host and process id."""
    return f"{socket.gethostname()}-{os.getpid()}"


def create_broker(settings: ServiceSettings) -> RedisBroker:
    """A broker that is not yet connected."""
    return RedisBroker(
        redis_address(settings),
        message_format=CloudEventFormat,
        logger=BrokerLog(),
        graceful_timeout=settings.delivery.graceful_timeout_seconds,
        # Handlers take the decoded event and nothing else: nothing is to be injected.
        apply_types=False,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=COMMAND_TIMEOUT_SECONDS,
        health_check_interval=15,
        # FastStream's pool never repeats a command by itself. A repeated XADD may append an event
        # twice; consumers are idempotent and the event's id is the same.
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), retries=3),
    )


class CloudEventFormat(MessageFormat):
    """Messages are exactly the CloudEvent's JSON, which any language can read."""

    __slots__ = ()

    @classmethod
    async def encode(cls, *, message: Any, **_: Any) -> bytes:  # noqa: ANN401 -- FastStream's signature
        """The bytes to send: the event's JSON."""
        if isinstance(message, Contract):
            return message.to_json()
        return bytes(message) if isinstance(message, bytes | bytearray) else orjson.dumps(message)

    @classmethod
    def parse(cls, data: bytes) -> tuple[bytes, dict[str, Any]]:
        """The body and the headers that FastStream wants.

        No content type is given: with one, FastStream would raise on a body that isn't JSON before
        any middleware could dead-letter it.
        """
        try:
            event = orjson.loads(data)
            return data, {"correlation_id": str(event["id"])}
        except (orjson.JSONDecodeError, TypeError, KeyError):
            return data, {"correlation_id": "unknown"}


class BrokerLog:
    """FastStream's log messages, reduced to those that delivery does not log itself."""

    def log(
        self,
        level: int,
        msg: Any,  # noqa: ANN401 -- FastStream's signature
        /,
        *,
        exc_info: Any = None,  # noqa: ANN401 -- FastStream's signature
        extra: Any = None,  # noqa: ANN401 -- FastStream's signature
    ) -> None:
        """Log trouble with Redis, and errors of delivery itself; never an exception's text."""
        del extra
        if level >= logging.CRITICAL or msg == "Message fetch error":
            error = error_name(exc_info) if isinstance(exc_info, BaseException) else None
            get_logger().error("redis.trouble", error=error)
        elif level >= logging.ERROR:  # none of a handler: those are settled before
            get_logger().error("delivery.broken", exc_info=exc_info)


async def await_redis(client: Redis) -> None:
    """Wait until Redis answers: services may start in any order.

    Raises:
        redis.exceptions.RedisError: it has not answered within START_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            await client.ping()
        except RedisError as error:
            get_logger().warning("redis.awaited", error=error_name(error))
            if time.monotonic() > deadline:
                raise
        else:
            return
        await asyncio.sleep(random.uniform(0.2, 1.0))  # noqa: S311 -- jitter


async def ensure_groups(client: Redis, groups: Sequence[tuple[str, str]]) -> None:
    """Create the consumer groups that do not exist, from the beginning of their streams.

    FastStream would create them at the end: what was appended before a service's first start
    would never be read.

    Args:
        client: a connected client.
        groups: pairs of stream and group.
    """
    for stream, group in groups:
        try:
            await client.xgroup_create(stream, group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
