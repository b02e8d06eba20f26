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
"""Environment variable with the process id of the parent."""

_PR_SET_PDEATHSIG = 1  # prctl(2)


def bound(command: Sequence[str]) -> list[str]:
    """The command line that runs a command bound to its parent, which sets `PARENT` for it."""
    # -P: no file in the working directory is imported in place of our modules.
    return [sys.executable, "-P", "-m", "hdv.up.bound_process", *command]


def main() -> None:
    """Bind this process to its parent, then become the program of the command line."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # If the parent ended before the call above, no signal will come.
        if os.getppid() != int(os.environ[PARENT]):
            sys.exit(1)
    # The exec keeps the process id: what the program starts is bound to this process.
    os.environ[PARENT] = str(os.getpid())
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 -- our own command line, no shell wanted


if __name__ == "__main__":
    main()
