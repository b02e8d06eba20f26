"""A record of the audit log: identifiers and codes, nothing else of a study."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field

from contracts.model import Contract


class Kind(StrEnum):
    """What was done, or tried."""

    UPLOAD = "upload"
    """Studies were sent."""
    QUERY = "query"
    """Studies were listed or looked for."""
    READ = "read"
    """A report, metadata or the contents of the quarantine were read."""
    EXPORT = "export"
    """Images were sent to the client."""
    CHANGE = "change"
    """Files were resubmitted, or a message was delivered again or dropped."""
    DELETE = "delete"
    """Studies or files were deleted."""
    REFUSAL = "refusal"
    """Something for which there is no kind was refused."""
    START = "start"
    """The gateway has started, and with it the audit log."""
    STOP = "stop"
    """It has stopped."""


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    REFUSED = "refused"
    """The client was not allowed to, or its request was wrong (4xx)."""
    FAILED = "failed"
    """The gateway could not do it (5xx)."""

    @classmethod
    def of(cls, status: int) -> "Outcome":
        """The outcome that an HTTP status means."""
        if status < 400:
            return cls.SUCCESS
        return cls.REFUSED if status < 500 else cls.FAILED


class AuditRecord(Contract):
    """A line of the audit log."""

    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    kind: Kind
    outcome: Outcome
    caller: str
    """The name of the key or the subject of the token; `anonymous` without."""
    address: str | None = None
    """The address of the client."""
    method: str | None = None
    """HTTP method."""
    route: str | None = None
    """The route, such as `/studies/{study_id}/report`, never the path."""
    status: int | None = None
    """HTTP status."""
    study_ids: tuple[str, ...] = ()
    """The studies: `study_id`, or of DICOMweb the Study Instance UID."""
    detail: str | None = None
    """What else identifies the object: the name of a file in quarantine, the id of a dead letter,
    a series or instance UID."""
    request_id: str | None = None
    """The `X-Request-ID` of the answer, as in the log."""
    instance: str | None = None
    """The gateway process: host and process id."""
