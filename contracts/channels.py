"""The addresses of the event bus: their event, producers, consumer groups and retention.

Each address is both a Redis stream (the work: consumer groups, at least once) and a Redis Pub/Sub
channel (the announcement: current listeners, at most once).
"""

from dataclasses import dataclass
from datetime import timedelta

from contracts.events import (
    CloudEvent,
    StudyArchived,
    StudyDeleted,
    StudyProcessingFailed,
    StudyUploaded,
    StudyValidated,
    StudyValidationFailed,
)


@dataclass(frozen=True)
class Channel:
    """One address of the event bus."""

    address: str
    """Key of the stream and name of the Pub/Sub channel."""
    event: type[CloudEvent]
    """The only event that is sent there."""
    producers: tuple[str, ...]
    """Services that send it."""
    groups: tuple[str, ...]
    """Consumer groups, named after the services that read the stream."""
    description: str
    """For the AsyncAPI document."""
    retention: timedelta = timedelta(days=7)
    """Least time that an entry is kept; it also stays until every group has acknowledged it."""


UPLOADS = Channel(
    address="uploads",
    event=StudyUploaded,
    producers=("gateway",),
    groups=("validator", "status"),
    description="Studies that have arrived and wait for validation.",
)
VALIDATED = Channel(
    address="study.validated",
    event=StudyValidated,
    producers=("validator",),
    groups=("descriptor", "status"),
    description="Valid studies that wait to be described and archived.",
)
VALIDATION_FAILED = Channel(
    address="study.validation.failed",
    event=StudyValidationFailed,
    producers=("validator",),
    groups=("status",),
    description="Studies without a single valid instance; they are in quarantine.",
)
ARCHIVED = Channel(
    address="study.archived",
    event=StudyArchived,
    producers=("descriptor",),
    groups=("status",),
    description="Studies that are in the archive.",
)
PROCESSING_FAILED = Channel(
    address="study.processing.failed",
    event=StudyProcessingFailed,
    producers=("validator", "descriptor"),
    groups=("status",),
    description="Studies that a service could not process.",
)

DELETED = Channel(
    address="study.deleted",
    event=StudyDeleted,
    producers=("gateway",),
    groups=("status",),
    description="Studies that were deleted, on request or because of their age.",
)

CHANNELS = (UPLOADS, VALIDATED, VALIDATION_FAILED, ARCHIVED, PROCESSING_FAILED, DELETED)
"""Every address, in the order in which a study passes them."""

DEAD_LETTER = "dead-letter"
"""The stream of dead letters: messages that could not be processed, with the reason."""

MOST_DEAD_LETTERS = 100_000
"""About how many dead letters are kept, the latest ones: garbage must not fill Redis."""
