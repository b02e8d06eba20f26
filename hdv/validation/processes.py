"""A pool of processes for one command: forked, limited, and replaced when they die.

The services have `chassis.runtime.isolation`, whose processes are started beside threads and an
event loop. A command has neither, so its processes are plain forks with everything imported: they
start at once, and a file costs one message each way.
"""

import contextlib
import gc
import itertools
import os
import selectors
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Generic, NoReturn, TypeVar

from chassis.runtime.confinement import (
    OUT_OF_MEMORY,
    Cause,
    cause_of_death,
    confine,
    limit_time,
)

_AHEAD = 4
"""Tasks given to each process in advance, so that it never waits for the next one."""
_WINDOW = 512
"""Tasks in progress, or done whose results wait for an earlier one."""

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Work(Generic[Task, Result]):
    """The work of the processes.

    Attributes:
        do: returns the result of a task; runs in a process.
        killed: returns the result of a task whose process died; runs in the parent.
        seconds: a task that uses more CPU time is killed.
        memory_bytes: what a process may allocate; mapped files do not count.
    """

    do: Callable[[Task], Result]
    killed: Callable[[Task, Cause], Result]
    seconds: float
    memory_bytes: int


@dataclass(slots=True)
class _Assignment(Generic[Task]):
    number: int
    task: Task
    has_killed: bool = False
    """Whether a process has died during this task."""


@dataclass(slots=True)
class _Process(Generic[Task]):
    pid: int
    connection: Connection
    assignments: deque[_Assignment[Task]] = field(default_factory=deque)
    """Its tasks in order; it works on the first."""


class Processes(Generic[Task, Result]):
    """Runs tasks in several processes, each of which does one after the other.

    Args:
        work: what to do with each task.
        most: the greatest number of processes; no more are started than there are tasks.
    """

    def __init__(self, work: Work[Task, Result], most: int) -> None:
        self._work = work
        self._most = most
        self._processes: list[_Process[Task]] = []
        self._returned: deque[_Assignment[Task]] = deque()
        self._selector = selectors.DefaultSelector()
        """Has the connections of all processes, which is cheaper than to list them each time."""

    def results(self, tasks: Iterator[Task], *, ordered: bool) -> Generator[Result, None, None]:
        """The results of the tasks; only a few hundred tasks are read in advance.

        A task whose process dies or exceeds a limit is tried once more, because the task may not
        be the cause. When the iterator is closed, all processes are killed.

        Args:
            tasks: picklable.
            ordered: whether results come in the order of the tasks, or as soon as they are ready.
        """
        assignments = map(_Assignment, itertools.count(), tasks)
        ready: dict[int, Result] = {}
        given = yielded = 0
        # Forks share memory; a garbage collection in one of them would copy it.
        gc.freeze()
        try:
            while True:
                while self._has_room and (self._returned or given - yielded < _WINDOW):
                    assignment = self._next(assignments)
                    if assignment is None:
                        break
                    given = max(given, assignment.number + 1)
                    self._give(assignment)
                if not any(process.assignments for process in self._processes):
                    return
                ready.update(self._done())
                while ready and (number := yielded if ordered else next(iter(ready))) in ready:
                    yielded += 1
                    yield ready.pop(number)
        finally:
            gc.unfreeze()
            for process in self._processes:
                self._end(process)
            self._processes.clear()

    @property
    def _has_room(self) -> bool:
        return len(self._processes) < self._most or any(
            len(process.assignments) < _AHEAD for process in self._processes
        )

    def _next(self, assignments: Iterator[_Assignment[Task]]) -> _Assignment[Task] | None:
        return self._returned.popleft() if self._returned else next(assignments, None)

    def _give(self, assignment: _Assignment[Task]) -> None:
        """Give an assignment to an idle process, a new one, or the one with the least to do."""
        process = min(self._processes, key=lambda process: len(process.assignments), default=None)
        if process is None or (process.assignments and len(self._processes) < self._most):
            process = self._start()
        process.assignments.append(assignment)
        # If it has died, `_done` notices when it reads its results, and takes its tasks back.
        with contextlib.suppress(ConnectionError):
            process.connection.send(assignment.task)

    def _done(self) -> Iterator[tuple[int, Result]]:
        """Wait until at least one process has a result or has died; yields the results."""
        for key, _ in self._selector.select():
            process: _Process[Task] = key.data
            try:
                result: Result = process.connection.recv()
            except (EOFError, OSError):
                yield from self._replace(process)
            else:
                yield process.assignments.popleft().number, result

    def _replace(self, process: _Process[Task]) -> Iterator[tuple[int, Result]]:
        """Take back the tasks of a dead process; the one in progress is tried a second time.

        The kernel may have killed it because another process needed memory.
        """
        cause = self._end(process)
        self._processes.remove(process)
        if not process.assignments:
            return
        current, *waiting = process.assignments
        self._returned.extendleft(reversed(waiting))
        if current.has_killed:
            yield current.number, self._work.killed(current.task, cause)
        else:
            current.has_killed = True
            self._returned.appendleft(current)

    def _start(self) -> _Process[Task]:
        ours, theirs = Pipe()
        # An interrupt before the child ignores it would run the parent's clean-up in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        pid = os.fork()
        if pid == 0:
            try:
                self._selector.close()
                # If a child kept these open, its siblings would not notice that the parent is gone.
                for connection in (ours, *(process.connection for process in self._processes)):
                    connection.close()
                _serve(theirs, self._work)
            finally:
                os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        theirs.close()
        process: _Process[Task] = _Process(pid, ours)
        self._processes.append(process)
        self._selector.register(ours, selectors.EVENT_READ, process)
        return process

    def _end(self, process: _Process[Task]) -> Cause:
        """Kill a process; returns the cause of its death, if it had died before."""
        self._selector.unregister(process.connection)
        process.connection.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        _, status = os.waitpid(process.pid, 0)
        return cause_of_death(os.waitstatus_to_exitcode(status))


def _serve(connection: Connection, work: Work[Task, Result]) -> NoReturn:
    """Run tasks until the parent is gone."""
    # Ctrl-C goes to the whole process group; the parent kills its processes itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    confine(work.memory_bytes)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            os._exit(0)
        try:
            limit_time(work.seconds)
            result = work.do(task)
            limit_time(0)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        connection.send(result)
