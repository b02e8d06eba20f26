"""Limits of an upload and of its archives, and which entries of archives are refused."""

import re

from pydantic import Field

from chassis.runtime.settings import SettingsGroup
from gateway.uploads.errors import Refusal, RefusedUploadError

FREE_BYTES = 256 * 1024**2
"""Archives may unpack to so much whatever their size is: blank images compress well."""
PART_OVERHEAD_BYTES = 1024
"""Room in a body for the boundary and the headers of each part."""
OVERHEAD_BYTES = 64 * 1024
"""Room in a body for everything else: form fields, and text before and after the parts."""
_MOST_SHOWN_CHARACTERS = 100
_DRIVE = re.compile(r"[A-Za-z]:")
_SEPARATOR = re.compile(r"[/\\]")


class ArchiveLimits(SettingsGroup):
    """Limits of the archives of an upload, all of them together."""

    max_entries: int = Field(default=100_000, ge=1, le=999_999)
    """Entries that archives may have: files, folders, and what is skipped."""
    max_entry_bytes: int = Field(default=2 * 1024**3, ge=1)
    """Largest entry, unpacked."""
    max_total_bytes: int = Field(default=16 * 1024**3, ge=1)
    """Largest size of all entries together, unpacked, those of archives in archives included."""
    max_ratio: float = Field(default=200, ge=1)
    """How many times their own size archives may unpack to, if that is more than 256 MiB."""
    max_nesting: int = Field(default=3, ge=1, le=10)
    """How deep archives may be nested; 1 allows no archive in an archive."""


class UploadLimits(SettingsGroup):
    """Limits of an upload."""

    max_files: int = Field(default=100_000, ge=1, le=999_999)
    """Files that an upload may have, those from archives included."""
    max_upload_bytes: int = Field(default=8 * 1024**3, gt=0)
    """Largest size of an upload's files together."""
    min_free_bytes: int = Field(default=1024**3, ge=0)
    """An upload is refused if it would leave less free space on the volume."""
    idle_timeout_seconds: float = Field(default=60, gt=0, le=3600)
    """An upload whose client sends nothing for this long is ended, and so is a download whose
    client reads nothing."""
    max_upload_seconds: float = Field(default=7200, gt=0)
    """Longest time for an upload: a very slow one must not occupy a place for ever."""
    archives: ArchiveLimits = ArchiveLimits()

    @property
    def max_body_bytes(self) -> int:
        """Largest body whose files are within the limit."""
        return self.max_upload_bytes + self.max_files * PART_OVERHEAD_BYTES + OVERHEAD_BYTES


def shown(name: str) -> str:
    """A name that a client gave, for a sentence: shortened, control characters escaped."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    if len(text) > _MOST_SHOWN_CHARACTERS:
        return f"{text[:_MOST_SHOWN_CHARACTERS]}…"
    return text


def path_parts(name: str) -> list[str]:
    """The parts of a name that may be a path, of whatever system."""
    return _SEPARATOR.split(name)


def refused(kind: Refusal, name: str, trouble: str) -> RefusedUploadError:
    """The refusal of an upload for an entry of an archive.

    Args:
        kind: which.
        name: of the entry.
        trouble: what is wrong with it, as the end of a sentence.
    """
    return RefusedUploadError(kind, f"The entry '{shown(name)}' of an archive {trouble}.")


def broken(trouble: str) -> RefusedUploadError:
    """The refusal of an upload for an archive that cannot be read."""
    return RefusedUploadError(Refusal.BROKEN_ARCHIVE, f"An archive {trouble}.")


class Allowance:
    """What the archives of one upload may still unpack to."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self._entries = self._unpacked_bytes = self._archive_bytes = 0

    def admit(self, archive_bytes: int) -> None:
        """Take note of an archive that was sent, no matter what it holds."""
        self._archive_bytes += archive_bytes

    def check_nesting(self, depth: int, name: str) -> None:
        """Refuse an archive that lies too deep.

        Args:
            depth: how many archives it lies in.
            name: what it was sent as.

        Raises:
            RefusedUploadError: there are too many.
        """
        if depth >= self.limits.max_nesting:
            trouble = f"is an archive too; {self.limits.max_nesting} may lie in one another"
            raise refused(Refusal.ARCHIVE_TOO_LARGE, name, trouble)

    def entry(self, name: str, size_bytes: int) -> None:
        """Begin with an entry.

        Args:
            name: its name.
            size_bytes: its size, as the archive says.

        Raises:
            RefusedUploadError: its name leads out of the archive, or it is beyond the limits.
        """
        parts = path_parts(name)
        if not parts[0] or _DRIVE.match(name):
            raise refused(Refusal.UNSAFE_ARCHIVE, name, "has an absolute name, or none")
        if ".." in parts:
            raise refused(Refusal.UNSAFE_ARCHIVE, name, "has a name with '..'")
        self._entries += 1
        if self._entries > self.limits.max_entries:
            raise self.too_many_entries()
        if size_bytes > self.limits.max_entry_bytes:
            trouble = f"is larger than {self.limits.max_entry_bytes} bytes"
            raise refused(Refusal.ARCHIVE_TOO_LARGE, name, trouble)

    def spend(self, name: str, size_bytes: int) -> None:
        """Unpack more of an entry.

        Raises:
            RefusedUploadError: it is too much.
        """
        self._unpacked_bytes += size_bytes
        most_bytes = self.limits.max_total_bytes
        if self._unpacked_bytes > most_bytes:
            trouble = f"is beyond the {most_bytes} bytes that the archives may unpack to"
            raise refused(Refusal.ARCHIVE_TOO_LARGE, name, trouble)
        most_bytes = max(FREE_BYTES, int(self.limits.max_ratio * self._archive_bytes))
        if self._unpacked_bytes > most_bytes:
            trouble = f"unpacks to more than {self.limits.max_ratio:g} times what was sent"
            raise refused(Refusal.ARCHIVE_TOO_LARGE, name, trouble)

    def too_many_entries(self) -> RefusedUploadError:
        """The refusal of an archive with too many entries."""
        detail = f"The archives have more than {self.limits.max_entries} entries."
        return RefusedUploadError(Refusal.ARCHIVE_TOO_LARGE, detail)
