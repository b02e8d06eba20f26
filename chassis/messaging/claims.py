"""A consumer's claim on a stream entry: looking it up, and renewing it while work goes on."""

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
    """A stream entry that this consumer may work on."""

    stream: str
    group: str
    consumer: str
    entry_id: bytes
    deliveries: int
    """How often the entry has been delivered, this time included."""
    idle_seconds: float = 0.0
    """How long ago that was. The entry may have waited in this process since."""


async def current_claim(
    client: Redis, stream: str, group: str, consumer: str, entry_id: bytes
) -> Claim | None:
    """This consumer's claim on an entry that was delivered to it.

    Returns:
        The claim, or None if the entry has been acknowledged, or claimed by another consumer, since
        it was read.
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
    task = asyncio.create_task(_renew(client, claim, period))
    try:
        yield
    finally:
        await cancel(task)
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _renew(client: Redis, claim: Claim, period: float) -> None:
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
        except RedisError as error:  # at worst the message is worked on twice
            get_logger().warning("heartbeat.missed", error=error_name(error))
