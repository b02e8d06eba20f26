"""Limits of an upload, and the problems of one that exceeds them."""

from pydantic import Field

from archives.limits import ArchiveLimits
from chassis.runtime.settings import SettingsGroup
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

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


def too_large(limits: UploadLimits) -> Problem:
    """The problem of an upload that is larger than allowed."""
    detail = f"An upload may have {limits.max_upload_bytes} bytes."
    return Problem(ProblemType.UPLOAD_TOO_LARGE, detail)


def too_slow(limits: UploadLimits) -> Problem:
    """The problem of an upload that takes longer than allowed."""
    detail = f"An upload may take {limits.max_upload_seconds:g} seconds."
    return Problem(ProblemType.UPLOAD_STALLED, detail)


def stalled(limits: UploadLimits) -> Problem:
    """The problem of an upload whose client sends nothing."""
    detail = f"Nothing arrived for {limits.idle_timeout_seconds:g} seconds."
    return Problem(ProblemType.UPLOAD_STALLED, detail)


def too_many_files(limits: UploadLimits) -> Problem:
    """The problem of an upload with more files than allowed."""
    detail = f"An upload may have {limits.max_files} files."
    return Problem(ProblemType.TOO_MANY_FILES, detail)
