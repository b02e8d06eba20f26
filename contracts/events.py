"""The five events, each in a CloudEvents 1.0 envelope (structured JSON mode).

Events carry identifiers, counts, codes and relative paths; never PHI.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, get_args
from uuid import UUID, uuid4, uuid5

from pydantic import AwareDatetime, Field, NonNegativeInt, PositiveInt, TypeAdapter

from contracts.model import Contract, Service
from contracts.report import FileCounts, FindingSummary

RelativePath = Annotated[
    str, Field(pattern=r"^[a-z][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", max_length=300)
]
"""A path below the volumes' root, `/` between its parts, no `..`."""


class CloudEvent(Contract):
    """The envelope of every event: CloudEvents 1.0, structured JSON."""

    specversion: Literal["1.0"]
    """Version of the CloudEvents specification."""
    id: UUID
    """Unique for each event; a repeated delivery carries the same id, so use it to deduplicate."""
    source: str = Field(pattern=r"^urn:hdv:[a-z][a-z0-9-]*$", examples=["urn:hdv:gateway"])
    """The service that produced the event."""
    type: str
    """What happened."""
    subject: UUID
    """The `study_id` that the event is about."""
    time: AwareDatetime
    """When it happened (RFC 3339)."""
    datacontenttype: Literal["application/json"]
    """Media type of `data`."""
    dataschema: str
    """Name and version of the schema of `data`; the version rises with each breaking change."""
    traceparent: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        examples=["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
    )
    """W3C Trace Context, carried along from the upload."""
    data: Any
    """What the event says."""

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
            source: name of the service that speaks.
            subject: the study.
            data: the data model of this event.
            cause: the event whose handling led to this one. The new id is derived from the
                cause's, so that handling the cause twice makes the same event twice.
            traceparent: W3C trace context; the cause's when there is one.
            time: when it happened; now when not given.
        """
        [event_type] = get_args(cls.model_fields["type"].annotation)
        [dataschema] = get_args(cls.model_fields["dataschema"].annotation)
        return cls(
            specversion="1.0",
            id=uuid5(cause.id, f"{event_type} {source}") if cause else uuid4(),
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
    """Where an uploaded study lies and how much it is."""

    directory: RelativePath = Field(examples=["uploads/0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"])
    """The study's directory; `intake.json` in it lists the files."""
    file_count: PositiveInt
    """Number of files."""
    size_bytes: NonNegativeInt
    """Size of all files in bytes."""


class StudyUploaded(CloudEvent):
    """A study has arrived and lies safely on disk."""

    type: Literal["study.uploaded"]
    dataschema: Literal["urn:hdv:study.uploaded:1"]
    data: StudyUploadedData


class ValidationData(Contract):
    """The result of validating a study."""

    directory: RelativePath = Field(examples=["uploads/0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"])
    """Where the study lies now; `report.json` in it is the whole validation report."""
    files: FileCounts
    """Files accepted and rejected."""
    findings: tuple[FindingSummary, ...] = Field(default=(), max_length=20)
    """The findings without values, errors first; at most 20, the report has all."""


class StudyValidated(CloudEvent):
    """At least one instance of the study is sound; it goes on to the archive."""

    type: Literal["study.validated"]
    dataschema: Literal["urn:hdv:study.validated:1"]
    data: ValidationData


class StudyValidationFailed(CloudEvent):
    """No instance of the study is sound; it went to quarantine with its report."""

    type: Literal["study.validation.failed"]
    dataschema: Literal["urn:hdv:study.validation.failed:1"]
    data: ValidationData


class StudyArchivedData(Contract):
    """Where an archived study lies and how much it is."""

    directory: RelativePath = Field(examples=["archive/0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"])
    """The study's directory in the archive; `metadata.json` in it describes the study."""
    instance_count: PositiveInt
    """Number of instances archived."""
    size_bytes: NonNegativeInt
    """Size of the archived instances in bytes."""


class StudyArchived(CloudEvent):
    """The study lies in the archive with its metadata."""

    type: Literal["study.archived"]
    dataschema: Literal["urn:hdv:study.archived:1"]
    data: StudyArchivedData


class ProcessingFailedData(Contract):
    """Which step gave a study up, and why."""

    event_id: UUID
    """The event that could not be processed; it lies in the dead-letter stream."""
    event_type: str = Field(max_length=100, examples=["study.uploaded"])
    """Its type."""
    service: Service
    """The service that gave up."""
    deliveries: PositiveInt
    """How often the event was delivered before."""
    code: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", examples=["study.missing"])
    """Stable name of the reason."""
    message: str = Field(max_length=500)
    """One sentence for people; it never contains values of the study."""


class StudyProcessingFailed(CloudEvent):
    """A worker has given the study up; the event that it could not process is dead-lettered."""

    type: Literal["study.processing.failed"]
    dataschema: Literal["urn:hdv:study.processing.failed:1"]
    data: ProcessingFailedData


Event = Annotated[
    StudyUploaded | StudyValidated | StudyValidationFailed | StudyArchived | StudyProcessingFailed,
    Field(discriminator="type"),
]
"""Any of the five events, told apart by `type`."""

ANY_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads any event from its JSON."""
