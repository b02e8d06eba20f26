"""Why an upload is refused: one exception, told apart by its kind."""

from enum import StrEnum

from chassis.web.problem_types import ProblemType


class Refusal(StrEnum):
    """The kinds of refusal; stable, clients rely on them."""

    BROKEN_MULTIPART = "broken-multipart"
    NO_FILE_PART = "no-file-part"
    UNEXPECTED_PART = "unexpected-part"
    REPEATED_FIELD = "repeated-field"
    INVALID_FIELD = "invalid-field"
    UNKNOWN_PROFILE = "unknown-profile"
    NO_FILES = "no-files"
    TOO_MANY_FILES = "too-many-files"
    UPLOAD_TOO_LARGE = "upload-too-large"
    NOT_DICOM = "not-dicom"
    EMPTY_FILE = "empty-file"
    BROKEN_ARCHIVE = "broken-archive"
    UNSAFE_ARCHIVE = "unsafe-archive"
    UNSUPPORTED_ARCHIVE = "unsupported-archive"
    ARCHIVE_TOO_LARGE = "archive-too-large"
    UPLOAD_STALLED = "upload-stalled"
    INSUFFICIENT_STORAGE = "insufficient-storage"


REFUSALS = tuple(ProblemType[refusal.name] for refusal in Refusal)
"""The problems that an upload can be refused with."""


class RefusedUploadError(Exception):
    """The upload cannot be accepted; nothing of it is kept.

    Attributes:
        refusal: the kind.
        detail: what is wrong and where, for the client.
    """

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.detail = detail
