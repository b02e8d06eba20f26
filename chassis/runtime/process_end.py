"""How a process ended during a task, and when that is the task's fault."""

import math
import signal
from enum import Enum
from pathlib import Path

from chassis.runtime.confinement import Cause, cause_of_death

FROM_OUTSIDE = frozenset(
    {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP, -signal.SIGQUIT}
)
"""Exit codes of processes that somebody else ended: a file makes no process send these signals."""


class End(Enum):
    """How a process ended.

    Attributes:
        cause: what is reported if the task is at fault.
        attempts: so many of a task's attempts must end like this until it is at fault; all but the
            first are made in fresh processes.
    """

    TIME = Cause.TIME, 1
    """It used up its CPU time."""
    MEMORY = Cause.MEMORY, 2
    """It reached its memory limit; the first time, earlier tasks may have left something behind."""
    CRASH = Cause.DEATH, 2
    """It ended itself, or by a signal that is its own fault; the first time, see `MEMORY`."""
    UNCLEAR = Cause.DEATH, 5
    """Task or environment: a mapped file could not be read, or the reason is unknown."""
    SHORTAGE = Cause.SHORTAGE, 20
    """It was killed while memory was short, by the kernel, or by another program while it used much
    memory itself. A machine with more memory might do the task: that is no verdict on it."""
    KILLED = Cause.DEATH, math.inf
    """Somebody else killed it, or it could not be started. No task is ever at fault for that."""

    def __init__(self, cause: Cause, attempts: float) -> None:
        self.cause = cause
        self.attempts = attempts


class OutOfMemoryKills:
    """Watches the kernel's count of processes that it killed because memory ran out.

    Args:
        path: of the kernel's counters.
    """

    def __init__(self, path: Path = Path("/proc/vmstat")) -> None:
        self._path = path
        self._count = self._read()

    def possible(self) -> bool:
        """Whether there may have been such a kill since the last call."""
        before, self._count = self._count, self._read()
        return self._count is None or self._count != before

    def _read(self) -> int | None:
        try:
            counters = dict(line.split() for line in self._path.read_text("ascii").splitlines())
            return int(counters["oom_kill"])
        except (OSError, KeyError):  # not every kernel counts them
            return None


def end_of(exit_code: int | None, kills: OutOfMemoryKills, *, was_large: bool = False) -> End:
    """How a process ended.

    Args:
        exit_code: the negative number of a signal, if one ended it; None if it is not known.
        kills: whether the kernel may have killed it because memory ran out.
        was_large: whether it used much memory when it was looked at last. Programs that free memory
            in time (`earlyoom`, `systemd-oomd`) kill such processes, which is not counted.
    """
    if exit_code in FROM_OUTSIDE:
        # In this order: the kernel's count is to be read each time.
        for_memory = exit_code == -signal.SIGKILL and kills.possible()
        return End.SHORTAGE if for_memory or was_large else End.KILLED
    if exit_code is None or exit_code == -signal.SIGBUS:
        return End.UNCLEAR
    ends = {Cause.TIME: End.TIME, Cause.MEMORY: End.MEMORY, Cause.DEATH: End.CRASH}
    return ends[cause_of_death(exit_code)]
