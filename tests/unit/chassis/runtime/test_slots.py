"""Slots: so many tasks at a time, and long ones give way to others."""

import asyncio

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
