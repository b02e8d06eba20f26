"""Work on untrusted files, in processes whose death leaves the service alive."""

import asyncio
import contextlib
import multiprocessing
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from chassis.runtime.confinement import Cause
from chassis.runtime.process_end import End, OutOfMemoryKills, end_of
from chassis.runtime.slots import Slots
from chassis.runtime.worker import Worker, WorkerEndedError, WorkerLostError
from chassis.runtime.worker_process import serve

__all__ = ["Cause", "Isolation", "IsolationError", "ShortOfMemoryError"]

Result = TypeVar("Result")

START_SECONDS = 300.0
"""A start that is broken off only begins again, and takes no less time on a busy machine."""
TASKS_PER_PROCESS = 1000
"""A process is replaced after this many tasks, so that leaks do not add up."""
LONG_TASK_SECONDS = 1.0
"""A task that takes longer gives its slot to another, whose process runs beside it."""
LARGE_SHARE = 0.25
"""A process that uses so much of its limit may have been killed for its memory."""
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 10.0


class IsolationError(Exception):
    """The work exceeded a limit or crashed its process."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class ShortOfMemoryError(IsolationError):
    """The process was killed each time because memory was short: that is no verdict on the work."""


class Isolation:
    """A pool of processes with limits on CPU time and memory.

    A process that exceeds a limit is killed and replaced; only its own task fails. What is not the
    task's fault is waited out: see `End`, and docs/decisions/0024.

    Args:
        processes: how many tasks run at the same time; others wait for their turn, in order. As
            many again run beside them while these take long.
        seconds: the CPU time that a task may use.
        memory_bytes: what a process may allocate; mapped files do not count.
        preload: modules to import once, before processes are forked from a clean server process.
        note_retry: is called before a task is tried again, with the way in which its process ended.
    """

    def __init__(
        self,
        *,
        processes: int,
        seconds: float,
        memory_bytes: int,
        preload: Sequence[str],
        note_retry: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*preload, serve.__module__])
        self._processes = processes
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._note_retry = note_retry
        self._slots = Slots(processes, LONG_TASK_SECONDS)
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._is_running = False
        self._large = asyncio.Lock()
        self._out_of_memory_kills = OutOfMemoryKills()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the pool while the context lasts; unfinished tasks are killed at its end."""
        self._is_running = True
        try:
            # Better now than at the first file.
            async with asyncio.timeout(START_SECONDS):
                starting = (self._start() for _ in range(self._processes))
                self._idle += await asyncio.gather(*starting)
            yield
        finally:
            self._is_running = False
            for worker in self._workers:
                worker.kill()
            self._workers.clear()
            self._idle.clear()

    async def run(
        self, function: Callable[..., Result], *args: object, again: bool = True
    ) -> Result:
        """Call a function in one of the processes, more than once if its process dies.

        Args:
            function: importable at top level.
            args: picklable.
            again: whether it is called again after it was interrupted, to let others go first. If
                not, it is interrupted as soon as it takes long, for its parts can be called alone.

        Raises:
            IsolationError: it took too long, needed too much memory, or crashed its process; or it
                was interrupted, and is not to be called again.
            ShortOfMemoryError: its process was killed each time while memory was short.
            Exception: whatever the function raises.
        """
        ends: Counter[End] = Counter()
        task = _Task()
        while True:
            try:
                slot = self._slots.slot(
                    is_long=task.is_interrupted, is_pack=not again, interrupt=task.interrupt
                )
                async with self._turn(ends), slot:
                    return await self._attempt(function, args, before=ends, task=task)
            except WorkerEndedError as error:
                if task.was_interrupted_now():
                    if again:
                        continue
                    raise IsolationError(Cause.TIME) from None
                was_large = error.memory_bytes > LARGE_SHARE * self._memory_bytes
                end = end_of(error.exit_code, self._out_of_memory_kills, was_large=was_large)
            except WorkerLostError:
                end = End.KILLED
            ends[end] += 1
            if ends[end] >= end.attempts:
                error_type = ShortOfMemoryError if end is End.SHORTAGE else IsolationError
                raise error_type(end.cause)
            self._note_retry(end.name.lower())
            await asyncio.sleep(_pause(ends.total()))

    @contextlib.asynccontextmanager
    async def _turn(self, before: Counter[End]) -> AsyncIterator[None]:
        """Tasks that were killed for want of memory are tried one at a time."""
        async with self._large if before[End.SHORTAGE] else contextlib.nullcontext():
            yield

    async def _attempt(
        self,
        function: Callable[..., Result],
        args: tuple[object, ...],
        *,
        before: Counter[End],
        task: "_Task",
    ) -> Result:
        if not self._is_running:
            raise RuntimeError("the pool is not running")
        worker = await self._take(fresh=bool(before))
        task.worker = worker
        was_killed = before[End.KILLED] + before[End.SHORTAGE] > 0
        try:
            result: Result = await worker.do(function, args, look_at_memory=was_killed)
        finally:
            task.worker = None
            has_room = len(self._idle) < self._processes
            if has_room and worker.is_usable and worker.tasks < TASKS_PER_PROCESS:
                self._idle.append(worker)
            else:
                self._dismiss(worker)
        return result

    async def _take(self, *, fresh: bool) -> Worker:
        """An idle worker, or a new one.

        Args:
            fresh: whether it must not have done anything before.
        """
        if self._idle:
            worker = self._idle.pop()
            if worker.is_usable and not (fresh and worker.tasks):
                return worker
            self._dismiss(worker)
        return await self._start()

    async def _start(self) -> Worker:
        worker = await Worker.start(
            self._context, seconds=self._seconds, memory_bytes=self._memory_bytes
        )
        self._workers.add(worker)
        return worker

    def _dismiss(self, worker: Worker) -> None:
        worker.kill()
        self._workers.discard(worker)


class _Task:
    """A task that may be interrupted once, to let others go first.

    Attributes:
        worker: what does it at the moment.
        is_interrupted: whether it has been interrupted.
    """

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.is_interrupted = False
        self._is_new = False
        self._before: tuple[Worker, float] | None = None
        """Its worker at the first look, and the CPU time that this had used by then."""

    def interrupt(self) -> bool:
        """End the process that does it, if it has used CPU time: others may keep it waiting.

        Returns:
            Whether it has.
        """
        worker = self.worker
        if worker is None or not worker.is_usable:
            return False
        used = worker.cpu_seconds()
        if self._before is None or self._before[0] is not worker:
            self._before = (worker, used)
        if used - self._before[1] < LONG_TASK_SECONDS:
            return False
        self.is_interrupted = self._is_new = True
        worker.kill()
        return True

    def was_interrupted_now(self) -> bool:
        """Whether that is why its process has ended; true only once."""
        was, self._is_new = self._is_new, False
        return was


def _pause(attempts: int) -> float:
    """How long to wait after so many attempts, in seconds: longer each time, with jitter."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempts, 20))
    return random.uniform(longest / 2, longest)  # noqa: S311 -- jitter
