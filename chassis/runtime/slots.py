"""Slots: so many tasks at a time, in the order in which they came, and none held up for long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Slots:
    """Holds a number of tasks at a time.

    A task that takes long gives way: another one begins beside it. So a few long tasks do not hold
    up many short ones. Not more of them give way at the same time than there are slots.

    Args:
        most: how many there are at a time, beside those that have given way.
        long_seconds: after this time a task gives way.
    """

    def __init__(self, most: int, long_seconds: float) -> None:
        self._free = asyncio.Semaphore(most)
        self._may_give_way = most
        self._long_seconds = long_seconds

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot and keep it while the context lasts."""
        gives_way = False

        def give_way() -> None:
            nonlocal gives_way
            if self._may_give_way:
                self._may_give_way -= 1
                gives_way = True
                self._free.release()

        await self._free.acquire()
        timer = asyncio.get_running_loop().call_later(self._long_seconds, give_way)
        try:
            yield
        finally:
            timer.cancel()
            if gives_way:
                self._may_give_way += 1
            else:
                self._free.release()
