"""Runs a program that ends when the process that started it ends, however that one ends.

`python -m hdv.up.bound_process PROGRAM ARGUMENT…` becomes that program after it has asked the
kernel for a SIGTERM as soon as its parent is gone. So a `hdv up` killed with -9 leaves no process
behind. Linux only: elsewhere the program runs on.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PARENT = "HDV_PARENT_PID"
"""Environment variable with the process id of the parent that the program is tethered to."""

_PR_SET_PDEATHSIG = 1  # prctl(2)


def tethered(command: Sequence[str]) -> list[str]:
    """The command line that runs a command tethered; the parent sets `PARENT` for it."""
    # -P: nothing in the directory where it runs is taken for our modules.
    return [sys.executable, "-P", "-m", "hdv.up.bound_process", *command]


def main() -> None:
    """Tether this process to its parent, then become the program of the command line."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # A parent that died before the call above sends no signal any more.
        if os.getppid() != int(os.environ[PARENT]):
            sys.exit(1)
    # The process id survives the exec: what the program starts is tethered to this very process.
    os.environ[PARENT] = str(os.getpid())
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 -- our own command line, no shell wanted


if __name__ == "__main__":
    main()
