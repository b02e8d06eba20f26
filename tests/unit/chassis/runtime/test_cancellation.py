"""Cancelling tasks so that they end."""

import asyncio
import contextlib

import pytest

from chassis.runtime import cancellation
from chassis.runtime.cancellation import cancel


async def test_a_task_ends_even_if_it_swallows_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cancellation, "AGAIN_SECONDS", 0.001)

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await cancel(task)
    assert task.cancelled()


async def test_what_a_task_raises_stays_with_it() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await cancel(task)
    with pytest.raises(ZeroDivisionError):
        task.result()
