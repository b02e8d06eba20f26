"""Slots: so many tasks at a time, and long ones give way to others."""

import asyncio
from collections.abc import Callable

import pytest

from chassis.runtime.slots import Slots


class Visitors:
    """Tasks that take a slot each, and stay until they are sent away."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.came: asyncio.Queue[str] = asyncio.Queue()
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def send(self, *names: str) -> None:
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._visit(name))

    async def _visit(self, name: str) -> None:
        async with self.slots.slot():
            self.came.put_nowait(name)
            await self.ends[name].wait()

    async def leave(self, name: str) -> None:
        self.ends[name].set()
        await self.tasks[name]


async def test_only_so_many_tasks_run_at_a_time_and_in_order() -> None:
    visitors = Visitors(Slots(2, long_seconds=3600))
    visitors.send("a", "b", "c", "d")
    assert [await visitors.came.get() for _ in range(2)] == ["a", "b"]
    await visitors.leave("b")
    assert await visitors.came.get() == "c"
    await visitors.leave("a")
    assert await visitors.came.get() == "d"
    assert visitors.came.empty()
    await visitors.leave("c")
    await visitors.leave("d")


async def test_long_tasks_give_way_but_not_more_than_there_are_slots() -> None:
    visitors = Visitors(Slots(1, long_seconds=0.001))
    visitors.send("long", "second", "third")
    assert [await visitors.came.get() for _ in range(2)] == ["long", "second"]
    # The second is long as well, but one has given way already.
    loop = asyncio.get_running_loop()
    later = loop.create_future()
    loop.call_later(0.05, later.set_result, None)
    await later
    assert visitors.came.empty()
    await visitors.leave("second")
    assert await visitors.came.get() == "third"
    await visitors.leave("long")
    await visitors.leave("third")


async def test_a_task_that_has_given_way_frees_no_slot_at_its_end() -> None:
    visitors = Visitors(Slots(1, long_seconds=0.001))
    visitors.send("long", "next")
    assert [await visitors.came.get() for _ in range(2)] == ["long", "next"]
    await visitors.leave("long")
    await visitors.leave("next")
    visitors.slots._long_seconds = 3600
    visitors.send("a", "b")
    assert await visitors.came.get() == "a"
    assert visitors.came.empty()
    await visitors.leave("a")
    assert await visitors.came.get() == "b"
    await visitors.leave("b")


def interrupting(event: asyncio.Event) -> Callable[[], bool]:
    """Sets an event, and says that the task ends."""

    def interrupt() -> bool:
        event.set()
        return True

    return interrupt


class TestInterruptions:
    """No more run beside the others than may; a further long one begins again later."""

    async def test_one_that_has_only_waited_itself_is_not(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chassis.runtime.slots.LOOK_AGAIN_SECONDS", 0.001)
        slots = Slots(1, long_seconds=0.001, beside=0)
        looked = asyncio.Queue[None]()

        def has_only_waited() -> bool:
            looked.put_nowait(None)
            return False

        async with slots.slot(interrupt=has_only_waited):
            waiting = asyncio.create_task(self._short(slots))
            for _ in range(3):
                await looked.get()
            assert not waiting.done()
        await waiting

    async def test_a_long_task_is_interrupted_if_others_wait_and_none_may_give_way(self) -> None:
        slots = Slots(1, long_seconds=0.01, beside=1)
        interrupted, done = asyncio.Event(), asyncio.Event()

        async def long(interrupt: asyncio.Event) -> None:
            async with slots.slot(interrupt=interrupting(interrupt)):
                await asyncio.wait(
                    [asyncio.create_task(event.wait()) for event in (interrupt, done)],
                    return_when=asyncio.FIRST_COMPLETED,
                )

        async def short() -> None:
            async with slots.slot():
                pass

        first = asyncio.create_task(long(asyncio.Event()))  # it will run beside the others
        second = asyncio.create_task(long(interrupted))
        await asyncio.wait_for(short(), 30)
        assert interrupted.is_set()
        await second
        again = asyncio.create_task(self._long_again(slots))
        await asyncio.wait_for(short(), 30)
        assert not again.done()
        done.set()
        await first
        await asyncio.wait_for(again, 30)

    async def test_where_none_waits_it_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chassis.runtime.slots.LOOK_AGAIN_SECONDS", 0.001)
        slots = Slots(1, long_seconds=0.001, beside=0)
        interrupted = asyncio.Event()
        async with slots.slot(interrupt=interrupting(interrupted)):
            await asyncio.sleep(0.02)
            assert not interrupted.is_set()
            waiting = asyncio.create_task(self._short(slots))
            await asyncio.wait_for(interrupted.wait(), 30)
        await waiting

    async def test_who_is_cancelled_takes_no_place(self) -> None:
        slots = Slots(1, long_seconds=3600, beside=1)
        async with slots.slot(is_long=True):
            cancelled = asyncio.create_task(self._long_again(slots))
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.wait([cancelled])
        await asyncio.wait_for(self._long_again(slots), 30)

    @staticmethod
    async def _long_again(slots: Slots) -> None:
        async with slots.slot(is_long=True):
            pass

    @staticmethod
    async def _short(slots: Slots) -> None:
        async with slots.slot():
            pass
