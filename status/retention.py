"""Retention: the records of studies that were deleted are removed after a time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.lease import Lease
from chassis.observability.logs import error_name, get_logger
from contracts.status import State
from status.store import RedisStore, Wanted

AT_ONCE = 100


async def remove_old_records(
    store: RedisStore,
    connect: Callable[[], Awaitable[Redis]],
    days: float,
    period_seconds: float,
) -> None:
    """Remove old records about every `period_seconds`, for ever; one service at a time does it."""
    lease = Lease(connect, "status-index:retention")
    while True:
        await asyncio.sleep(period_seconds * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
        try:
            if await lease.take():
                await remove_deleted(store, datetime.now(UTC) - timedelta(days=days))
        except RedisError as error:  # it is tried again next time
            get_logger().warning("records.removal_delayed", error=error_name(error))


async def remove_deleted(store: RedisStore, before: datetime) -> None:
    """Remove the records of studies that were deleted before a time.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable.
    """
    removed, cursor = 0, None
    while True:
        wanted = Wanted(status=State.DELETED, until=before)
        page = await store.page(wanted, cursor, AT_ONCE)
        old = [record for record in page.records if record.updated_at < before]
        await store.remove(old)
        removed += len(old)
        if (cursor := page.next_cursor) is None:
            break
    if removed:
        get_logger().info("records.removed", studies=removed)
