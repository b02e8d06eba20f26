"""Batches: what several tasks ask for at the same time is done in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

Process = Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT | BaseException]]]
"""Takes the items of a batch and returns for each, in their order, a result or what its task is to
raise. What it raises itself, every task of the batch raises."""

MOST_AT_ONCE = 200


class Batches(Generic[ItemT, ResultT]):
    """Collects the items of concurrent tasks: while a batch is processed, the next one gathers.

    The first item is processed at once: where items are rare, none waits.

    Args:
        process: does the work.
        pause_seconds: after a batch, how long the next one gathers at least.
    """

    def __init__(self, process: "Process[ItemT, ResultT]", *, pause_seconds: float = 0.0) -> None:
        self._process = process
        self._pause_seconds = pause_seconds
        self._waiting: list[_Entry[ItemT, ResultT]] = []
        self._worker: asyncio.Task[None] | None = None

    async def add(self, item: ItemT) -> ResultT:
        """Process an item in the next batch; returns its result.

        If the task is cancelled before that batch begins, the item is left out.
        """
        entry: _Entry[ItemT, ResultT] = _Entry(item)
        self._waiting.append(entry)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await entry.result

    async def _work(self) -> None:
        try:
            while batch := self._next():
                await _settle(self._process, batch)
                await asyncio.sleep(self._pause_seconds)
        finally:
            self._worker = None

    def _next(self) -> "list[_Entry[ItemT, ResultT]]":
        wanted = [entry for entry in self._waiting if not entry.result.done()]
        self._waiting = wanted[MOST_AT_ONCE:]
        return wanted[:MOST_AT_ONCE]


class Together(Generic[ItemT, ResultT]):
    """Processes together what is asked for in the same turn of the event loop.

    Nothing waits for a batch before it, which may take long. Tasks that begin together and take the
    same steps stay together.

    Args:
        process: does the work.
    """

    def __init__(self, process: "Process[ItemT, ResultT]") -> None:
        self._process = process
        self._waiting: list[_Entry[ItemT, ResultT]] = []
        self._workers: set[asyncio.Task[None]] = set()

    async def add(self, item: ItemT) -> ResultT:
        """Process an item with others; returns its result."""
        entry: _Entry[ItemT, ResultT] = _Entry(item)
        self._waiting.append(entry)
        if len(self._waiting) == 1:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await entry.result

    async def _work(self) -> None:
        batch, self._waiting = self._waiting, []
        await _settle(self._process, batch)


def packed(
    items: Iterable[ItemT], size: Callable[[ItemT], int], most: int
) -> Iterator[list[ItemT]]:
    """Pack items, in their order, so that the sizes in a pack add up to `most`, or an item alone.

    Args:
        items: the items.
        size: of an item.
        most: what a pack may have.
    """
    pack: list[ItemT] = []
    room = most
    for item in items:
        if pack and size(item) > room:
            yield pack
            pack, room = [], most
        pack.append(item)
        room -= size(item)
    if pack:
        yield pack


class _Entry(Generic[ItemT, ResultT]):
    """An item, and the result that its task waits for."""

    __slots__ = ("item", "result")

    def __init__(self, item: ItemT) -> None:
        self.item = item
        self.result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()


async def _settle(
    process: "Process[ItemT, ResultT]", batch: "Sequence[_Entry[ItemT, ResultT]]"
) -> None:
    """Process a batch, and give each task its result."""
    values: Sequence[ResultT | BaseException]
    try:
        values = await process([entry.item for entry in batch])
    except BaseException as error:  # noqa: BLE001 -- the tasks that wait raise it
        values = [error] * len(batch)
    for entry, value in zip(batch, values, strict=True):
        if entry.result.done():  # its task was cancelled
            continue
        if isinstance(value, BaseException):
            entry.result.set_exception(value)
        else:
            entry.result.set_result(value)
