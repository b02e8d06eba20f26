"""The limits of a process that reads untrusted files."""

import logging
import os
import resource
import signal
import warnings
from enum import StrEnum

OUT_OF_MEMORY = 100
"""Exit code of a process that has reached its memory limit."""


class Cause(StrEnum):
    """Why isolated work was not completed."""

    TIME = "time"
    MEMORY = "memory"
    DEATH = "death"
    SHORTAGE = "shortage"


def confine(memory_bytes: int) -> None:
    """Set the limits of this process, and silence everything that might print values of files.

    Args:
        memory_bytes: what it may allocate; mapped files do not count.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    # Libraries in C write warnings directly to these descriptors.
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    os.close(silence)


def limit_time(seconds: float) -> None:
    """End this process by SIGPROF when it has used so much CPU time from now on; 0 is no limit.

    The kernel does this even if no Python code runs and the parent is gone. CPU time, because the
    time on the clock also passes while the machine is busy with other work, or suspended.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def cause_of_death(exit_code: int) -> Cause:
    """Why a confined process ended.

    Args:
        exit_code: the negative number of a signal, if one ended it.
    """
    return {-signal.SIGPROF: Cause.TIME, OUT_OF_MEMORY: Cause.MEMORY}.get(exit_code, Cause.DEATH)
