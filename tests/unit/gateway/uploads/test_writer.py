"""Writing behind: in order, off the loop, a batch at a time, and never after the end."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest

from gateway.uploads.writer import BATCH_BYTES, MOST_STEPS, Writer


class HeldBack:
    """A step that waits in its thread until it may go on."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> None:
        self.has_begun.set()
        assert self.go_on.wait(10)


async def test_steps_are_done_in_their_order_in_threads() -> None:
    done: list[tuple[int, bool]] = []
    loop_thread = threading.get_ident()
    writer = Writer()
    for number in range(3 * MOST_STEPS):
        await writer.add(
            lambda number=number: done.append((number, threading.get_ident() != loop_thread))
        )
    await writer.flush()
    assert done == [(number, True) for number in range(3 * MOST_STEPS)]


@pytest.mark.parametrize(("steps", "size_bytes"), [(MOST_STEPS, 0), (1, BATCH_BYTES)])
async def test_a_batch_is_begun_when_it_has_enough_bytes_or_steps(
    steps: int, size_bytes: int
) -> None:
    done: list[int] = []
    writer = Writer()
    for number in range(steps):
        assert not done
        await writer.add(partial(done.append, number), size_bytes)
    await asyncio.to_thread(wait_until, lambda: len(done) == steps)


async def test_one_batch_is_collected_while_another_is_written_and_no_more() -> None:
    step = HeldBack()
    writer = Writer()
    await writer.add(step, BATCH_BYTES)
    await writer.add(lambda: None, BATCH_BYTES - 1)
    third = asyncio.create_task(writer.add(lambda: None, BATCH_BYTES))
    await asyncio.to_thread(step.has_begun.wait, 10)
    assert not third.done()
    step.go_on.set()
    await third
    await writer.flush()


async def test_an_error_is_raised_and_ends_the_work() -> None:
    done: list[int] = []
    writer = Writer()
    await writer.add(partial(int, "no number"))
    await writer.add(partial(done.append, 1))
    with pytest.raises(ValueError, match="no number"):
        await writer.flush()
    await writer.abandon()
    assert not done


async def test_abandoning_waits_for_the_thread_and_begins_nothing_more() -> None:
    done: list[int] = []
    step = HeldBack()
    writer = Writer()
    await writer.add(step, BATCH_BYTES)
    await writer.add(partial(done.append, 1))
    abandoned = asyncio.create_task(writer.abandon())
    await asyncio.to_thread(step.has_begun.wait, 10)
    assert not abandoned.done()
    step.go_on.set()
    await abandoned
    await writer.flush()
    assert not done


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    for _ in range(1000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise TimeoutError
