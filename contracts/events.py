"""The events, each in a CloudEvents 1.0 envelope (structured JSON mode).

Events carry identifiers, counts, codes and relative paths; never PHI.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, get_args
from uuid import UUID, uuid4, uuid5

from pydantic import Field, TypeAdapter

from contracts.model import (
    Contract,
    Label,
    Modality,
    Natural,
    OrAbsent,
    Positive,
    Service,
    Timestamp,
    Uuid,
)
from contracts.report import FileCounts, FindingSummary

RelativePath = Annotated[
    str, Field(pattern=r"^[a-z][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", max_length=300)
]
"""A path below the volumes' root, `/` between its parts, no `..`."""


class CloudEvent(Contract):
    """The envelope of every event: CloudEvents 1.0, structured JSON."""

    specversion: Literal["1.0"]
    """Version of the CloudEvents specification."""
    id: Uuid = Field(examples=["7d9f2c04-5a0e-4c39-9f53-6f1d1f0c8a11"])
    """Unique for each event; a repeated delivery carries the same id, so use it to deduplicate."""
    source: str = Field(
        pattern=r"^urn:hdv:[a-z][a-z0-9-]*$", max_length=60, examples=["urn:hdv:gateway"]
    )
    """The service that produced the event: `urn:hdv:` and its name."""
    type: str
    """What happened. It determines the shape of `data` and never changes its meaning."""
    subject: Uuid = Field(examples=["0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"])
    """The `study_id` that the event is about: the gateway's own UUID, no DICOM UID."""
    time: Timestamp = Field(examples=["2026-03-01T09:30:00.250000Z"])
    """When it happened, by the clock of the service that produced it (RFC 3339)."""
    datacontenttype: Literal["application/json"]
    """Media type of `data`."""
    dataschema: str
    """Name and version of the schema of `data`; each breaking change raises the version."""
    traceparent: OrAbsent[
        Annotated[str, Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
    ] = Field(default=None, examples=["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
    """Trace context of the upload (W3C Trace Context, CloudEvents extension Distributed Tracing);
    absent if the client sent none."""
    data: Any
    """The details of the event."""

    @classmethod
    def new(
        cls,
        *,
        source: str,
        subject: UUID,
        data: Contract,
        cause: "CloudEvent | None" = None,
        traceparent: str | None = None,
        time: datetime | None = None,
    ) -> Self:
        """Make an event of this class.

        Args:
            source: name of the service that produces it.
            subject: the study.
            data: its data, of the model of this event.
            cause: the event whose handling led to this one. The new id is derived from the
                cause's id and the subject, so that handling the cause twice makes the same event
                twice.
            traceparent: W3C trace context; if there is a cause, its context is used instead.
            time: when it happened; now if not given.
        """
        [event_type] = get_args(cls.model_fields["type"].annotation)
        [dataschema] = get_args(cls.model_fields["dataschema"].annotation)
        return cls(
            specversion="1.0",
            id=uuid5(cause.id, f"{event_type} {source} {subject}") if cause else uuid4(),
            source=f"urn:hdv:{source}",
            type=event_type,
            subject=subject,
            time=time or datetime.now(UTC),
            datacontenttype="application/json",
            dataschema=dataschema,
            traceparent=cause.traceparent if cause else traceparent,
            data=data,
        )

    @property
    def study_id(self) -> UUID:
        """The study that the event is about."""
        return self.subject

    @property
    def service(self) -> str:
        """Name of the service that produced the event."""
        return self.source.rpartition(":")[2]


class StudyUploadedData(Contract):
    """Where an uploaded study is stored, and its size."""

    directory: RelativePath = Field(examples=["uploads/0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"])
    """The study's directory, below the root of the volumes; its `intake.json` lists the files."""
    file_count: Positive = Field(examples=[3])
    """Number of files in the study."""
    size_bytes: Natural = Field(examples=[1577216])
    """Total size of the files, in bytes."""
    label: OrAbsent[Label] = Field(default=None, examples=["trial-42"])
    """The sender's own name for the upload; absent if it has none."""
    skipped: OrAbsent[Natural] = Field(default=None, examples=[1])
    """Number of further files that are not part of the study, such as a DICOMDIR."""


class StudyUploaded(CloudEvent):
    """A study has arrived and is safely stored."""

    type: Literal["study.uploaded"]
    dataschema: Literal["urn:hdv:study.uploaded:1"]
    data: StudyUploadedData


class ValidationData(Contract):
    """The result of validating a study."""

    directory: RelativePath = Field(examples=["uploads/0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"])
    """Where the study is stored now, below the root of the volumes; its `report.json` is the whole
    validation report."""
    files: FileCounts
    """What happened to the study's files, in numbers."""
    findings: tuple[FindingSummary, ...] = Field(max_length=20)
    """What is wrong with the study, without values of its files: errors first, then warnings, then
    information. At most 20 different findings, the report has all; empty if nothing is wrong."""
    modalities: OrAbsent[Annotated[tuple[Modality, ...], Field(max_length=50)]] = Field(
        default=None, examples=[["CT"]]
    )
    """The modalities of the valid instances, sorted; absent if none is known."""
    label: OrAbsent[Label] = Field(default=None, examples=["trial-42"])
    """The sender's own name for the upload; absent if it has none."""
    upload_id: OrAbsent[Uuid] = Field(
        default=None, examples=["0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"]
    )
    """The upload that the study was divided from: an upload with several Study Instance UIDs
    becomes several studies. Absent if the study is the whole upload."""
    studies: OrAbsent[Annotated[tuple[Uuid, ...], Field(max_length=1000)]] = Field(
        default=None, examples=[["3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22"]]
    )
    """The further studies that this upload was divided into; absent if there are none."""
    duplicate_of: OrAbsent[Annotated[tuple[Uuid, ...], Field(max_length=100)]] = Field(
        default=None, examples=[["3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22"]]
    )
    """The studies that had all instances of this one before: it was sent again. Absent if any is
    new."""
    started_at: OrAbsent[Timestamp] = Field(default=None, examples=["2026-03-01T09:30:00.25Z"])
    """When the validation began."""


class StudyValidated(CloudEvent):
    """At least one instance of the study is valid; the study goes on to the archive."""

    type: Literal["study.validated"]
    dataschema: Literal["urn:hdv:study.validated:1"]
    data: ValidationData


class StudyValidationFailed(CloudEvent):
    """No instance of the study is valid; the study is in quarantine with its report."""

    type: Literal["study.validation.failed"]
    dataschema: Literal["urn:hdv:study.validation.failed:1"]
    data: ValidationData


class StudyArchivedData(Contract):
    """Where an archived study is stored, and its size."""

    directory: RelativePath = Field(examples=["archive/0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"])
    """The study's directory in the archive, below the root of the volumes; its `metadata.json`
    describes the study."""
    instance_count: Positive = Field(examples=[2])
    """Number of DICOM instances archived."""
    size_bytes: Natural = Field(examples=[1052160])
    """Total size of the archived instances, in bytes."""
    duplicate_of: OrAbsent[Annotated[tuple[Uuid, ...], Field(max_length=100)]] = Field(
        default=None, examples=[["3b0d4b1a-6f0e-4f6b-9f55-0a1f6d1f2c22"]]
    )
    """The studies that had all instances of this one before: it was sent again. Absent if any is
    new."""
    started_at: OrAbsent[Timestamp] = Field(default=None, examples=["2026-03-01T09:30:00.25Z"])
    """When the service began to describe and archive the study."""


class StudyArchived(CloudEvent):
    """The study is in the archive with its metadata."""

    type: Literal["study.archived"]
    dataschema: Literal["urn:hdv:study.archived:1"]
    data: StudyArchivedData


class ProcessingFailedData(Contract):
    """Which service could not process a study, and why."""

    event_id: Uuid = Field(examples=["7d9f2c04-5a0e-4c39-9f53-6f1d1f0c8a11"])
    """`id` of the event that could not be processed; it is in the dead-letter stream."""
    event_type: str = Field(max_length=100, examples=["study.uploaded"])
    """`type` of that event."""
    service: Service
    """Name of the service that could not process it."""
    deliveries: Positive = Field(examples=[5])
    """How many times the event was delivered to that service, the last time included."""
    code: str = Field(
        pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=100, examples=["study.missing"]
    )
    """Stable name of the reason, for programs."""
    message: str = Field(
        max_length=500, examples=["The study's directory is gone from the uploads."]
    )
    """One sentence for people, in English; it never contains values of the study."""


class StudyProcessingFailed(CloudEvent):
    """A service could not process the study; the event that it was handling is dead-lettered."""

    type: Literal["study.processing.failed"]
    dataschema: Literal["urn:hdv:study.processing.failed:1"]
    data: ProcessingFailedData


class RemovalReason(StrEnum):
    """Why files were removed."""

    DELETED = "deleted"
    """On request."""
    PURGED = "purged"
    """Because of their age."""


class StudyDeletedData(Contract):
    """Why a study was deleted, and what was deleted."""

    removal: RemovalReason = Field(examples=["deleted"])
    """`deleted` on request, `purged` because of its age."""
    file_count: Natural = Field(examples=[3])
    """Number of files that were deleted, wherever they were stored."""
    size_bytes: Natural = Field(examples=[1577216])
    """Total size of these files, in bytes."""


class StudyDeleted(CloudEvent):
    """The study was deleted: its files are in no place any more."""

    type: Literal["study.deleted"]
    dataschema: Literal["urn:hdv:study.deleted:1"]
    data: StudyDeletedData


Event = Annotated[
    StudyUploaded
    | StudyValidated
    | StudyValidationFailed
    | StudyArchived
    | StudyProcessingFailed
    | StudyDeleted,
    Field(discriminator="type"),
]
"""Any event; `type` says which."""

ANY_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads any event from its JSON."""
