"""A worker: a process that does one task after the other, as the event loop sees it."""

import asyncio
import contextlib
import os
import pickle
import signal
import socket
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, cast

from chassis.runtime.worker_process import LENGTH, serve

_EXIT_SECONDS = 5.0
"""How long a process that has closed its end of the line may take to end."""
MEMORY_PERIOD_SECONDS = 0.1
"""How often the memory of a process is looked at, where that is asked for."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_FORK_SERVER_GONE = 255
"""What multiprocessing then gives as the exit code of a process."""


class WorkerEndedError(Exception):
    """The process ended during a task.

    Args:
        exit_code: the negative number of a signal, if one ended it; None if it is not known.
        memory_bytes: what it used when its memory was looked at last; 0 if that was not asked for.
    """

    def __init__(self, exit_code: int | None, memory_bytes: int = 0) -> None:
        super().__init__(exit_code, memory_bytes)
        self.exit_code = exit_code
        self.memory_bytes = memory_bytes


class WorkerLostError(Exception):
    """The process could not be started, or did nothing for a long time."""


class Worker(asyncio.Protocol):
    """The event loop's end of the line; `Worker.start` makes one.

    There are neither threads nor polling: the kernel wakes the loop when there is an answer, or
    when the process has ended.

    Attributes:
        is_usable: whether it can take a task.
        tasks: how many it has been given.
    """

    def __init__(self, process: ForkServerProcess, seconds: float) -> None:
        self.is_usable = True
        self.tasks = 0
        self._process = process
        # A process id may belong to another process by now; this descriptor never does.
        self._pidfd: int | None = os.pidfd_open(process.pid or 0)
        self._seconds = seconds
        self._is_stuck = False
        self._loop = asyncio.get_running_loop()
        self._line: asyncio.WriteTransport
        self._received = bytearray()
        self._answer: asyncio.Future[bytearray | None] = self._loop.create_future()
        self._watch: asyncio.TimerHandle
        self._looking: asyncio.TimerHandle | None = None
        self._memory_bytes = 0

    @classmethod
    async def start(
        cls, context: ForkServerContext, *, seconds: float, memory_bytes: int
    ) -> "Worker":
        """Start a process and wait until it is ready.

        Args:
            context: of multiprocessing; it starts the fork server if that is not running.
            seconds: the CPU time that a task may use.
            memory_bytes: what the process may allocate; mapped files do not count.

        Raises:
            WorkerLostError: it could not be started.
        """
        loop = asyncio.get_running_loop()
        starting = loop.run_in_executor(None, _start_process, context, seconds, memory_bytes)
        try:
            process, line = await asyncio.shield(starting)
            _, worker = await loop.create_unix_connection(lambda: cls(process, seconds), sock=line)
            await worker.ready()
        except (OSError, EOFError, WorkerEndedError):
            raise WorkerLostError from None
        except asyncio.CancelledError:
            starting.add_done_callback(_abandon)
            raise
        return worker

    async def ready(self) -> None:
        """Wait until the process has started.

        Raises:
            WorkerEndedError: it ended before.
        """
        await self._next_answer()

    async def do(
        self,
        function: Callable[..., Any],
        args: tuple[object, ...],
        *,
        look_at_memory: bool = False,
    ) -> Any:  # noqa: ANN401 -- whatever the function returns
        """Call a function in the process; if this is cancelled, the process is killed.

        Args:
            function: importable at top level.
            args: picklable.
            look_at_memory: whether to know how much the process used, should it end.

        Raises:
            WorkerEndedError: the process ended.
            WorkerLostError: the process has been killed because it did nothing.
            Exception: whatever the function raises.
        """
        self.tasks += 1
        self._line.write(pickle.dumps((function, args)))
        self._watch_again()
        self._memory_bytes = 0
        if look_at_memory:
            self._look_at_memory()
        try:
            answer = await self._next_answer()
        finally:
            self._watch.cancel()
            if self._looking:
                self._looking.cancel()
        has_returned, value = pickle.loads(memoryview(answer)[LENGTH.size :])  # noqa: S301 -- ours
        if has_returned:
            return value
        raise value

    def cpu_seconds(self) -> float:
        """The CPU time that the process has used since its start."""
        return (_cpu_ticks(self._process.pid) or 0) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """Kill the process, whatever it does."""
        self.is_usable = False
        self._line.abort()
        if self._pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
            self._pidfd = None

    def _watch_again(self, before: int | None = None) -> None:
        self._watch = self._loop.call_later(self._seconds, self._kill_if_stuck, before)

    def _kill_if_stuck(self, before: int | None) -> None:
        """Kill the process if it has used no CPU time since the last look.

        It is stopped, or waits for a disk; what uses CPU time the kernel ends (`limit_time`).
        """
        used = _cpu_ticks(self._process.pid)
        if used == before:
            self._is_stuck = True
            self.kill()
        else:
            self._watch_again(used)

    def _look_at_memory(self) -> None:
        if (used := _memory_bytes(self._process.pid)) is not None:
            self._memory_bytes = used
        self._looking = self._loop.call_later(MEMORY_PERIOD_SECONDS, self._look_at_memory)

    async def _next_answer(self) -> bytearray:
        try:
            answer = await self._answer
        except asyncio.CancelledError:
            self.kill()
            raise
        if answer is not None:
            self._answer = self._loop.create_future()
            return answer
        if self._is_stuck:
            raise WorkerLostError
        await asyncio.to_thread(self._process.join, _EXIT_SECONDS)
        code = self._process.exitcode
        self.kill()  # if it has only closed the line
        raise WorkerEndedError(None if code == _FORK_SERVER_GONE else code, self._memory_bytes)

    # What follows the loop calls: see `asyncio.Protocol`.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open."""
        self._line = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """A piece of an answer has come."""
        self._received += data
        if len(self._received) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._received)
            if len(self._received) == LENGTH.size + length and not self._answer.done():
                self._answer.set_result(self._received)
                self._received = bytearray()

    def connection_lost(self, exc: Exception | None) -> None:
        """The process has ended."""
        del exc
        self.is_usable = False
        if not self._answer.done():
            self._answer.set_result(None)


def _start_process(
    context: ForkServerContext, seconds: float, memory_bytes: int
) -> tuple[ForkServerProcess, socket.socket]:
    """Start a process; returns it and our end of the line to it."""
    ours, theirs = socket.socketpair()
    try:
        with Connection(theirs.detach()) as line:
            arguments = (line, seconds, memory_bytes)
            process = context.Process(target=serve, args=arguments, daemon=True)
            process.start()
    except BaseException:
        ours.close()
        raise
    ours.setblocking(False)
    return process, ours


def _abandon(starting: "asyncio.Future[tuple[ForkServerProcess, socket.socket]]") -> None:
    """Close the line to a process that is no longer wanted, which ends it."""
    if not starting.cancelled() and not starting.exception():
        _, line = starting.result()
        line.close()


def _cpu_ticks(pid: int | None) -> int | None:
    """The CPU time that a process has used, in clock ticks; None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except FileNotFoundError:
        return None
    return int(fields[11]) + int(fields[12])


def _memory_bytes(pid: int | None) -> int | None:
    """The memory that a process uses for itself, without mapped files; None if it has ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except OSError:
        return None
    # Of a process that has ended, but is still listed, all are 0.
    return (int(resident) - int(shared)) * _PAGE_BYTES or None
