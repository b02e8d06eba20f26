"""The events that the status service reads: every one of them."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from chassis.messaging.delivery import Capacity, Result
from chassis.service.lifecycle import Service
from contracts.channels import CHANNELS
from contracts.events import (
    Event,
    StudyArchived,
    StudyProcessingFailed,
    StudyValidationFailed,
)
from contracts.status import StatusRecord, StatusUpdate
from status.projection import updates_of
from status.store import Page, StudyUpdates, Wanted

OUTCOMES = (StudyArchived, StudyValidationFailed, StudyProcessingFailed)
"""The events that end the way of a study."""
BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)


class Store(Protocol):
    """Where status records are kept."""

    async def get(self, study_id: UUID) -> StatusRecord | None:
        """The latest record of a study."""

    async def apply(self, study_id: UUID, updates: Sequence[StatusUpdate]) -> StatusRecord:
        """Apply updates to a study's record."""

    async def apply_all(self, updates: Sequence[StudyUpdates]) -> list[StatusRecord | Exception]:
        """Apply updates; returns for each the record, or why it cannot be updated."""

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        """A page of records."""


def register(service: Service, store: Store, most_at_once: int) -> None:
    """Project every event onto the record of its study."""
    seconds = service.metrics.instruments.histogram(
        "hdv_study_duration_seconds",
        "Time from the arrival of a study to the event that says what became of it.",
        "event",
        buckets=BUCKETS,
    )

    async def project(events: Sequence[Event]) -> list[Result]:
        updates = [StudyUpdates(event.subject, updates_of(event)) for event in events]
        results = await store.apply_all(updates)
        for event, result in zip(events, results, strict=True):
            if isinstance(event, OUTCOMES) and isinstance(result, StatusRecord):
                arrived = result.history[0].time
                seconds.labels(service.name, event.type).observe(
                    max(0.0, (event.time - arrived).total_seconds())
                )
        return [result if isinstance(result, Exception) else () for result in results]

    for channel in CHANNELS:
        service.consume(channel, project, Capacity(batch=most_at_once))
