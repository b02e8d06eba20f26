"""Writes an upload's files in a thread, a batch at a time, while more of it is received."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

BATCH_BYTES = 1 << 20
"""How many bytes are collected before a thread writes them."""
MOST_STEPS = 1000
"""How many steps are collected: a client may send single bytes."""


class Writer:
    """Takes the steps of an upload's files, and has a thread do them in their order.

    Two batches are in memory at most: one is collected while the thread works on the other.
    """

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []
        self._collected_bytes = 0
        self._at_work: asyncio.Future[None] | None = None

    async def add(self, step: Callable[[], object], size_bytes: int = 0) -> None:
        """Have a step done some time before `flush` returns.

        Args:
            step: what is to be done; it may block.
            size_bytes: how much memory it holds.

        Raises:
            Exception: what an earlier step raised; the steps after it are not done.
        """
        self._steps.append(step)
        self._collected_bytes += size_bytes
        if self._collected_bytes >= BATCH_BYTES or len(self._steps) >= MOST_STEPS:
            await self._begin()

    async def flush(self) -> None:
        """Wait until all steps are done.

        Raises:
            Exception: what a step raised; the steps after it are not done.
        """
        if self._steps:
            await self._begin()
        await self._end()

    async def abandon(self) -> None:
        """Wait for the thread, however its work ends; what it has not begun is not done."""
        self._steps.clear()
        if self._at_work:
            await asyncio.gather(self._at_work, return_exceptions=True)

    async def _begin(self) -> None:
        await self._end()
        steps, self._steps = self._steps, []
        self._collected_bytes = 0
        self._at_work = asyncio.ensure_future(asyncio.to_thread(_do, steps))

    async def _end(self) -> None:
        if self._at_work:
            await finished(self._at_work)


async def in_thread(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in a thread, and wait for its end even when cancelled.

    A thread cannot be cancelled: what it still wrote would stay behind.
    """
    return await finished(asyncio.ensure_future(asyncio.to_thread(function, *arguments)))


async def finished(work: asyncio.Future[Result]) -> Result:
    """The result of work in a thread, whose end is awaited even when cancelled."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


def _do(steps: list[Callable[[], object]]) -> None:
    for step in steps:
        step()
