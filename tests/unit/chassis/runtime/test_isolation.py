"""Isolation: work on hostile files may take too long, want too much, or die, alone.

These tests use real processes.
"""

import asyncio
import itertools
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from multiprocessing import forkserver
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.runtime import isolation as isolation_module
from chassis.runtime import worker as worker_module
from chassis.runtime.isolation import Cause, Isolation, IsolationError, ShortOfMemoryError
from chassis.runtime.process_end import End
from chassis.runtime.worker_process import NICENESS
from kit.tasks import (
    be_killed_with_memory,
    crash_the_first_time,
    stop_the_first_time,
    use_cpu,
    wait_to_be_killed,
)

MEMORY_BYTES = 256 << 20
USE_CPU_FOREVER = partial(all, itertools.repeat(object()))


class Pool(Isolation):
    """A pool that notes why tasks were tried again."""

    def __init__(self, processes: int = 1) -> None:
        self.retries: list[str] = []
        super().__init__(
            processes=processes,
            seconds=0.3,
            memory_bytes=MEMORY_BYTES,
            preload=["json", "kit.tasks"],
            note_retry=self.retries.append,
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Pool]:
    """One pool for all tests: what each of them does to it must not matter to the others."""
    pool = Pool()
    async with pool.running():
        yield pool


@pytest.fixture
def isolation(shared: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """The pool, which does not wait long before it tries again."""
    monkeypatch.setattr(isolation_module, "FIRST_PAUSE_SECONDS", 0.001)
    shared.retries.clear()
    return shared


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    """A FIFO through which processes send their ids."""
    os.mkfifo(tmp_path / "pids")
    return tmp_path / "pids"


async def next_pid(pids: Path) -> int:
    return int(await asyncio.to_thread(pids.read_text))


def await_end(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([descriptor], [], [], 30)[0], "the process is still there"
    os.close(descriptor)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_work_is_done_in_another_process(isolation: Pool) -> None:
    assert await isolation.run(os.getpid) != os.getpid()


async def test_the_processes_give_way_to_those_that_answer(isolation: Pool) -> None:
    assert await isolation.run(os.nice, 0) == min(19, os.nice(0) + NICENESS)


async def test_what_the_work_raises_comes_out_and_its_process_goes_on(isolation: Pool) -> None:
    pid = await isolation.run(os.getpid)
    with pytest.raises(json.JSONDecodeError):
        await isolation.run(json.loads, "{")
    assert await isolation.run(os.getpid) == pid


async def test_tasks_and_results_may_be_large(isolation: Pool) -> None:
    content = bytes(10 << 20)
    assert await isolation.run(bytes, content) == content


async def test_work_that_uses_too_much_cpu_time_fails(isolation: Pool) -> None:
    with pytest.raises(IsolationError) as raised:
        await isolation.run(USE_CPU_FOREVER)
    assert raised.value.cause is Cause.TIME
    assert isolation.retries == []


async def test_time_on_the_clock_does_not_count(isolation: Pool) -> None:
    await isolation.run(time.sleep, 0.4)
    assert isolation.retries == []


async def test_each_task_has_the_whole_time(isolation: Pool) -> None:
    seconds = [await isolation.run(use_cpu, 0.1) for _ in range(4)]
    assert sum(seconds) > 0.3


async def test_work_that_wants_too_much_memory_fails(isolation: Pool) -> None:
    with pytest.raises(IsolationError) as raised:
        await isolation.run(bytearray, 2 * MEMORY_BYTES)
    assert raised.value.cause is Cause.MEMORY
    assert isolation.retries == ["memory"]


@pytest.mark.parametrize(
    ("function", "argument"),
    [(signal.raise_signal, signal.SIGSEGV), (os.abort, None), (os._exit, 0), (sys.exit, 1)],
)
async def test_work_that_ends_its_process_twice_fails(
    isolation: Pool, function: Callable[..., object], argument: object
) -> None:
    with pytest.raises(IsolationError) as raised:
        await isolation.run(function, *([] if argument is None else [argument]))
    assert raised.value.cause is Cause.DEATH
    assert isolation.retries == ["crash"]


async def test_after_a_crash_work_is_tried_in_a_fresh_process(
    isolation: Pool, tmp_path: Path
) -> None:
    assert await isolation.run(crash_the_first_time, str(tmp_path / "marker")) == "done"
    assert isolation.retries == ["crash"]


async def test_work_whose_process_is_killed_from_outside_is_tried_until_it_is_done(
    isolation: Pool, pids: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    work = asyncio.create_task(isolation.run(wait_to_be_killed, str(pids), str(marker)))
    for attempt in range(8):
        pid = await next_pid(pids)
        if attempt == 7:
            marker.touch()
        os.kill(pid, signal.SIGKILL)
    assert await work == "done"
    assert isolation.retries == ["killed"] * 8


async def test_work_that_is_killed_each_time_with_much_memory_ends_without_a_verdict(
    isolation: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `earlyoom` does it, which the kernel does not count."""
    monkeypatch.setattr(isolation_module, "LONGEST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(worker_module, "MEMORY_PERIOD_SECONDS", 0.001)
    with pytest.raises(ShortOfMemoryError):
        await isolation.run(be_killed_with_memory, 100, 0.1)
    # What is tried for the first time is not looked at; a busy machine may not look in time.
    assert isolation.retries[0] == "killed"
    assert isolation.retries.count("shortage") == 19
    assert await isolation.run(len, "abc") == 3


async def test_work_that_is_killed_with_little_memory_is_tried_again(
    isolation: Pool, monkeypatch: pytest.MonkeyPatch, pids: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(isolation_module, "LONGEST_PAUSE_SECONDS", 0.001)
    marker = tmp_path / "marker"
    work = asyncio.create_task(isolation.run(wait_to_be_killed, str(pids), str(marker)))
    attempts = int(End.SHORTAGE.attempts) + 5
    for attempt in range(attempts):
        pid = await next_pid(pids)
        if attempt == attempts - 1:
            marker.touch()
        os.kill(pid, signal.SIGKILL)
    assert await work == "done"


async def test_work_whose_process_stops_is_tried_in_another(
    isolation: Pool, tmp_path: Path
) -> None:
    assert await isolation.run(stop_the_first_time, str(tmp_path / "marker")) == "done"
    assert isolation.retries == ["killed"]


async def test_an_idle_process_that_is_killed_costs_no_attempt(isolation: Pool) -> None:
    pid = await isolation.run(os.getpid)
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(await_end, pid)
    assert await isolation.run(os.getpid) != pid


async def test_the_pool_goes_on_when_its_fork_server_is_killed(
    isolation: Pool, tmp_path: Path
) -> None:
    pid = await isolation.run(os.getpid)
    server = forkserver._forkserver
    killed = server._forkserver_pid
    os.kill(killed, signal.SIGKILL)
    assert await isolation.run(os.getpid) == pid
    # Only that server could have said how the process ended.
    assert await isolation.run(crash_the_first_time, str(tmp_path / "marker")) == "done"
    assert isolation.retries == ["unclear"]
    assert server._forkserver_pid != killed


async def test_a_process_of_a_killed_fork_server_can_still_be_killed(pids: Path) -> None:
    pool = Pool(processes=2)
    async with pool.running():
        work = asyncio.create_task(pool.run(wait_to_be_killed, str(pids), "/nonexistent"))
        pid = await next_pid(pids)
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
        with pytest.raises(IsolationError):
            await pool.run(os._exit, 1)
        work.cancel()
        await asyncio.to_thread(await_end, pid)


async def test_cancelled_work_stops_and_its_process_is_replaced(
    isolation: Pool, pids: Path
) -> None:
    work = asyncio.create_task(isolation.run(wait_to_be_killed, str(pids), "/nonexistent"))
    pid = await next_pid(pids)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await asyncio.to_thread(await_end, pid)
    assert await isolation.run(len, "abc") == 3


async def test_work_is_done_in_the_order_in_which_it_came(isolation: Pool) -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await isolation.run(len, "abc")
        done.append(number)

    await asyncio.gather(*map(work, range(20)))
    assert done == list(range(20))


async def test_as_many_tasks_run_at_once_as_there_are_processes(tmp_path: Path) -> None:
    fifos = [tmp_path / "one", tmp_path / "two"]
    pool = Pool(processes=2)
    async with pool.running(), asyncio.TaskGroup() as tasks:
        for fifo in fifos:
            os.mkfifo(fifo)
        running = [
            tasks.create_task(pool.run(wait_to_be_killed, str(fifo), "/nonexistent"))
            for fifo in fifos
        ]
        assert len({await next_pid(fifo) for fifo in fifos}) == 2
        for task in running:
            task.cancel()


async def test_long_work_does_not_hold_up_short_work(
    pids: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation_module, "LONG_TASK_SECONDS", 0.01)
    pool = Pool()
    async with pool.running():
        long = asyncio.create_task(pool.run(wait_to_be_killed, str(pids), "/nonexistent"))
        await next_pid(pids)
        assert await asyncio.gather(*(pool.run(len, "abc") for _ in range(9))) == [3] * 9
        assert not long.done()
        long.cancel()


async def test_a_process_is_replaced_after_its_share_of_tasks(
    isolation: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation_module, "TASKS_PER_PROCESS", 2)
    numbers = [await isolation.run(os.getpid) for _ in range(6)]
    assert len(set(numbers)) >= 3
    assert isolation.retries == []


async def test_a_process_leaves_no_core_file_with_a_patients_data(isolation: Pool) -> None:
    assert await isolation.run(resource.getrlimit, resource.RLIMIT_CORE) == (0, 0)


async def test_a_process_cannot_raise_its_own_limit(isolation: Pool) -> None:
    limits = await isolation.run(resource.getrlimit, resource.RLIMIT_DATA)
    assert limits == (MEMORY_BYTES, MEMORY_BYTES)


@pytest.mark.parametrize("stream", [1, 2])
async def test_what_a_process_prints_is_seen_nowhere(isolation: Pool, stream: int) -> None:
    assert await isolation.run(os.readlink, f"/proc/self/fd/{stream}") == os.devnull


async def test_at_the_end_unfinished_work_and_all_processes_end(pids: Path) -> None:
    pool = Pool()
    async with pool.running():
        work = asyncio.create_task(pool.run(wait_to_be_killed, str(pids), "/nonexistent"))
        pid = await next_pid(pids)
    with pytest.raises(RuntimeError, match="not running"):
        await work
    await asyncio.to_thread(await_end, pid)


async def test_a_task_that_uses_much_cpu_time_lets_others_go_first_and_is_done_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolation_module, "LONG_TASK_SECONDS", 0.02)
    monkeypatch.setattr("chassis.runtime.slots.LOOK_AGAIN_SECONDS", 0.02)
    pool = Pool()
    pool._seconds = 60
    ended: list[str] = []

    async def run(name: str, seconds: float) -> None:
        await pool.run(use_cpu, seconds)
        ended.append(name)

    async with pool.running(), asyncio.TaskGroup() as tasks:
        for name in ("beside", "interrupted", "too"):
            tasks.create_task(run(name, 0.5))
        for name in ("a", "b"):
            tasks.create_task(run(name, 0.0))
    assert ended.index("a") < ended.index("b") < ended.index("interrupted") < ended.index("too")
    assert pool.retries == []  # that is no fault of a process
