"""The files that `hdv upload` sends: found before the request begins, read while it is sent."""

import io
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hdv.exit import CommandError
from hdv.validation.sources import Skipped, require, shown_name, sources


@dataclass(frozen=True)
class OutgoingFile:
    """A file to be sent.

    Attributes:
        path: where it is.
        sent_as: the name that it is sent under.
        size_bytes: its size when it was found.
    """

    path: str
    sent_as: str
    size_bytes: int


@dataclass
class Outgoing:
    """The files to be sent, and what was skipped beside them."""

    files: list[OutgoingFile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Size of all files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def skipped_text(self) -> str:
        """A line about what was skipped, and why."""
        reasons = Counter(str(found.reason) for found in self.skipped)
        listed = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        return f"skipped: {listed}"


def find_outgoing(paths: Sequence[str]) -> Outgoing:
    """The files at these paths, and in the folders there; archive files are sent as they are.

    A file in a folder is sent under its path below the folder, with the folder's own name before it
    when there are several paths.

    Raises:
        CommandError: a file cannot be read, or there is none.
    """
    outgoing = Outgoing()
    for path in paths:
        require(path)
        base = _base(path, among_others=len(paths) > 1)
        for found in sources(path, path):
            if isinstance(found, Skipped):
                outgoing.skipped.append(found)
            elif found.trouble:
                raise CommandError(f"{found.name}: {found.trouble}")
            else:
                size_bytes = _readable_size(found.path)
                sent_as = shown_name(os.path.relpath(found.path, base))
                outgoing.files.append(OutgoingFile(found.path, sent_as, size_bytes))
    if not outgoing.files:
        why = f"; {outgoing.skipped_text}" if outgoing.skipped else ""
        raise CommandError(f"there is nothing to upload{why}")
    return outgoing


class LazyFile(io.RawIOBase):
    """A file that is opened when it is read: there may be more files than can be open at once.

    Args:
        file: the file.
        on_read: called with the number of bytes after every read.
    """

    def __init__(self, file: OutgoingFile, on_read: Callable[[int], None]) -> None:
        self._file = file
        self._on_read = on_read
        self._opened: io.FileIO | None = None
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; the file is closed at its end.

        Raises:
            CommandError: the file cannot be read, or has become shorter.
        """
        try:
            self._opened = self._opened or io.FileIO(self._file.path)
            left = self._file.size_bytes - self._position
            data = self._opened.read(left if size < 0 else min(size, left)) if left else b""
        except OSError as error:
            raise CommandError(f"{self._file.sent_as}: {error.strerror}") from None
        self._position += len(data)
        if not data:
            self._opened.close()
            self._opened = None
            if left:
                raise CommandError(f"{self._file.sent_as}: became shorter while it was sent")
        self._on_read(len(data))
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to the start or the end; httpx2 goes nowhere else, and reads only from the start."""
        self._position = self._file.size_bytes + offset if whence == io.SEEK_END else offset
        return self._position

    def tell(self) -> int:
        """Where the next bytes come from."""
        return self._position


def _base(path: str, *, among_others: bool) -> str:
    """The folder that names are relative to."""
    place = os.path.abspath(path)  # noqa: PTH100 -- ".." has a name, too
    return os.path.dirname(place) if among_others or not Path(path).is_dir() else place  # noqa: PTH120


def _readable_size(path: str) -> int:
    try:
        with io.FileIO(path) as file:
            return os.fstat(file.fileno()).st_size
    except OSError as error:
        raise CommandError(f"{shown_name(path)}: {error.strerror}") from None
