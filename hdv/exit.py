"""How a command ends: its exit code, and the line that says why it cannot go on."""

import os
import sys
from collections.abc import Callable
from enum import IntEnum


class ExitCode(IntEnum):
    """What every command's exit code means; docs/command-line.md has the same table."""

    OK = 0
    """The command did its work and found nothing wrong."""
    FAILED = 1
    """A file or message is invalid, a file was rejected, or a service does not run."""
    USAGE = 2
    """The command cannot be carried out as given."""
    UNAVAILABLE = 3
    """The gateway or Redis does not answer, or not in time."""
    INTERRUPTED = 130
    """Ctrl-C, as for any program that SIGINT ends."""
    OUTPUT_CLOSED = 141
    """The reader of the output is gone (`| head`), as for any program that SIGPIPE ends."""


class CommandError(Exception):
    """A command cannot go on.

    Args:
        lines: what to show, each without the name of the command.
        code: the exit code.
    """

    def __init__(self, *lines: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = code


def run(name: str, command: Callable[[], ExitCode | None]) -> ExitCode:
    """Run a command; returns its exit code.

    Args:
        name: of the command; its lines on stderr begin with it.
        command: returns the exit code; None means `OK`.
    """
    try:
        code = command()
        sys.stdout.flush()
    except CommandError as error:
        for line in error.lines:
            say(f"{name}: {line}")
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Python would fail again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OUTPUT_CLOSED
    return code or ExitCode.OK


def say(line: str) -> None:
    """Show a line on stderr; stdout is for results."""
    # Not loaded before there is something to say: `hdv --help` has nothing.
    from chassis.escaping import printable  # noqa: PLC0415

    sys.stderr.write(f"{printable(line)}\n")
    sys.stderr.flush()
