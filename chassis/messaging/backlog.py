"""How far behind each consumer group is, at a cost that does not grow with the streams."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from chassis.messaging.cursor import parse_entry_id
from contracts.channels import CHANNELS


@dataclass(frozen=True)
class Backlog:
    """The entries of a stream that a consumer group has not finished.

    Attributes:
        stream: the stream.
        group: the consumer group.
        undelivered: entries that no consumer has read yet; 0 also where Redis does not know.
        pending: entries that a consumer has read and not acknowledged.
        oldest_seconds: how long the oldest of them has been in the stream; 0 if there is none.
    """

    stream: str
    group: str
    undelivered: int
    pending: int
    oldest_seconds: float


async def read_backlogs(client: Redis) -> list[Backlog]:
    """The backlog of every group that exists, in two round trips.

    Ages are by the clock of Redis, which also makes the ids of the entries.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable.
    """
    async with client.pipeline(transaction=False) as pipeline:
        pipeline.time()
        for channel in CHANNELS:
            pipeline.xinfo_groups(channel.address)
        (seconds, microseconds), *replies = await pipeline.execute(raise_on_error=False)
    now = seconds + microseconds / 1e6
    found: list[tuple[str, Any]] = []
    for channel, groups in zip(CHANNELS, replies, strict=True):
        if isinstance(groups, ResponseError) and "no such key" in str(groups):
            continue  # nothing has been sent there, and no service has started
        if isinstance(groups, Exception):
            raise groups
        found += [(channel.address, group) for group in groups]
    oldest = await _oldest(client, found)
    return [
        Backlog(
            stream=stream,
            group=group["name"].decode(),
            undelivered=group.get("lag") or 0,
            pending=group["pending"],
            oldest_seconds=max(0.0, now - milliseconds / 1000) if milliseconds else 0.0,
        )
        for (stream, group), milliseconds in zip(found, oldest, strict=True)
    ]


async def _oldest(client: Redis, groups: Sequence[tuple[str, Any]]) -> list[int]:
    """When the oldest unfinished entry of each group was appended, in ms; 0 if there is none."""
    async with client.pipeline(transaction=False) as pipeline:
        for stream, group in groups:
            pipeline.xpending(stream, group["name"])
            pipeline.xrange(stream, f"({group['last-delivered-id'].decode()}", "+", count=1)
        replies = iter(await pipeline.execute())
    times = []
    for pending, undelivered in zip(replies, replies, strict=True):
        ids = [pending["min"]] if pending["min"] else []
        ids += [entry_id for entry_id, _ in undelivered]
        times.append(min((parse_entry_id(i.decode())[0] for i in ids), default=0))
    return times
