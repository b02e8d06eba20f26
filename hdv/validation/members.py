"""The members of archive files: found once, read where they are or extracted to be read later."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self
from uuid import uuid4

from archives.entries import Entry, Extent
from archives.errors import ArchiveError
from archives.formats import HEAD_BYTES, ArchiveFormat, archive_format
from archives.limits import ArchiveLimits, Budget
from archives.names import skip_reason
from archives.reading import format_of, head_of, read_entries
from contracts.model import SkipReason


class Member(NamedTuple):
    """A file in an archive file.

    Attributes:
        name: in the archive file, `!/` before names in nested ones; empty for the archive file
            itself. It is shown and never used as a path.
        path: the file that has its bytes.
        extent: where they are in it; None if they are not read.
        skipped: why they are not read, if the file is not part of a study.
        trouble: why they are not read, if that is an error.
    """

    name: str
    path: str
    extent: Extent | None = None
    skipped: SkipReason | None = None
    trouble: str | None = None


class Members:
    """Finds the members of archive files; as a context manager it removes what it extracted.

    What cannot be read by itself in its archive file (a tar.gz file, nested archive files) is
    extracted to a temporary directory, under names of ours.

    Args:
        limits: what one archive file may extract to.
    """

    def __init__(self, limits: ArchiveLimits) -> None:
        self._limits = limits
        self._found: dict[str, list[Member]] = {}
        self._cleanup = ExitStack()
        self._directory: Path | None = None
        self._spool: BinaryIO | None = None
        """Gets all members that are not archive files themselves, one after the other."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def of(self, path: str) -> list[Member] | None:
        """The members of an archive file, sorted by name; None if the file is not one.

        Args:
            path: any file.
        """
        if path in self._found:
            return self._found[path]
        try:
            found = format_of(Path(path))
        except OSError:  # reading the file will report it
            return None
        if found is None:
            return None
        budget = Budget(self._limits)
        budget.add_archive(Path(path).stat().st_size)
        members = list(self._walk(Path(path), found, budget, depth=0))
        members.sort(key=lambda member: member.name)
        self._found[path] = members
        return members

    def _walk(
        self,
        path: Path,
        kind: ArchiveFormat,
        budget: Budget,
        depth: int,
    ) -> Iterator[Member]:
        """The members of an archive file, up to an error after which the rest is unreadable."""
        try:
            for entry in read_entries(path, kind, budget):
                try:
                    yield from self._member(path, entry, budget, depth)
                except ArchiveError as error:
                    if kind is not ArchiveFormat.ZIP:
                        raise
                    # The directory says where the others are.
                    yield Member(entry.name, str(path), trouble=trouble_of(error))
        except ArchiveError as error:
            yield Member(error.entry or "", str(path), trouble=trouble_of(error))
        except OSError as error:
            yield Member("", str(path), trouble=error.strerror or "cannot be read")

    def _member(self, path: Path, entry: Entry, budget: Budget, depth: int) -> Iterator[Member]:
        if entry.refused:
            yield Member(entry.name, str(path), trouble=trouble_of(entry.refused))
            return
        if reason := skip_reason(entry.name):
            yield Member(entry.name, str(path), skipped=reason)
            return
        head = head_of(entry.chunks)
        if nested := archive_format(head[:HEAD_BYTES]):
            budget.require_depth(depth + 1, entry.name)
            yield from self._nested(entry, head, nested, budget, depth + 1)
        elif entry.extent:
            yield Member(entry.name, str(path), entry.extent)
        else:
            self._spool = self._spool or self._cleanup.enter_context(self._new_file())
            extent = _append(self._spool, head, entry.chunks)
            yield Member(entry.name, self._spool.name, extent)

    def _nested(
        self,
        entry: Entry,
        head: bytes,
        kind: ArchiveFormat,
        budget: Budget,
        depth: int,
    ) -> Iterator[Member]:
        with self._new_file() as file:
            _append(file, head, entry.chunks)
        for member in self._walk(Path(file.name), kind, budget, depth):
            name = f"{entry.name}!/{member.name}" if member.name else entry.name
            yield member._replace(name=name)

    def _new_file(self) -> BinaryIO:
        """A file in the temporary directory, which is created when it is needed."""
        if self._directory is None:
            directory = tempfile.TemporaryDirectory(prefix="hdv-")
            self._directory = Path(self._cleanup.enter_context(directory))
        return (self._directory / uuid4().hex).open("xb")


def trouble_of(error: ArchiveError) -> str:
    """Why an archive file or an entry is not read, for a finding: without names from it."""
    subject = "an archive file" if error.entry is None else "an entry of an archive file"
    return f"{subject} that {error.trouble}"


def _append(file: BinaryIO, head: bytes, rest: Iterator[bytes]) -> Extent:
    """Write the bytes of an entry to the end of a file, and say where they are."""
    start = file.tell()
    file.write(head)
    file.writelines(rest)
    file.flush()
    size_bytes = file.tell() - start
    return Extent(start, size_bytes, size_bytes)
