"""A line on the terminal that says how far a long run has come."""

import itertools
import os
import sys
import time
from collections.abc import Iterator
from typing import Self, TextIO

_FIRST_SECONDS = 1.0
"""A run that takes no longer shows no progress."""
_PERIOD_SECONDS = 0.2
_COUNTED_AT_ONCE = 2000
"""Files that are counted with every update, so that counting a large folder delays nothing."""
_ERASE = "\r\x1b[K"


class Progress:
    """Says on stderr how many files are done, if that is a terminal; nothing of it remains.

    Args:
        files: goes through the files as the run does; they are only counted.
        wanted: whether to show anything.
    """

    def __init__(self, files: Iterator[object], *, wanted: bool) -> None:
        self._wanted = wanted and is_terminal(sys.stderr)
        self._files = files
        self._counted = 0
        self._is_counted = False
        self._started = time.monotonic()
        self._due = self._started + _FIRST_SECONDS
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hide()

    def show(self, done: int, invalid: int) -> None:
        """Say how far it is, if it has not been said a moment ago."""
        now = time.monotonic()
        if not self._wanted or now < self._due:
            return
        self._due = now + _PERIOD_SECONDS
        self._count()
        total = f" of {self._counted:,}" if self._is_counted else ""
        pace = done / (now - self._started)
        _write(f"{_ERASE}{done:,}{total} files, {invalid:,} invalid, {pace:,.0f} a second")
        self._is_shown = True

    def hide(self) -> None:
        """Leave the line to something else."""
        if self._is_shown:
            _write(_ERASE)
            self._is_shown = False
            self._due = 0

    def _count(self) -> None:
        counted = sum(1 for _ in itertools.islice(self._files, _COUNTED_AT_ONCE))
        self._counted += counted
        self._is_counted = counted < _COUNTED_AT_ONCE


def is_terminal(stream: TextIO) -> bool:
    """Whether someone looks at what is written there, and it knows control sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
