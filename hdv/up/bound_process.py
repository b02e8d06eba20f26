"""Runs a program that ends when the process that started it ends, however that one ends.

`python -m hdv.up.bound_process PROGRAM ARGUMENT…` becomes that program after it has asked the
kernel for a SIGTERM as soon as its parent is gone. So a `hdv up` killed with -9 leaves no process
behind. Linux only: elsewhere the program runs on.

With `--output` before the program, it writes its output where its parent writes its own:
supervisord would read each line of a service, only to write it there.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PARENT = "HDV_PARENT_PID"
"""Environment variable with the process id of the parent."""

_OUTPUT = "--output"
_PR_SET_PDEATHSIG = 1  # prctl(2)


def bound(command: Sequence[str], *, output_of_parent: bool = False) -> list[str]:
    """The command line that runs a command bound to its parent, which sets `PARENT` for it.

    Args:
        command: the command.
        output_of_parent: whether it writes where its parent does, which must be to a pipe.
    """
    # -P: no file in the working directory is imported in place of our modules.
    runner = [sys.executable, "-P", "-m", "hdv.up.bound_process"]
    return [*runner, *([_OUTPUT] if output_of_parent else []), *command]


def main() -> None:
    """Bind this process to its parent, then become the program of the command line."""
    command = sys.argv[1:]
    if command[0] == _OUTPUT:
        command = command[1:]
        _write_where_the_parent_does()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # If the parent ended before the call above, no signal will come.
        if os.getppid() != int(os.environ[PARENT]):
            sys.exit(1)
    # The exec keeps the process id: what the program starts is bound to this process.
    os.environ[PARENT] = str(os.getpid())
    os.execvp(command[0], command)  # noqa: S606 -- our own command line, no shell wanted


def _write_where_the_parent_does() -> None:
    with contextlib.suppress(OSError):  # without /proc the parent copies what is written
        output = os.open(f"/proc/{os.getppid()}/fd/1", os.O_WRONLY)
        os.dup2(output, sys.stdout.fileno())
        os.close(output)


if __name__ == "__main__":
    main()
