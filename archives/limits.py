"""How much archive files may extract to."""

from pydantic import ConfigDict, Field

from archives.errors import ArchiveError, Fault
from contracts.described import Described

FREE_BYTES = 256 * 1024**2
"""Archive files may extract to this much whatever their own size: blank images compress well."""


class ArchiveLimits(Described):
    """Limits of the archive files of an upload, all of them together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_entries: int = Field(default=100_000, ge=1, le=999_999)
    """Entries that archive files may have: files, folders, and what is skipped."""
    max_entry_bytes: int = Field(default=2 * 1024**3, ge=1)
    """Largest entry, extracted."""
    max_total_bytes: int = Field(default=16 * 1024**3, ge=1)
    """Largest size of all entries together, extracted, those of nested archive files included."""
    max_ratio: float = Field(default=200, ge=1)
    """How many times their own size archive files may extract to, if that is more than 256 MiB."""
    max_nesting: int = Field(default=3, ge=1, le=10)
    """How deep archive files may be nested; 1 allows no archive file in an archive file."""


class Budget:
    """What the archive files of one upload may still extract to."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self._entries = self._extracted_bytes = self._archive_bytes = 0

    def add_archive(self, size_bytes: int) -> None:
        """Count the size of an archive file that was sent as such."""
        self._archive_bytes += size_bytes

    def require_depth(self, depth: int, name: str) -> None:
        """Refuse an archive file that is nested too deep.

        Args:
            depth: how many archive files it is in.
            name: its name.

        Raises:
            ArchiveError: it is beyond the limit.
        """
        if depth >= self.limits.max_nesting:
            trouble = f"is an archive file too; {self.limits.max_nesting} may be nested"
            raise ArchiveError(Fault.TOO_LARGE, trouble, name)

    def require_entries(self, count: int) -> None:
        """Refuse an archive file with more entries than are left.

        Raises:
            ArchiveError: it is beyond the limit.
        """
        if self._entries + count > self.limits.max_entries:
            trouble = f"has more than {self.limits.max_entries} entries"
            raise ArchiveError(Fault.TOO_LARGE, trouble)

    def count_entry(self) -> None:
        """Count an entry.

        Raises:
            ArchiveError: it is beyond the limit.
        """
        self.require_entries(1)
        self._entries += 1

    def is_too_large(self, size_bytes: int) -> bool:
        """Whether an entry of this size is beyond the limit for one."""
        return size_bytes > self.limits.max_entry_bytes

    def spend(self, size_bytes: int, name: str | None) -> None:
        """Extract more.

        Args:
            size_bytes: how much.
            name: the entry for which it is, if there has been one.

        Raises:
            ArchiveError: it is beyond the limit.
        """
        self._extracted_bytes += size_bytes
        if self._extracted_bytes > self.limits.max_total_bytes:
            trouble = (
                f"exceeds the {self.limits.max_total_bytes} bytes that archive files may extract to"
            )
            raise ArchiveError(Fault.TOO_LARGE, trouble, name)
        if self._extracted_bytes > max(FREE_BYTES, self.limits.max_ratio * self._archive_bytes):
            trouble = (
                f"exceeds {self.limits.max_ratio:g} times the size of the archive files themselves"
            )
            raise ArchiveError(Fault.TOO_LARGE, trouble, name)
