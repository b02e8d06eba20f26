"""Threads: calls that are made together share them, and no call spoils another."""

import asyncio
import threading

import pytest

from chassis.runtime.threads import Threads


def halved(number: int) -> tuple[int, int]:
    """Half of a number, and the thread that worked it out."""
    if number % 2:
        raise ValueError("odd")
    return number // 2, threading.get_ident()


async def test_calls_that_are_made_together_share_a_thread() -> None:
    threads = Threads(most=1)
    results = await asyncio.gather(*(threads.run(halved, number) for number in (2, 4, 6)))
    assert [half for half, _ in results] == [1, 2, 3]
    assert len({thread for _, thread in results}) == 1


async def test_many_calls_are_spread_and_each_gets_its_own_result() -> None:
    threads = Threads(most=3)
    results = await asyncio.gather(*(threads.run(halved, 2 * number) for number in range(10)))
    assert [half for half, _ in results] == list(range(10))


async def test_a_call_that_fails_harms_no_other() -> None:
    threads = Threads(most=1)
    good, bad = await asyncio.gather(
        threads.run(halved, 2), threads.run(halved, 3), return_exceptions=True
    )
    assert isinstance(good, tuple)
    assert isinstance(bad, ValueError)


async def test_a_call_does_not_wait_for_one_that_was_made_before() -> None:
    threads, may_end = Threads(), threading.Event()
    slow = asyncio.create_task(threads.run(may_end.wait, 10))
    await asyncio.sleep(0)
    assert (await asyncio.wait_for(threads.run(halved, 2), 10))[0] == 1
    assert not slow.done()
    may_end.set()
    assert await slow


async def test_what_a_call_raises_reaches_its_task() -> None:
    with pytest.raises(ValueError, match="odd"):
        await Threads().run(halved, 1)
