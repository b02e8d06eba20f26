"""Results as lines and as JSON on stdout."""

import json
import os
import sys
from typing import TextIO

from chassis.escaping import printable


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that knows control sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def print_json(value: object) -> None:
    """Write a value for programs."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_line(line: str = "") -> None:
    """Write a line for people; control characters in it are escaped."""
    sys.stdout.write(f"{printable(line)}\n")


def number_of(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: `1 file`, `1,200 files`."""
    return f"1 {noun}" if count == 1 else f"{count:,} {plural or f'{noun}s'}"


def time_text(time: str) -> str:
    """A time of an answer, in UTC, without fractions of a second: `2026-03-01T12:00:00Z`."""
    return f"{time[:19]}Z"
