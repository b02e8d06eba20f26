"""Retention: trims streams by age, but never what a consumer group has yet to finish."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from chassis.messaging.cursor import EntryId, entry_id_text, parse_entry_id
from chassis.observability.logs import error_name, get_logger
from contracts.channels import DEAD_LETTER, Channel

TRIMMED = "streams:trimmed"
"""Hash: the last entry trimmed off each stream. A reader behind it has missed entries."""

_TRIM = """
local newest = redis.call('XREVRANGE', KEYS[1], '(' .. ARGV[1], '-', 'COUNT', 1)
if #newest == 0 then return 0 end
redis.call('HSET', KEYS[2], KEYS[1], newest[1][1])
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
"""


async def trim(client: Redis, channel: Channel, now: datetime) -> int:
    """Remove what is older than the channel's retention and finished by every group.

    A trimmed entry that is still pending is lost on Redis 7 and jams a claimer on 6.2.

    Returns:
        How many entries were removed.
    """
    try:
        groups = await client.xinfo_groups(channel.address)
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return 0
    names = {group["name"].decode() for group in groups}
    if not names.issuperset(channel.groups):
        return 0  # a group that does not exist yet has all entries still to read
    limit = (int((now - channel.retention).timestamp() * 1000), 0)
    for group in groups:
        limit = min(limit, _after(group["last-delivered-id"]))
        if group["pending"]:
            pending = await client.xpending(channel.address, group["name"])
            if oldest := pending["min"]:  # not everything has been acknowledged meanwhile
                limit = min(limit, parse_entry_id(oldest.decode()))
    keys = (channel.address, TRIMMED)
    return int(await client.eval(_TRIM, len(keys), *keys, entry_id_text(limit)))


async def trim_periodically(
    connect: Callable[[], Awaitable[Redis]], channels: Sequence[Channel], period: float
) -> None:
    """Trim all channels about every `period` seconds, for ever."""
    while True:
        await asyncio.sleep(period * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
        client = await connect()
        try:
            for channel in channels:
                if removed := await trim(client, channel, datetime.now(UTC)):
                    get_logger().info("stream.trimmed", stream=channel.address, removed=removed)
        except RedisError as error:  # it is tried again next time
            get_logger().warning("stream.trim_failed", error=error_name(error))


async def trim_dead_letters(client: Redis, before: datetime) -> int:
    """Remove the dead letters that are older than a time; returns how many."""
    limit = entry_id_text((int(before.timestamp() * 1000), 0))
    return int(await client.xtrim(DEAD_LETTER, minid=limit, approximate=False))


async def trim_dead_letters_periodically(
    connect: Callable[[], Awaitable[Redis]], age: timedelta, period: float
) -> None:
    """Remove dead letters of this age about every `period` seconds, for ever."""
    while True:
        await asyncio.sleep(period * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
        client = await connect()
        try:
            if removed := await trim_dead_letters(client, datetime.now(UTC) - age):
                get_logger().info("stream.trimmed", stream=DEAD_LETTER, removed=removed)
        except RedisError as error:  # it is tried again next time
            get_logger().warning("stream.trim_failed", error=error_name(error))


def _after(entry_id: bytes) -> EntryId:
    milliseconds, sequence = parse_entry_id(entry_id.decode())
    return milliseconds, sequence + 1
