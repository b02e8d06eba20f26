"""The problems of an upload that exceeds a limit."""

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.limits import UploadLimits


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
