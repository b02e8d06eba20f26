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


def number_of(count: int, noun: str) -> str:
    """A count with its noun: `1 file`, `1,200 files`."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
