"""Waiting for Redis: a call is repeated until it is answered."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError

RETRY_SECONDS = (0.2, 5.0)
"""First and longest pause after a failure."""

OnTrouble = Callable[[RedisError], None]
"""Is called each time that Redis does not answer."""
T = TypeVar("T")


async def patiently(call: Callable[[], Awaitable[T]], on_trouble: OnTrouble) -> T:
    """Repeat a call until Redis answers, and return its result."""
    pause, longest = RETRY_SECONDS
    while True:
        try:
            return await call()
        except RedisError as error:
            on_trouble(error)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- jitter
        pause = min(pause * 2, longest)
