"""The studies that Redis has work for: those of entries that a consumer group has not finished."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from contracts.channels import PROCESSING_FAILED, UPLOADS, VALIDATED, Channel

WORK = ((UPLOADS, "validator"), (VALIDATED, "descriptor"), (PROCESSING_FAILED, "status"))
"""What a study waits for, in the order in which it passes: the stream, and the group that reads it.
The last one is here because until then its status does not say that it has failed."""
MOST_AT_ONCE = 500
"""Entries that are read with one command."""

Entries = Iterable[tuple[bytes, dict[bytes, bytes] | None]]


async def unfinished_studies(client: Redis) -> set[UUID]:
    """The studies of all entries that are pending, or not delivered yet.

    A study that goes on meanwhile is not missed. Its next entry is appended in the MULTI that
    acknowledges the one before, and the streams are read in its order.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable, or has lost a group meanwhile.
    """
    found: set[UUID] = set()
    for channel, group in WORK:
        found |= await _unfinished(client, channel, group)
    return found


async def count_waiting(client: Redis) -> int:
    """How many studies wait to be validated or archived, or are at it.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable.
    """
    waiting = 0
    for channel, group in (UPLOADS, "validator"), (VALIDATED, "descriptor"):
        found = await _group(client, channel.address, group)
        if found is None:
            waiting += int(await client.xlen(channel.address))
        else:
            waiting += found["pending"] + (found["lag"] or 0)
    return waiting


async def _unfinished(client: Redis, channel: Channel, group: str) -> set[UUID]:
    """The studies of a group's entries; more than that if some are acknowledged meanwhile."""
    found = await _group(client, channel.address, group)
    if found is None:
        return await _undelivered(client, channel.address, "-")
    last = found["last-delivered-id"].decode()
    # In this order, or an entry that is delivered meanwhile would be missed.
    return await _pending(client, channel.address, group) | await _undelivered(
        client, channel.address, f"({last}"
    )


async def _group(client: Redis, stream: str, group: str) -> dict[str, Any] | None:
    """What Redis knows of a group; None if there is no such group (yet)."""
    try:
        groups = await client.xinfo_groups(stream)
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return None
    return next((found for found in groups if found["name"] == group.encode()), None)


async def _pending(client: Redis, stream: str, group: str) -> set[UUID]:
    found: set[UUID] = set()
    start = "-"
    while True:
        pending = await client.xpending_range(stream, group, start, "+", MOST_AT_ONCE)
        ids = [cast("bytes", entry["message_id"]) for entry in pending]
        async with client.pipeline(transaction=False) as pipeline:
            for entry_id in ids:
                pipeline.xrange(stream, entry_id, entry_id)
            found.update(*map(_subjects, await pipeline.execute()))
        if len(ids) < MOST_AT_ONCE:
            return found
        start = f"({ids[-1].decode()}"


async def _undelivered(client: Redis, stream: str, start: str) -> set[UUID]:
    found: set[UUID] = set()
    while True:
        entries = cast("list[Any]", await client.xrange(stream, start, "+", MOST_AT_ONCE))
        found.update(_subjects(entries))
        if len(entries) < MOST_AT_ONCE:
            return found
        start = f"({entries[-1][0].decode()}"


def _subjects(entries: Entries) -> set[UUID]:
    """The studies of entries; what is not an event is left out, as it will be dead-lettered."""
    found: set[UUID] = set()
    for _, fields in entries:
        try:
            found.add(UUID(orjson.loads((fields or {})[b"__data__"])["subject"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found
