"""Files of JSON lines that only grow: durable, never half a line, with several writers.

All functions block; asynchronous callers run them in threads.
"""

import fcntl
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from contracts.model import Contract
from storage.files import sync_directory
from storage.port import LockedError

WAIT_SECONDS = 10.0
"""How long a writer waits for the other writers."""


class GrowingFile:
    """A file of lines that no one else writes to at the moment."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file

    def append(self, lines: Sequence[Contract]) -> None:
        """Add lines; they are durable when this returns."""
        end = self._end_of_last_line()
        self._file.truncate(end)
        self._file.write(b"".join(line.to_json() + b"\n" for line in lines))
        self._file.flush()
        os.fsync(self._file.fileno())
        if not end:
            sync_directory(self._path.parent)

    def _end_of_last_line(self) -> int:
        """Where the last line ends; a crash may have left a part of another line after it."""
        size = self._file.seek(0, SEEK_END)
        if not size:
            return 0
        self._file.seek(size - 1)
        if self._file.read() == b"\n":
            return size
        self._file.seek(0)
        return self._file.read().rfind(b"\n") + 1


@contextmanager
def growing(path: Path) -> Iterator[GrowingFile]:
    """Hold a file of lines against all other writers; it is created if need be.

    Raises:
        FileNotFoundError: its directory is gone.
        LockedError: other writers have held it for longer than `WAIT_SECONDS`.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    with open(path, "r+b", opener=lambda name, _: os.open(name, flags, 0o644)) as file:
        _lock(file)
        yield GrowingFile(path, file)


def _lock(file: BinaryIO) -> None:
    """Lock a file until it is closed. A blocking `flock` would have no time limit."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LockedError from None
            time.sleep(random.uniform(0.005, 0.02))  # noqa: S311 -- jitter
        else:
            return
