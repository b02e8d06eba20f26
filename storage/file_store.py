"""The storage backend for a file system: a directory for each place.

A directory is filled below ``.incoming`` and appears by one rename; `storage.files` makes it
durable, and `storage.process_directory` knows whose it is meanwhile. All places may be on one file
system, or each on its own.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Self
from uuid import uuid4

from contracts.places import Place
from storage import files, ndjson
from storage.early_syncs import EarlySyncs
from storage.layout import INCOMING
from storage.port import Draft, Lines, Space, Stat
from storage.process_directory import LOCK, ProcessDirectory, abandoned, remove_abandoned

_MOST_IN_MEMORY = 1024 * 1024
"""Bytes of a temporary file that are kept in memory."""


@dataclass(frozen=True)
class FileStore:
    """Stores files in directories (`storage.port.Store`)."""

    uploads: Path
    quarantine: Path
    archive: Path
    _own: dict[str, ProcessDirectory] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _roots: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Know where everything is, and where this process writes what is not complete yet."""
        self._roots.update({place: str(getattr(self, place)) for place in Place})
        self._own.update({place: ProcessDirectory(self._shared(place)) for place in Place})

    def open(self, key: str) -> BinaryIO:
        """Open a file to read it."""
        return open(self._name(key), "rb")

    def stat(self, key: str) -> Stat:
        """Size, time and content id of a file; hard links of one file have the same id."""
        status = os.stat(self._name(key))
        return Stat(status.st_size, status.st_mtime_ns, f"{status.st_dev}:{status.st_ino}")

    def path(self, key: str) -> Path:
        """Where a file is."""
        return self._path(key)

    def put(self, key: str, content: bytes, *, durable: bool = True) -> None:
        """Write a small file.

        Raises:
            FileNotFoundError: its directory is gone; only hidden directories are created.
        """
        path = self._path(key)
        write = files.durable_file if durable else files.whole_file
        incoming = self._incoming(key)

        def put() -> None:
            with write(path, incoming) as file:
                file.write(content)

        try:
            put()
        except FileNotFoundError:
            if not path.parent.name.startswith("."):
                raise
            path.parent.mkdir(parents=True, exist_ok=True)
            put()

    def append(self, key: str, content: bytes, *, create: bool = False) -> None:
        """Add bytes to a file."""
        flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT if create else 0)
        with open(self._name(key), "ab", opener=lambda path, _: os.open(path, flags, 0o644)) as to:
            to.write(content)

    def lines(self, key: str) -> AbstractContextManager[Lines]:
        """Lock a file of lines.

        Raises:
            FileNotFoundError: its directory is gone.
        """
        return ndjson.growing(self._path(key))

    def draft(self, directory: str) -> Draft:
        """Begin a directory below ``.incoming``."""
        return _FileDraft(self, self._path(directory), self._incoming(directory))

    def move(self, source: str, target: str) -> None:
        """Move a directory by a rename, or by a copy to another file system."""
        path = self._path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.move_directory(self._path(source), path, self._incoming(target))

    def settle(self, directory: str) -> None:
        """Sync a directory."""
        files.sync_directory(self._path(directory))

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files and sync their directories."""
        paths = [self._path(key) for key in keys]
        for path in paths:
            path.unlink(missing_ok=True)
        for directory in {path.parent for path in paths}:
            with suppress(FileNotFoundError):
                files.sync_directory(directory)

    def remove_directory(self, directory: str, *, durable: bool = True) -> None:
        """Remove a directory by a rename to ``.incoming``."""
        files.remove_directory(self._path(directory), self._incoming(directory), durable=durable)

    def files(self, directory: str) -> Iterator[str]:
        """The names of all files below a directory."""
        root = self._path(directory)
        for parent, _, names in os.walk(root):
            below = os.path.relpath(parent, root)
            yield from names if below == os.curdir else (f"{below}/{name}" for name in names)

    def directories(self, directory: str) -> Iterator[str]:
        """The names of the directories directly below one."""
        try:
            with os.scandir(self._path(directory)) as entries:
                found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return
        yield from (name for name in found if not name.startswith("."))

    def space(self, place: Place) -> Space:
        """The space of a place's file system."""
        usage = shutil.disk_usage(self._path(place))
        return Space(free_bytes=usage.free, used_bytes=usage.used)

    def temporary_file(self, place: Place) -> IO[bytes]:
        """A file in memory, or when it gets larger one below ``.incoming`` without a name."""
        return SpooledTemporaryFile(_MOST_IN_MEMORY, dir=str(self._incoming(place)))

    def prepare(self, places: Iterable[Place]) -> None:
        """Create the directories and clear ``.incoming``."""
        for place in places:
            incoming = self._shared(place)
            incoming.mkdir(parents=True, exist_ok=True)
            remove_abandoned(incoming)

    def leftovers(self, place: Place) -> Iterator[str]:
        """The files below ``.incoming`` that no process holds, without those that are locks."""
        for entry in abandoned(self._shared(place)):
            for path in entry.rglob("*") if entry.is_dir() else [entry]:
                if not path.is_dir() and path.suffix != LOCK:
                    yield str(path.relative_to(self._path(place)))

    def check(self, places: Iterable[Place]) -> None:
        """Create and remove an empty file in each place."""
        for place in places:
            # In the directory of all processes: it is missing when the volume is not mounted.
            probe = self._shared(place) / f".ready-{uuid4()}"
            probe.touch(exist_ok=False)
            probe.unlink(missing_ok=True)  # another process may take it for a leftover

    def _path(self, key: str) -> Path:
        return Path(self._name(key))

    def _name(self, key: str) -> str:
        """Where a file is, as text: most system calls take less time than making a `Path`."""
        place, _, name = key.partition("/")
        return f"{self._roots[place]}/{name}"

    def _shared(self, place: Place) -> Path:
        """Where all processes have their directories for what they are writing."""
        return self._path(place) / INCOMING

    def _incoming(self, key: str) -> Path:
        """That of this process for the place of a key."""
        return self._own[key.partition("/")[0]].path()


class _FileDraft:
    """A directory below ``.incoming`` (`storage.port.Draft`)."""

    def __init__(self, store: FileStore, target: Path, incoming: Path) -> None:
        self._store = store
        self._target = target
        self._staging = f"{incoming}/{target.name}.{uuid4().hex}"
        self._scratch = f"{self._staging}.scratch"
        self._syncs = EarlySyncs()
        self._directories = {self._staging}
        os.mkdir(self._staging)
        self._left = {self._staging}
        """What has to be removed when the draft ends."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def create(self, name: str) -> BinaryIO:
        path = self._new(name)
        file = open(path, "xb")  # noqa: SIM115 -- the caller closes it
        self._syncs.add(path, file)
        return file

    def link(self, source: str, name: str, sha256: str) -> None:
        files.place_file(self._store.path(source), Path(self._new(name)), sha256)

    def scratch(self, name: str) -> Path:
        os.makedirs(self._scratch, exist_ok=True)
        self._left.add(self._scratch)
        return Path(self._scratch, name)

    def commit(self, marker: str, write: Callable[[BinaryIO], object]) -> None:
        self._syncs.finish()
        with open(f"{self._staging}/{marker}", "xb") as file:
            write(file)
            files.sync_open(file)
        for directory in self._directories:
            files.sync_directory(directory)
        files.appear(self._staging, self._target)
        self._left.remove(self._staging)
        self.discard()

    def discard(self) -> None:
        self._syncs.abandon()
        while self._left:
            files.remove_tree(self._left.pop())

    def _new(self, name: str) -> str:
        path = f"{self._staging}/{name}"
        parent = path.rpartition("/")[0]
        if parent not in self._directories:
            os.mkdir(parent)
            self._directories.add(parent)
        return path
