"""A progress line for `hdv validate`, written without loading rich."""

import itertools
import sys
import time
from collections.abc import Iterator
from typing import Self

from hdv.terminal.text import is_terminal

_FIRST_SECONDS = 1.0
"""A shorter run shows no progress."""
_PERIOD_SECONDS = 0.2
_COUNTED_AT_ONCE = 2000
"""Files that are counted with every update, so that counting a large folder delays nothing."""
_ERASE = "\r\x1b[K"


class ProgressLine:
    """Shows on stderr how many files are done, if that is a terminal; it is erased at the end.

    Args:
        files: the files of the run once more; they are only counted.
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
        """Update the line, at most five times a second."""
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
        """Erase the line, so that something else can be written."""
        if self._is_shown:
            _write(_ERASE)
            self._is_shown = False
            self._due = 0

    def _count(self) -> None:
        counted = sum(1 for _ in itertools.islice(self._files, _COUNTED_AT_ONCE))
        self._counted += counted
        self._is_counted = counted < _COUNTED_AT_ONCE


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
