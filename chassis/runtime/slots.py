"""Slots: so many tasks at a time, in the order in which they came, and none held up for long."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable

LOOK_AGAIN_SECONDS = 0.5
"""How often a long task looks whether it is in the way of others."""


class Slots:
    """Holds a number of tasks at a time.

    A task that takes long gives way: another one begins beside it. So a few long tasks do not hold
    up many short ones. Only so many run beside others; a further one is interrupted if others wait,
    and begins again when one of these has ended.

    Args:
        most: how many there are at a time, beside those that have given way.
        long_seconds: after this time a task gives way.
        beside: how many may give way at the same time; as many as there are slots by default.
    """

    def __init__(self, most: int, long_seconds: float, *, beside: int | None = None) -> None:
        self._free = asyncio.Semaphore(most)
        self._beside = most if beside is None else beside
        self._long_seconds = long_seconds
        self._waiting = 0
        self._interrupted: deque[asyncio.Future[None]] = deque()
        """Those that wait to run beside the others."""

    @contextlib.asynccontextmanager
    async def slot(
        self,
        *,
        is_long: bool = False,
        is_pack: bool = False,
        interrupt: Callable[[], bool] | None = None,
    ) -> AsyncIterator[None]:
        """Wait for a slot and keep it while the context lasts.

        Args:
            is_long: whether the task has been interrupted before.
            is_pack: whether its own parts wait for each other: then it is interrupted whether or
                not others wait.
            interrupt: ends the task, which is then tried again with `is_long`, and returns true; or
                false if the task has only waited so far. Without it the task is not interrupted.
        """
        if is_long:
            await self._place_beside()
            try:
                yield
            finally:
                self._leave_beside()
            return
        gives_way = False
        timer: asyncio.TimerHandle

        def give_way() -> None:
            nonlocal gives_way, timer
            if self._beside and not self._interrupted and not is_pack:
                self._beside -= 1
                gives_way = True
                self._free.release()
            elif not ((self._waiting or is_pack) and interrupt and interrupt()):
                timer = loop.call_later(LOOK_AGAIN_SECONDS, give_way)

        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._long_seconds, give_way)
        try:
            yield
        finally:
            timer.cancel()
            if gives_way:
                self._leave_beside()
            else:
                self._free.release()

    async def _place_beside(self) -> None:
        """Wait for a place beside the slots; in order."""
        if self._beside and not self._interrupted:
            self._beside -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._interrupted.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it has just got one
                self._leave_beside()
            else:
                # The other one may have taken it out, if both were cancelled at once.
                with contextlib.suppress(ValueError):
                    self._interrupted.remove(place)
            raise

    def _leave_beside(self) -> None:
        while self._interrupted:
            place = self._interrupted.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._beside += 1
