"""A storage backend in memory, for tests and for examples: the port without a file system.

It works as an object store does: a dictionary from keys to bytes, no directories, no rename. It
keeps nothing when the process ends.
"""

import hashlib
import io
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, Self

from contracts.model import Contract
from contracts.places import Place
from storage.layout import MARKERS
from storage.port import ChecksumMismatchError, ContentDiffersError, Draft, LockedError, Stat

WAIT_SECONDS = 10.0


class _Object(NamedTuple):
    content: bytes
    sha256: str
    modified_ns: int


class MemoryStore:
    """Stores files in a dictionary (`storage.port.Store`)."""

    def __init__(self) -> None:
        self._objects: dict[str, _Object] = {}
        self._changing = threading.RLock()
        self._locks: dict[str, threading.Lock] = {}

    def open(self, key: str) -> BinaryIO:
        """A file's bytes."""
        return io.BytesIO(self._object(key).content)

    def stat(self, key: str) -> Stat:
        """Size, time and content id of a file; the id is the digest."""
        stored = self._object(key)
        return Stat(len(stored.content), stored.modified_ns, stored.sha256)

    def path(self, key: str) -> None:
        """No file is on a disk."""

    def put(self, key: str, content: bytes, *, durable: bool = True) -> None:  # noqa: ARG002 -- the port's
        """Write a file."""
        self._objects[key] = _object(content)

    def append(self, key: str, content: bytes, *, create: bool = False) -> None:
        """Add bytes to a file."""
        with self._changing:
            there = b"" if create and key not in self._objects else self._object(key).content
            self.put(key, there + content)

    @contextmanager
    def lines(self, key: str) -> Iterator["_Lines"]:
        """Hold a file of lines."""
        lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=WAIT_SECONDS):
            raise LockedError
        try:
            yield _Lines(self, key)
        finally:
            lock.release()

    def draft(self, directory: str) -> Draft:
        """Begin a directory."""
        return _MemoryDraft(self, directory)

    def move(self, source: str, target: str) -> None:
        """Copy a directory, then remove the source; no other change comes in between."""
        with self._changing:
            moved = {name: self._objects[f"{source}/{name}"] for name in self.files(source)}
            there = {name: self._objects[f"{target}/{name}"] for name in self.files(target)}
            if not moved and not there:
                raise FileNotFoundError(source)
            if moved and there and _digests(moved) != _digests(there):
                raise ContentDiffersError
            self._objects.update({f"{target}/{name}": file for name, file in moved.items()})
            self.remove_directory(source)

    def settle(self, directory: str) -> None:
        """Nothing has to be done."""

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files."""
        for key in keys:
            self._objects.pop(key, None)

    def remove_directory(self, directory: str, *, durable: bool = True) -> None:  # noqa: ARG002 -- the port's
        """Remove a directory, its marker first."""
        with self._changing:
            marker = f"{directory}/{MARKERS[Place(directory.partition('/')[0])]}"
            self.remove([marker, *(f"{directory}/{name}" for name in self.files(directory))])

    def files(self, directory: str) -> Iterator[str]:
        """The names of all files below a directory."""
        prefix = f"{directory}/"
        with self._changing:
            keys = list(self._objects)
        return (key.removeprefix(prefix) for key in keys if key.startswith(prefix))

    def directories(self, directory: str) -> Iterator[str]:
        """The names of the directories directly below one."""
        names = {name.partition("/")[0] for name in self.files(directory) if "/" in name}
        return iter(name for name in names if not name.startswith("."))

    def space(self, place: Place) -> None:
        """It is not known."""

    def temporary_file(self, place: Place) -> IO[bytes]:  # noqa: ARG002 -- all are alike
        """A temporary file."""
        return tempfile.TemporaryFile()

    def prepare(self, places: Iterable[Place]) -> None:
        """Nothing has to be done."""

    def leftovers(self, place: Place) -> Iterator[str]:  # noqa: ARG002 -- the port's
        """There are none: what is not committed ends with the process."""
        return iter(())

    def check(self, places: Iterable[Place]) -> None:
        """Nothing can be wrong."""

    def create_all(self, objects: dict[str, bytes], marker: str, content: bytes) -> None:
        """Add files, and last their marker, if it is not there yet.

        Raises:
            FileExistsError: the marker is there; nothing is changed.
        """
        with self._changing:
            if marker in self._objects:
                raise FileExistsError(marker)
            for key, value in {**objects, marker: content}.items():
                self.put(key, value)

    def _object(self, key: str) -> _Object:
        try:
            return self._objects[key]
        except KeyError:
            raise FileNotFoundError(key) from None


class _Lines:
    """The end of a file of lines (`storage.port.Lines`)."""

    def __init__(self, store: MemoryStore, key: str) -> None:
        self._store = store
        self._key = key

    def append(self, lines: Sequence[Contract]) -> None:
        content = b"".join(line.to_json() + b"\n" for line in lines)
        self._store.append(self._key, content, create=True)


class _Upload(io.BytesIO):
    """A file that is being written; it is handed over when it is closed."""

    def __init__(self, hand_over: Callable[[bytes], None]) -> None:
        super().__init__()
        self._hand_over = hand_over

    def close(self) -> None:
        if not self.closed:
            self._hand_over(self.getvalue())
        super().close()


class _MemoryDraft:
    """Files that are not in the store yet (`storage.port.Draft`)."""

    def __init__(self, store: MemoryStore, directory: str) -> None:
        self._store = store
        self._directory = directory
        self._files: dict[str, bytes] = {}
        self._scratch: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def create(self, name: str) -> BinaryIO:
        def hand_over(content: bytes) -> None:
            self._files[name] = content

        return _Upload(hand_over)

    def link(self, source: str, name: str, sha256: str) -> None:
        with self._store.open(source) as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ChecksumMismatchError
        self._files[name] = content

    def scratch(self, name: str) -> Path:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp())
        return self._scratch / name

    def commit(self, marker: str, write: Callable[[BinaryIO], object]) -> None:
        content = io.BytesIO()
        write(content)
        files = {f"{self._directory}/{name}": value for name, value in self._files.items()}
        self._store.create_all(files, f"{self._directory}/{marker}", content.getvalue())
        self.discard()

    def discard(self) -> None:
        self._files.clear()
        if self._scratch:
            with suppress(FileNotFoundError):
                shutil.rmtree(self._scratch)


def _object(content: bytes) -> _Object:
    return _Object(content, hashlib.sha256(content).hexdigest(), time.time_ns())


def _digests(objects: dict[str, _Object]) -> dict[str, str]:
    return {name: stored.sha256 for name, stored in objects.items()}
