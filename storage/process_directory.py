"""Directories for what processes are writing; each is held by a lock while its process lives.

The kernel releases the lock when the process ends, however it ends. So what a crash has left is
known without a clock: it is what no process holds.

The lock is a file beside the directory, and is made first. A directory without it was left behind.
"""

import fcntl
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from storage.files import remove_tree

LOCK = ".lock"
"""Suffix of the files that are locked."""


class ProcessDirectory:
    """A directory of this process below an ``.incoming`` directory.

    Args:
        incoming: the ``.incoming`` directory; need not exist.
    """

    def __init__(self, incoming: Path) -> None:
        self._incoming = incoming
        self._held: _Held | None = None
        self._taking = threading.Lock()

    def path(self) -> Path:
        """Where it is. It is made at first use, and again if somebody has removed it."""
        with self._taking:
            if self._held is None or not self._held.is_valid():
                self._incoming.mkdir(parents=True, exist_ok=True)
                self._held = _take(self._incoming)
            return self._held.directory


class _Held:
    """A directory whose lock this process holds, until the object is gone or the process ends."""

    def __init__(self, directory: Path, descriptor: int) -> None:
        self.directory = directory
        self._descriptor = descriptor
        weakref.finalize(self, _release, directory, descriptor, os.getpid())

    def is_valid(self) -> bool:
        """Whether the directory and its lock are still there."""
        return os.path.isdir(self.directory) and _is_at(self._descriptor, _lock_of(self.directory))


def abandoned(incoming: Path) -> Iterator[Path]:
    """Everything in an ``.incoming`` directory that no process holds, in no order.

    Args:
        incoming: the ``.incoming`` directory; need not exist.
    """
    try:
        entries = [Path(entry) for entry in os.scandir(incoming)]
    except FileNotFoundError:
        return
    for entry in entries:
        lock = entry if entry.suffix == LOCK else _lock_of(entry)
        try:
            descriptor = os.open(lock, os.O_RDONLY)
        except FileNotFoundError:
            if entry != lock:
                yield entry
            continue
        try:
            # Held until the caller is done: a process that begins must not get it meanwhile.
            if _locked(descriptor, fcntl.LOCK_SH):
                yield entry
        finally:
            os.close(descriptor)


def remove_abandoned(incoming: Path) -> int:
    """Remove from an ``.incoming`` directory what no process holds; return how many entries."""
    removed = 0
    for entry in abandoned(incoming):
        remove_tree(entry)
        removed += 1
    return removed


def _take(incoming: Path) -> _Held:
    while True:
        directory = incoming / uuid4().hex
        lock = _lock_of(directory)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            # A process that looks for leftovers may have been faster.
            if _locked(descriptor, fcntl.LOCK_EX) and _is_at(descriptor, lock):
                directory.mkdir()
                return _Held(directory, descriptor)
        except BaseException:
            os.close(descriptor)
            lock.unlink(missing_ok=True)
            raise
        os.close(descriptor)


def _release(directory: Path, descriptor: int, process: int) -> None:
    """Remove the directory if it is empty; what is left in it is for `remove_abandoned`."""
    if process == os.getpid():
        with suppress(OSError):
            directory.rmdir()
            _lock_of(directory).unlink()
    os.close(descriptor)


def _lock_of(directory: Path) -> Path:
    return directory.with_name(directory.name + LOCK)


def _locked(descriptor: int, operation: int) -> bool:
    """Lock a file until it is closed, unless another process has it locked."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file still has a name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
