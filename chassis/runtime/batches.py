"""Batches: what several tasks wait for at the same time is done in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

MOST_AT_ONCE = 200


class Batches(Generic[ItemT, ResultT]):
    """Collects the items of concurrent tasks: while a batch is processed, the next one gathers.

    The first item is processed at once: where items are rare, none waits.

    Args:
        process: takes the items of a batch and returns for each, in their order, a result or what
            its task is to raise. What it raises itself, every task of the batch raises.
        pause_seconds: after a batch, how long the next one gathers at least.
    """

    def __init__(
        self,
        process: Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT | Exception]]],
        *,
        pause_seconds: float = 0.0,
    ) -> None:
        self._process = process
        self._pause_seconds = pause_seconds
        self._waiting: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def add(self, item: ItemT) -> ResultT:
        """Process an item in the next batch; returns its result.

        If the task is cancelled before that batch begins, the item is left out.
        """
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await result

    async def _work(self) -> None:
        try:
            while batch := self._next():
                await self._settle(batch)
                await asyncio.sleep(self._pause_seconds)
        finally:
            self._worker = None

    def _next(self) -> list[tuple[ItemT, "asyncio.Future[ResultT]"]]:
        wanted = [entry for entry in self._waiting if not entry[1].done()]
        self._waiting = wanted[MOST_AT_ONCE:]
        return wanted[:MOST_AT_ONCE]

    async def _settle(self, batch: Sequence[tuple[ItemT, "asyncio.Future[ResultT]"]]) -> None:
        results = [result for _, result in batch]
        try:
            values = await self._process([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 -- the tasks that wait raise it
            for result in results:
                if not result.done():
                    result.set_exception(error)
            return
        for result, value in zip(results, values, strict=True):
            if not result.done():
                _set(result, value)


def _set(future: "asyncio.Future[ResultT]", value: ResultT | Exception) -> None:
    if isinstance(value, Exception):
        future.set_exception(value)
    else:
        future.set_result(value)
