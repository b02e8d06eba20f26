"""Limits of an upload."""

from pydantic import Field

from archives.limits import ArchiveLimits
from chassis.runtime.settings import SettingsGroup

PART_OVERHEAD_BYTES = 1024
"""Room in a body for the boundary and the headers of each part."""
OVERHEAD_BYTES = 64 * 1024
"""Room in a body for everything else: form fields, and text before and after the parts."""


class UploadLimits(SettingsGroup):
    """Limits of an upload."""

    max_files: int = Field(default=100_000, ge=1, le=999_999)
    """Files that an upload may have, those from archive files included."""
    max_upload_bytes: int = Field(default=8 * 1024**3, gt=0)
    """Largest size of an upload's files together."""
    min_free_bytes: int = Field(default=1024**3, ge=0)
    """An upload ends if it would leave less free space on the volume. No new one begins while
    there is less than twice as much on any volume: the rest is for what waits to be archived."""
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
