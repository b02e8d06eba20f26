"""What there is to examine: files, the files in folders, the members of archive files."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import NamedTuple

from archives.entries import Extent
from archives.names import skip_reason
from contracts.model import SkipReason
from hdv.exit import CommandError
from hdv.validation.members import Members

_MEMBER_OF = "!/"
"""Between the name of an archive file and that of its member."""


class NotAFile(StrEnum):
    """Why something in a folder is not a file to examine."""

    LINK = "link to a folder"
    SPECIAL = "not a regular file"


class Skipped(NamedTuple):
    """Something among the files that is not examined."""

    name: str
    reason: SkipReason | NotAFile


@dataclass(frozen=True, slots=True)
class Source:
    """Something to examine.

    Attributes:
        name: what reports call it.
        path: the file that has its bytes.
        extent: where in it they are; None if they are all of it.
        trouble: why it cannot be read, if that is known already.
    """

    name: str
    path: str
    extent: Extent | None = None
    trouble: str | None = None


def require(path: str) -> None:
    """Make sure that a path names a file or a folder.

    Raises:
        CommandError: it does not.
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CommandError(f"{shown_name(path)}: {reason}") from None
    if not (S_ISDIR(mode) or S_ISREG(mode)):
        raise CommandError(f"{shown_name(path)}: neither a file nor a folder")


def shown_name(path: str) -> str:
    """A path as text: bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def sources(name: str, path: str, members: Members | None = None) -> Iterator[Source | Skipped]:
    """Everything to examine at a path; the contents of folders and archive files sorted by name.

    A path that is named is examined whatever it is called; in folders and archive files what is
    hidden and the media directory are skipped, and no link to a folder is followed.

    Args:
        name: what reports call it.
        path: a file, folder or archive file that exists.
        members: finds the members of archive files; without it they are files like others.
    """
    if Path(path).is_dir():
        yield from _in_folder(path, members)
    else:
        yield from _in_file(name, path, members)


def _in_folder(folder: str, members: Members | None) -> Iterator[Source | Skipped]:
    # A stack of our own: folders may be deeper than Python's calls.
    open_folders = [iter(_sorted_entries(folder))]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif isinstance(entry, Source):
            yield entry
        elif trouble := _trouble(entry):
            yield Source(shown_name(entry.path), entry.path, trouble=trouble)
        elif reason := _skipped(entry):
            yield Skipped(shown_name(entry.path), reason)
        elif entry.is_dir(follow_symlinks=False):
            open_folders.append(iter(_sorted_entries(entry.path)))
        else:
            yield from _in_file(entry.path, entry.path, members)


def _in_file(name: str, path: str, members: Members | None) -> Iterator[Source | Skipped]:
    """A file, or the members of an archive file."""
    shown = shown_name(name)
    found = members.of(path) if members else None
    if found is None:
        yield Source(shown, path)
        return
    seen: Counter[str] = Counter()
    for member in found:
        seen[member.name] += 1
        shown_member = shown + _MEMBER_OF + shown_name(member.name) if member.name else shown
        if seen[member.name] > 1:
            shown_member += f" ({seen[member.name]})"
        if member.skipped:
            yield Skipped(shown_member, member.skipped)
        else:
            yield Source(shown_member, member.path, member.extent, member.trouble)


def _sorted_entries(folder: str) -> list["os.DirEntry[str] | Source"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        return [Source(shown_name(folder), folder, trouble=error.strerror)]


def _trouble(entry: "os.DirEntry[str]") -> str | None:
    """Why its kind cannot be found out: links in a circle, for example."""
    try:
        entry.is_dir()
        entry.is_file()
    except OSError as error:
        return error.strerror
    return None


def _skipped(entry: "os.DirEntry[str]") -> SkipReason | NotAFile | None:
    if reason := skip_reason(entry.name):
        return reason
    if entry.is_dir():
        return NotAFile.LINK if entry.is_symlink() else None
    # What a broken link names cannot be read either, but is meant to be a file.
    return None if entry.is_file() or entry.is_symlink() else NotAFile.SPECIAL
