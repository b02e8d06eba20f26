"""The port to a storage backend: all that a backend has to be able to do.

A key is the name of a file, with ``/`` between its parts. The first part is a `Place`, and the
second, for the files of a study, is its id: ``archive/{study_id}/original.dcm``. A directory is
what such keys have in common; a backend need not have directories.

The port asks for what both a file system and an object store can do: files that appear whole,
directories that appear complete because their marker is written last and only if it is not there
yet (`storage.layout.MARKERS`), links or copies inside the store, and lists. It does not ask for a
rename. All calls block; asynchronous callers run them in threads.

``docs/howto/add-a-storage-backend.md`` shows how to add a backend.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, Protocol, Self

from contracts.model import Contract
from contracts.places import Place


class Stat(NamedTuple):
    """What a store knows about a file without reading it."""

    size_bytes: int
    modified_ns: int
    """When its bytes were written, in nanoseconds since 1970."""
    content_id: str
    """Two files with the same content id have the same bytes. The opposite need not be true."""


class Space(NamedTuple):
    """The space of a place, in bytes; `used_bytes` counts whatever is stored beside it, too."""

    free_bytes: int
    used_bytes: int


class ChecksumMismatchError(OSError):
    """The bytes of a file do not have the expected SHA-256."""

    code = "file.checksum-mismatch"

    def __init__(self) -> None:
        super().__init__("a file's bytes do not match its SHA-256")


class ContentDiffersError(FileExistsError):
    """The target of a move exists already, and its content is different."""

    code = "file.content-differs"

    def __init__(self) -> None:
        super().__init__("the target of a move exists and its content differs from the source")


class LockedError(Exception):
    """Other writers have held a file of lines for too long."""


class Lines(Protocol):
    """A file of JSON lines that no one else writes to at the moment."""

    def append(self, lines: Sequence[Contract]) -> None:
        """Add lines; they are durable when this returns."""


class Draft(Protocol):
    """A directory that is being filled. No reader sees it before it is committed.

    As a context manager it discards itself at the end unless it was committed.
    """

    def __enter__(self) -> Self:
        """Return the draft."""

    def __exit__(self, *_: object) -> None:
        """Discard what was not committed."""

    def create(self, name: str) -> BinaryIO:
        """Create a file to write to; the caller closes it."""

    def link(self, source: str, name: str, sha256: str) -> None:
        """Add a file that is in the store already, by a link or a copy inside the store.

        Once a file has been added to each directory, several threads may add further ones at the
        same time.

        Args:
            source: its key; the file stays there.
            name: its name in this directory.
            sha256: the expected digest of its bytes, which are read and checked.

        Raises:
            FileNotFoundError: there is no such file.
            ChecksumMismatchError: it has other bytes.
        """

    def scratch(self, name: str) -> Path:
        """The path of a local file for the caller's own use; it is removed with the draft."""

    def commit(self, marker: str, write: Callable[[BinaryIO], object]) -> None:
        """Make the directory appear, complete and durable.

        Args:
            marker: the name of the file that is written last.
            write: writes that file.

        Raises:
            FileExistsError: the directory is there already; it stays as it is.
        """

    def discard(self) -> None:
        """Remove what was not committed."""


class Store(Protocol):
    """A storage backend."""

    def open(self, key: str) -> BinaryIO:
        """Open a file to read it, all of it or from a position.

        Raises:
            FileNotFoundError: there is no such file.
        """

    def stat(self, key: str) -> Stat:
        """Size, time and content id of a file.

        Raises:
            FileNotFoundError: there is no such file.
        """

    def path(self, key: str) -> Path | None:
        """Where a file is on this machine; None when it has to be read through `open`."""

    def put(self, key: str, content: bytes, *, durable: bool = True) -> None:
        """Write a small file; readers see it whole, or the one that was there before.

        Args:
            key: of the file.
            content: its bytes.
            durable: whether it must survive a power cut; otherwise that may lose it or leave a
                part of it.
        """

    def append(self, key: str, content: bytes, *, create: bool = False) -> None:
        """Add bytes to a file of one writer. It is not durable: a power cut may lose them.

        Raises:
            FileNotFoundError: there is no such file, and `create` is false.
        """

    def lines(self, key: str) -> AbstractContextManager[Lines]:
        """Hold a file of lines against all other writers; it is created if need be.

        Raises:
            LockedError: other writers have held it for too long.
        """

    def draft(self, directory: str) -> Draft:
        """Begin a directory."""

    def move(self, source: str, target: str) -> None:
        """Move a directory; it appears at the target complete and durable.

        When the call is repeated it finishes what a crash has left.

        Raises:
            FileNotFoundError: neither source nor target exists.
            ContentDiffersError: both exist and differ; nothing is changed.
        """

    def settle(self, directory: str) -> None:
        """Make durable what has been committed in a directory, by whatever process."""

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files, durably; those that are gone already are skipped."""

    def remove_directory(self, directory: str, *, durable: bool = True) -> None:
        """Remove a directory; it vanishes at once, and it may be gone already.

        Args:
            directory: its key.
            durable: whether a power cut must not bring it back.
        """

    def files(self, directory: str) -> Iterator[str]:
        """The names of all files below a directory, relative to it, in no order.

        There are none when the directory does not exist.
        """

    def directories(self, directory: str) -> Iterator[str]:
        """The names of the directories directly below one, in no order, without hidden ones."""

    def space(self, place: Place) -> Space | None:
        """How much space there is at a place; None when that is unlimited or unknown."""

    def temporary_file(self, place: Place) -> IO[bytes]:
        """A file without a name for data that may be as large as a study's metadata."""

    def prepare(self, places: Iterable[Place]) -> None:
        """Make places ready, and remove what crashes have left there.

        What a living process is writing stays, whatever its age: clocks jump, and clients pause.
        """

    def leftovers(self, place: Place) -> Iterator[str]:
        """The names of files that crashes have left, relative to the place, in no order."""

    def check(self, places: Iterable[Place]) -> None:
        """Make sure that places can be written to.

        Raises:
            OSError: one of them cannot.
        """
