"""What there is to examine: files, the files in folders, the members of zip archives."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import NamedTuple

from hdv.exit import CommandError
from hdv.validation.archive import Damaged, Member, is_archive, members

MEDIA_DIRECTORY = "DICOMDIR"
_MEMBER_OF = "!/"
"""Between the name of an archive and that of its member."""
_FOREIGN = "__MACOSX"
"""Where macOS puts file attributes into archives."""


class Reason(StrEnum):
    """Why something is not examined."""

    MEDIA_DIRECTORY = "media directory"
    HIDDEN = "hidden"
    LINK = "link to a folder"
    SPECIAL = "not a regular file"


class Skipped(NamedTuple):
    """Something that stands among the files and is not examined."""

    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Source:
    """Something to examine.

    Attributes:
        name: what reports call it.
        path: the file, or the archive that it is in.
        member: which member of the archive; None for a file.
        trouble: why it cannot be read, if that is known already.
    """

    name: str
    path: str
    member: Member | None = None
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


def sources(name: str, path: str, *, into_archives: bool = True) -> Iterator[Source | Skipped]:
    """Everything that a path stands for; folders and archives sorted by name.

    A path that is named is examined whatever it is called; in folders and archives what is hidden
    and the media directory are skipped, and no link to a folder is followed.

    Args:
        name: what reports call it.
        path: a file, folder or archive that exists.
        into_archives: whether archives stand for their members; else they are files.
    """
    if Path(path).is_dir():
        yield from _in_folder(path, into_archives)
    elif into_archives and is_archive(path):
        yield from _in_archive(name, path)
    else:
        yield Source(shown_name(name), path)


def _in_folder(folder: str, into_archives: bool) -> Iterator[Source | Skipped]:
    # A stack of our own: folders may lie deeper than Python's calls.
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
        elif into_archives and entry.name.lower().endswith(".zip") and is_archive(entry.path):
            yield from _in_archive(entry.path, entry.path)
        else:
            yield Source(shown_name(entry.path), entry.path)


def _sorted_entries(folder: str) -> list["os.DirEntry[str] | Source"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        return [Source(shown_name(folder), folder, trouble=error.strerror)]


def _trouble(entry: "os.DirEntry[str]") -> str | None:
    """Why nobody can tell what it is: links in a circle, say."""
    try:
        entry.is_dir()
        entry.is_file()
    except OSError as error:
        return error.strerror
    return None


def _skipped(entry: "os.DirEntry[str]") -> Reason | None:
    if reason := _reason_of_name(entry.name):
        return reason
    if entry.is_dir():
        return Reason.LINK if entry.is_symlink() else None
    # What a broken link names cannot be read either, but is meant to be a file.
    return None if entry.is_file() or entry.is_symlink() else Reason.SPECIAL


def _reason_of_name(name: str) -> Reason | None:
    if name.upper() == MEDIA_DIRECTORY:
        return Reason.MEDIA_DIRECTORY
    if (name.startswith(".") and name not in {".", ".."}) or name == _FOREIGN:
        return Reason.HIDDEN
    return None


def _in_archive(name: str, path: str) -> Iterator[Source | Skipped]:
    archive = shown_name(name)
    try:
        found = members(path)
    except Damaged as error:
        yield Source(archive, path, trouble=str(error))
        return
    seen: dict[str, int] = {}
    for member in found:
        seen[member.name] = seen.get(member.name, 0) + 1
        shown = archive + _MEMBER_OF + shown_name(member.name)
        if seen[member.name] > 1:
            shown += f" ({seen[member.name]})"
        reasons = map(_reason_of_name, member.name.split("/"))
        if reason := next(filter(None, reasons), None):
            yield Skipped(shown, reason)
        else:
            yield Source(shown, path, member, member.trouble)
