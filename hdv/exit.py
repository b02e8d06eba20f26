"""How a command ends: whatever stands in its way becomes a line and an exit code."""

import os
import sys
from collections.abc import Callable

from chassis.escaping import printable

WELL, INVALID, REFUSED, AWAY, INTERRUPTED, NOT_READ = 0, 1, 2, 3, 130, 141
"""Exit codes; the last two are those of programs that SIGINT and SIGPIPE end."""


class Refused(Exception):
    """What was asked for cannot be; the text is the line to show."""


class Away(Exception):
    """The server does not answer, or not in time; the text is the line to show."""


def run(name: str, command: Callable[[], int]) -> int:
    """Do what a command does; returns the exit code.

    Args:
        name: of the command, with which a line on stderr begins.
        command: returns the exit code when nothing stands in its way.
    """
    try:
        code = command()
        sys.stdout.flush()
    except Refused as error:
        say(f"{name}: {error}")
        return REFUSED
    except Away as error:
        say(f"{name}: {error}")
        return AWAY
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python would fail again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ
    return code


def say(line: str) -> None:
    """Tell the one who is at the terminal; stdout is for results."""
    sys.stderr.write(f"{printable(line)}\n")
    sys.stderr.flush()
