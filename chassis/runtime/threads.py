"""Blocking calls in threads, several in one: a thread that begins costs more than a small call."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from chassis.runtime.batches import Together

Result = TypeVar("Result")


class Threads:
    """Runs blocking calls in threads.

    Calls that are made in the same turn of the event loop share a few threads, in which they follow
    each other.

    Args:
        most: how many threads such calls share: as many as the disk is to work for at a time.
    """

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._calls: Together[Callable[[], Any], Any] = Together(self._run)

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """Call a function in a thread; returns its result.

        Raises:
            Exception: whatever the function raises.
        """
        result: Result = await self._calls.add(partial(function, *args))
        return result

    async def _run(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        shares = [calls[start :: self._most] for start in range(min(self._most, len(calls)))]
        shared = await asyncio.gather(*(asyncio.to_thread(_all, share) for share in shares))
        results: list[Any] = [None] * len(calls)
        for start, share in enumerate(shared):
            results[start :: self._most] = share
        return results


def _all(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    return [_result(call) for call in calls]


def _result(call: Callable[[], Any]) -> Any:  # noqa: ANN401 -- whatever the call returns
    try:
        return call()
    except BaseException as error:  # noqa: BLE001 -- its task raises it
        return error
