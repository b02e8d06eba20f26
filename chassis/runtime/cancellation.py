"""Cancelling tasks so that they end."""

import asyncio
from typing import Any

AGAIN_SECONDS = 0.2


async def cancel(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks and wait until they have ended; their exceptions stay in them.

    A task that does not end is cancelled again: on Python 3.11 `asyncio.wait_for`, through which
    redis-py sends each command, swallows a cancellation that arrives as it finishes.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_SECONDS)
