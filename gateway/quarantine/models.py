"""What clients send and get about the quarantine."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import AwareDatetime, ConfigDict, Field

from contracts.model import Contract, Label, ProfileName, Timestamp
from contracts.report import Finding, Outcome
from gateway.browsing.models import FileFacts, Links
from gateway.quarantine.audit_trail import Resubmission

MOST_FILES = 100_000
MOST_PER_PAGE = 500
FILE_NAME = r"^[0-9]{6}\.dcm$"
_CODE = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"
_CURSOR = "^[0-9]{1,20}~[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

FileName = Annotated[
    str,
    Path(pattern=FILE_NAME, examples=["000001.dcm"], description="Name of the file in quarantine."),
]


class QuarantineQuery(Contract):
    """Which studies in quarantine to list, and how many."""

    # FastAPI takes the descriptions of parameters from the fields.
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    code: Annotated[str, Field(pattern=_CODE, max_length=100)] | None = None
    """Only studies with a file that was rejected because of this error."""
    since: Timestamp | None = None
    """Only studies that came to quarantine at this time or later."""
    until: Timestamp | None = None
    """Only studies that came to quarantine before this time."""
    cursor: Annotated[str, Field(pattern=_CURSOR)] | None = None
    """`next_cursor` of the previous page, with the same filters."""
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    """The greatest number of studies on a page."""


class CodeCount(Contract):
    """How many files were rejected because of an error."""

    code: str
    files: int
    """Number of files."""


class ListedStudy(Contract):
    """A study in quarantine, in short."""

    study_id: UUID
    quarantined_at: AwareDatetime
    """When its files came to quarantine; their age counts from then."""
    label: Label | None = None
    """The sender's name for the upload."""
    file_count: int
    """Number of files in quarantine."""
    size_bytes: int
    """Total size of these files, in bytes."""
    codes: tuple[CodeCount, ...]
    """The errors because of which they were rejected, the most frequent first; at most 10."""
    resubmissions: int
    """Number of resubmissions of its files."""
    href: str
    """Path of the study in quarantine."""


class QuarantinePage(Contract):
    """A page of studies in quarantine, those that came last first."""

    studies: tuple[ListedStudy, ...]
    next_cursor: str | None = None
    """The `cursor` of the next page, also after a short page; absent on the last page."""


class QuarantinedFile(FileFacts):
    """A file in quarantine."""

    file: str
    """Its name in quarantine."""
    sha256: str
    """Digest of its bytes as they were uploaded."""
    size_bytes: int
    """Size in bytes."""
    outcome: Outcome
    """`rejected`; a valid file is in quarantine only if a `fail-study` profile failed the study."""
    resubmitted_as: tuple[UUID, ...]
    """The uploads in which it was resubmitted, oldest first."""
    href: str
    """Path of its bytes."""


class QuarantinedStudy(Contract):
    """A study in quarantine."""

    study_id: UUID
    quarantined_at: AwareDatetime
    """When its files came to quarantine; their age counts from then."""
    uploaded_at: AwareDatetime
    label: Label | None = None
    """The sender's name for the upload."""
    profile: str
    """Name of the validation profile that was applied."""
    findings: tuple[Finding, ...]
    """What is wrong with the study as a whole, also with files that are not in quarantine."""
    files: tuple[QuarantinedFile, ...]
    """The files in quarantine, in the order of their arrival."""
    resubmissions: tuple[Resubmission, ...]
    """The resubmissions, oldest first."""
    resubmitted_from: UUID | None = None
    """The study in quarantine whose resubmission this upload was."""
    links: Links


class ResubmitRequest(Contract):
    """Which files of a study to resubmit, and how."""

    model_config = ConfigDict(extra="forbid")

    files: frozenset[Annotated[str, Field(pattern=FILE_NAME)]] | None = Field(
        default=None, min_length=1, max_length=MOST_FILES, examples=[["000001.dcm"]]
    )
    """Names of the files in quarantine; all files by default."""
    profile: ProfileName | None = None
    """The validation profile to apply; that of the original upload by default."""


class PurgeRequest(Contract):
    """What to purge."""

    model_config = ConfigDict(extra="forbid", strict=True)

    older_than_days: float = Field(ge=0, le=36_500, examples=[30])
    """Remove studies that have been in quarantine for longer, in days."""
    dry_run: bool = False
    """Only list what would be removed."""


class PurgedStudy(Contract):
    """A study that was purged."""

    study_id: UUID
    quarantined_at: AwareDatetime
    """When its files came to quarantine."""
    file_count: int
    """Number of files removed."""
    size_bytes: int
    """Total size of these files, in bytes."""


class Purge(Contract):
    """What was removed, or would be."""

    dry_run: bool
    """Whether nothing was removed."""
    studies: tuple[PurgedStudy, ...]
    """The studies, oldest first."""
    file_count: int
    """Number of files of all studies."""
    size_bytes: int
    """Total size of these files, in bytes."""
    remaining: int
    """Number of further studies of that age: repeat the request to purge them."""
