"""Isolation: work on hostile files may take too long, want too much, or die, alone.

These tests use real processes. What they call is the standard library's, because a process that is
made again has to be able to import it.
"""

import asyncio
import json
import os
import resource
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chassis.runtime.isolation import Cause, Isolation, IsolationError

MEMORY_BYTES = 256 << 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def isolation() -> AsyncIterator[Isolation]:
    """One pool for all tests: what each of them does to it must not matter to the others."""
    pool = Isolation(processes=1, seconds=0.4, memory_bytes=MEMORY_BYTES, preload=["json"])
    async with pool.running():
        yield pool


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_work_is_done_in_another_process(isolation: Isolation) -> None:
    assert await isolation.run(os.getpid) != os.getpid()


async def test_what_the_work_raises_comes_out(isolation: Isolation) -> None:
    with pytest.raises(json.JSONDecodeError):
        await isolation.run(json.loads, "{")


async def test_work_that_takes_too_long_is_killed(isolation: Isolation) -> None:
    with pytest.raises(IsolationError) as raised:
        await isolation.run(time.sleep, 600)
    assert raised.value.cause is Cause.TIME


async def test_work_that_wants_too_much_memory_fails(isolation: Isolation) -> None:
    with pytest.raises(IsolationError) as raised:
        await isolation.run(bytearray, 2 * MEMORY_BYTES)
    assert raised.value.cause is Cause.MEMORY


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        (signal.raise_signal, signal.SIGKILL),
        (signal.raise_signal, signal.SIGSEGV),
        (os._exit, 1),
    ],
)
async def test_work_that_takes_its_process_along_is_a_death_of_its_own(
    isolation: Isolation, function: object, argument: int
) -> None:
    with pytest.raises(IsolationError) as raised:
        await isolation.run(function, argument)  # type: ignore[arg-type]
    assert raised.value.cause is Cause.DEATH


async def test_work_that_ends_its_process_as_if_all_were_well_is_noticed_in_time(
    isolation: Isolation,
) -> None:
    """Pebble takes the exit code 0 for a process that has done its share, so the limit decides."""
    with pytest.raises(IsolationError) as raised:
        await isolation.run(os._exit, 0)
    assert raised.value.cause is Cause.TIME


async def test_after_all_that_the_pool_works_on(isolation: Isolation) -> None:
    for function, argument in ((time.sleep, 600), (os._exit, 1)):
        with pytest.raises(IsolationError):
            await isolation.run(function, argument)
        assert await isolation.run(len, "abc") == 3


async def test_work_that_waits_for_its_turn_does_not_use_up_its_time(isolation: Isolation) -> None:
    await asyncio.gather(*(isolation.run(time.sleep, 0.15) for _ in range(3)))


async def test_a_process_leaves_no_core_file_with_a_patients_data(isolation: Isolation) -> None:
    assert await isolation.run(resource.getrlimit, resource.RLIMIT_CORE) == (0, 0)


async def test_a_process_cannot_raise_its_own_limit(isolation: Isolation) -> None:
    limits = await isolation.run(resource.getrlimit, resource.RLIMIT_DATA)
    assert limits == (MEMORY_BYTES, MEMORY_BYTES)
