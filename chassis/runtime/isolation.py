"""Work on untrusted files, in processes whose crash leaves the service alive."""

import asyncio
import contextlib
import multiprocessing
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from chassis.runtime.confinement import Cause, confine

__all__ = ["Cause", "Isolation", "IsolationError"]

Result = TypeVar("Result")

START_SECONDS = 60.0
TASKS_PER_PROCESS = 1000
"""A process is replaced after this many files, so that leaks do not add up."""


class IsolationError(Exception):
    """The work exceeded a limit or crashed its process."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Isolation:
    """A pool of processes with limits on time and memory.

    A process that exceeds a limit is killed and replaced; only its own task fails.

    Args:
        processes: how many tasks run at the same time.
        seconds: a task that takes longer is killed.
        memory_bytes: what a process may allocate; mapped files do not count.
        preload: modules to import once, before processes are forked from a clean server process.
    """

    def __init__(
        self, *, processes: int, seconds: float, memory_bytes: int, preload: Sequence[str]
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        self._seconds = seconds
        self._pool = ProcessPool(
            max_workers=processes,
            max_tasks=TASKS_PER_PROCESS,
            initializer=confine,
            initargs=(memory_bytes,),
            context=context,
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the pool while the context lasts; unfinished tasks are killed at its end."""
        try:
            # The first task starts the processes: better now than at the first file.
            async with asyncio.timeout(START_SECONDS):
                await asyncio.wrap_future(self._pool.schedule(int))
            yield
        finally:
            self._pool.stop()  # type: ignore[no-untyped-call]  # pebble's has no annotations
            await asyncio.to_thread(self._pool.join)

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """Call a function in one of the processes.

        Args:
            function: importable at top level.
            args: picklable.

        Raises:
            IsolationError: it took too long, needed too much memory, or the process died.
            Exception: whatever the function raises.
        """
        future = self._pool.schedule(function, args=args, timeout=self._seconds)
        try:
            result: Result = await asyncio.wrap_future(future)
        except TimeoutError:
            raise IsolationError(Cause.TIME) from None
        except MemoryError:
            raise IsolationError(Cause.MEMORY) from None
        except ProcessExpired:
            raise IsolationError(Cause.DEATH) from None
        return result
