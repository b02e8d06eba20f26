"""What clients send and get about studies."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from contracts.described import Described
from contracts.model import Contract, Label, Modality, Sha256, SkipReason, Timestamp
from contracts.report import FileCounts, Finding, ValidationFacts
from contracts.status import State, StatusRecord

MOST_PER_PAGE = 500
_CURSOR = "^[0-9]{1,16}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""As the status service returns it: when a study was first seen, and its id."""


class StudyQuery(Contract):
    """Which studies to list, and how many."""

    # FastAPI takes the descriptions of parameters from the fields.
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    status: State | None = None
    """Only studies with this status."""
    since: Timestamp | None = None
    """Only studies first seen at this time or later."""
    until: Timestamp | None = None
    """Only studies first seen before this time."""
    modality: Modality | None = None
    """Only studies with valid instances of this modality."""
    label: Label | None = None
    """Only studies with this label."""
    patient_id_hash: Sha256 | None = None
    """Only studies of the patient with this digest of the Patient ID."""
    duplicate: bool | None = None
    """`true` for studies that were sent again, all of whose instances had come before; `false` for
    the others."""
    cursor: Annotated[str, Field(pattern=_CURSOR)] | None = None
    """`next_cursor` of the previous page, with the same filters."""
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    """The greatest number of studies on a page."""


class Links(Described):
    """Paths of what is available of a study."""

    self: str
    """This resource."""
    status: str
    """The status of the study."""
    study: str
    """The study."""
    upload: str | None = None
    """The upload that the study was divided from."""
    report: str | None = None
    """The outcome of each file, and why."""
    metadata: str | None = None
    """Data sets, validation and provenance of the archived study."""
    archive: str | None = None
    """The archived instances in one zip file."""
    preview: str | None = None
    """A preview image of the study."""
    quarantine: str | None = None
    """The rejected files."""


class StudyStatus(StatusRecord):
    """The latest record of a study, with links."""

    links: Links


class StudyPage(Contract):
    """A page of studies, the newest first."""

    studies: tuple[StudyStatus, ...]
    next_cursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class Series(Described):
    """A series of a study."""

    series_instance_uid: str
    modality: str | None = None
    instance_count: int
    """Number of instances."""


class Study(StudyStatus):
    """The latest record of a study, and what is archived of it.

    For a study that failed it is what is in quarantine.
    """

    study_instance_uids: tuple[str, ...] | None = None
    """The Study Instance UIDs of its instances, usually one."""
    series: tuple[Series, ...] | None = None
    """Its series, in the order of their first instances."""
    instance_count: int | None = None
    """Number of its instances, or of its files in quarantine."""
    size_bytes: int | None = None
    """Total size of these, in bytes."""


class FileOutcome(StrEnum):
    """What happened to a file."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    """Valid, but the same bytes came before, in this upload or in another; they are stored once."""
    SKIPPED = "skipped"
    """Not part of a study, such as a DICOMDIR; it is not stored."""


class FileFacts(Contract):
    """What is known of a file that was sent. Unknown facts are absent."""

    sent_as: str
    """The name that the client gave. May contain PHI."""
    sha256: str | None = None
    """Digest of its bytes as they were uploaded."""
    size_bytes: int | None = None
    """Size in bytes."""
    sop_class_uid: str | None = None
    sop_instance_uid: str | None = None
    series_instance_uid: str | None = None
    study_instance_uid: str | None = None
    transfer_syntax_uid: str | None = None
    modality: str | None = None
    href: str | None = None
    """Path of its bytes, if they can be downloaded."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with it. May contain PHI."""
    left_out: int | None = None
    """How many findings are not listed, since the report would be too large; `not_listed` of the
    report counts them by code."""


class ReportedFile(FileFacts):
    """A file of an upload."""

    file: str | None = None
    """The name under which it was stored; findings across files refer to it."""
    outcome: FileOutcome
    reason: SkipReason | None = None
    """Why it was skipped."""
    study_id: UUID | None = None
    """The study that its bytes belong to: an upload with several Study Instance UIDs is divided."""
    duplicate_of: UUID | None = None
    """The study of another upload that had its instance first, if it is a duplicate of that."""
    archived_as: str | None = None
    """Its place in the archive, below the study's directory."""
    quarantined_as: str | None = None
    """Its name in quarantine, as long as it is there."""


class Report(ValidationFacts):
    """The outcome of each file of an upload, and why."""

    upload_id: UUID | None = None
    """The upload that the study was divided from, if it was."""
    duplicate_of: tuple[UUID, ...] | None = None
    """The studies that had all of its instances before, if it was sent again."""
    uploaded_at: AwareDatetime
    archived_at: AwareDatetime | None = None
    counts: FileCounts
    files: tuple[ReportedFile, ...]
    """All files in the order of their arrival, then the skipped ones."""
