"""Why an upload is refused: the problems that a client may get, and those of archive files."""

from archives.errors import ArchiveError, Fault
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

REFUSALS = (
    ProblemType.BROKEN_MULTIPART,
    ProblemType.NO_FILE_PART,
    ProblemType.UNEXPECTED_PART,
    ProblemType.REPEATED_FIELD,
    ProblemType.INVALID_FIELD,
    ProblemType.UNKNOWN_PROFILE,
    ProblemType.NO_FILES,
    ProblemType.TOO_MANY_FILES,
    ProblemType.UPLOAD_TOO_LARGE,
    ProblemType.NOT_DICOM,
    ProblemType.EMPTY_FILE,
    ProblemType.BROKEN_ARCHIVE,
    ProblemType.UNSAFE_ARCHIVE,
    ProblemType.UNSUPPORTED_ARCHIVE,
    ProblemType.ARCHIVE_TOO_LARGE,
    ProblemType.UPLOAD_STALLED,
    ProblemType.TOO_MANY_WAITING_STUDIES,
    ProblemType.INSUFFICIENT_STORAGE,
)
"""The problems that what was sent can be refused with."""

_ARCHIVE_PROBLEMS = {
    Fault.BROKEN: ProblemType.BROKEN_ARCHIVE,
    Fault.UNSAFE: ProblemType.UNSAFE_ARCHIVE,
    Fault.UNSUPPORTED: ProblemType.UNSUPPORTED_ARCHIVE,
    Fault.TOO_LARGE: ProblemType.ARCHIVE_TOO_LARGE,
}
_MOST_SHOWN_CHARACTERS = 100


def archive_problem(error: ArchiveError) -> Problem:
    """The problem of an upload with an archive file that is not read."""
    subject = "An archive file"
    if error.entry is not None:
        subject = f"The entry '{shown(error.entry)}' of an archive file"
    return Problem(_ARCHIVE_PROBLEMS[error.fault], f"{subject} {error.trouble}.")


def shown(name: str) -> str:
    """A name that a client gave, for a sentence: shortened, control characters escaped."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    if len(text) > _MOST_SHOWN_CHARACTERS:
        return f"{text[:_MOST_SHOWN_CHARACTERS]}…"
    return text
