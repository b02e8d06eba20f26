"""One file in the store, by its key."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from storage.port import Lines, Stat, Store

CHUNK_BYTES = 1 << 18
"""About so much of a file is in memory at a time."""


@dataclass(frozen=True)
class FileInStore:
    """A file that is in the store, or could be. All calls block, except `local`."""

    store: Store
    key: str

    @property
    def name(self) -> str:
        """Its name, without its directory."""
        return self.key.rpartition("/")[2]

    def open(self) -> BinaryIO:
        """Open it to read it.

        Raises:
            FileNotFoundError: it is not there.
        """
        return self.store.open(self.key)

    def read(self) -> bytes:
        """All of its bytes.

        Raises:
            FileNotFoundError: it is not there.
        """
        with self.open() as file:
            return file.read()

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its bytes, piece by piece.

        Args:
            start: the position of the first byte.
            end: the position after the last one; None for all.

        Raises:
            FileNotFoundError: it is not there.
        """
        with self.open() as file:
            file.seek(start)
            left = None if end is None else end - start
            while chunk := file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)):
                yield chunk
                left = None if left is None else left - len(chunk)

    def lines(self) -> list[bytes]:
        """Its complete lines, without what a crash has left of another; none if it is missing."""
        try:
            return self.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return []

    def growing(self) -> AbstractContextManager[Lines]:
        """Hold it against all other writers, to add lines.

        Raises:
            FileNotFoundError: its directory is gone.
            LockedError: other writers have held it for too long.
        """
        return self.store.lines(self.key)

    def stat(self) -> Stat:
        """Size, time and content id.

        Raises:
            FileNotFoundError: it is not there.
        """
        return self.store.stat(self.key)

    def exists(self) -> bool:
        """Whether it is there."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def sha256(self) -> str:
        """The digest of its bytes, in lower-case hexadecimal digits; memory stays flat."""
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def put(self, content: bytes, *, durable: bool = True) -> None:
        """Write it; see `storage.port.Store.put`."""
        self.store.put(self.key, content, durable=durable)

    def append(self, content: bytes, *, create: bool = False) -> None:
        """Add bytes, not durable.

        Raises:
            FileNotFoundError: it is not there, and `create` is false.
        """
        self.store.append(self.key, content, create=create)

    def remove(self) -> None:
        """Remove it; it may be gone already."""
        self.store.remove([self.key])

    @asynccontextmanager
    async def local(self) -> AsyncIterator[Path]:
        """Its path on this machine, for another process: the file itself or a temporary copy.

        Raises:
            FileNotFoundError: it is not there. A path on this machine is returned without a look;
                opening it raises the error then.
        """
        if path := self.store.path(self.key):
            yield path
            return
        directory = await asyncio.to_thread(TemporaryDirectory)
        try:
            copy = Path(directory.name, self.name)
            await asyncio.to_thread(self._copy, copy)
            yield copy
        finally:
            await asyncio.to_thread(directory.cleanup)

    def _copy(self, path: Path) -> None:
        with self.open() as source, path.open("xb") as target:
            shutil.copyfileobj(source, target)
