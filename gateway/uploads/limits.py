"""What the archives of an upload may unpack to, and which of their entries are refused."""

import re

from pydantic import BaseModel, ConfigDict, Field

from gateway.uploads.errors import Refusal, RefusedUploadError

FREE_BYTES = 256 * 1024**2
"""Archives may unpack to so much whatever their size is: blank images compress well."""
_MOST_SHOWN_CHARACTERS = 100
_DRIVE = re.compile(r"[A-Za-z]:")
_SEPARATOR = re.compile(r"[/\\]")


class ArchiveLimits(BaseModel):
    """What the archives of an upload may unpack to, all of them together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_entries: int = Field(ge=1, le=999_999)
    """Entries that archives may have: files, folders, and what is skipped."""
    max_entry_bytes: int = Field(ge=1)
    """The greatest size of one entry, unpacked."""
    max_total_bytes: int = Field(ge=1)
    """The greatest size of all entries together, unpacked, those of archives in archives too."""
    max_ratio: float = Field(ge=1)
    """How many times the size of the archives that were sent they may unpack to, if that is more
    than 256 MiB."""
    max_nesting: int = Field(ge=1, le=10)
    """So many archives may lie in one another; with 1, none may lie in an archive."""


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
