"""A consumer's claim on a stream entry: taking stock of it, and renewing it while work goes on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.observability.logs import error_name, get_logger
from chassis.runtime.cancellation import cancel


@dataclass(frozen=True)
class Claim:
    """An entry of a stream that is this consumer's to work on."""

    stream: str
    group: str
    consumer: str
    entry_id: bytes
    deliveries: int
    """How often the entry has been delivered, this time included."""
    idle_seconds: float = 0.0
    """How long ago that was: the entry may have waited in this process."""


async def take_stock(
    client: Redis, stream: str, group: str, consumer: str, entry_id: bytes
) -> Claim | None:
    """What Redis knows of an entry that was delivered to this consumer.

    Returns:
        The claim; nothing when the entry has been acknowledged, or claimed by another consumer,
        since it was read.
    """
    pending = await client.xpending_range(stream, group, min=entry_id, max=entry_id, count=1)
    if not pending or pending[0]["consumer"] != consumer.encode():
        return None
    deliveries = int(pending[0]["times_delivered"])
    idle_seconds = int(pending[0]["time_since_delivered"]) / 1000
    return Claim(stream, group, consumer, entry_id, deliveries, idle_seconds)


@contextlib.asynccontextmanager
async def heartbeat(client: Redis, claim: Claim, period: float) -> AsyncIterator[None]:
    """Renew the claim every `period` seconds, so that a slow message is not worked on twice."""
    task = asyncio.create_task(_beat(client, claim, period))
    try:
        yield
    finally:
        await cancel(task)
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _beat(client: Redis, claim: Claim, period: float) -> None:
    pause = max(0.0, period - claim.idle_seconds)
    while True:
        await asyncio.sleep(pause)
        pause = period
        try:
            # JUSTID leaves the delivery count alone.
            await client.xclaim(
                claim.stream,
                claim.group,
                claim.consumer,
                min_idle_time=0,
                message_ids=[claim.entry_id],
                justid=True,
            )
        except RedisError as error:  # a missed beat costs a second run at most
            get_logger().warning("heartbeat.missed", error=error_name(error))
