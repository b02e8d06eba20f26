"""The events that the status service reads: every one of them."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from chassis.messaging.delivery import Capacity, Result
from chassis.service.lifecycle import Service
from contracts.channels import CHANNELS
from contracts.events import Event
from contracts.status import StatusRecord, StatusUpdate
from status.projection import updates_of
from status.store import Page, StudyUpdates, Wanted


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

    async def project(events: Sequence[Event]) -> list[Result]:
        updates = [StudyUpdates(event.subject, updates_of(event)) for event in events]
        results = await store.apply_all(updates)
        return [result if isinstance(result, Exception) else () for result in results]

    for channel in CHANNELS:
        service.consume(channel, project, Capacity(batch=most_at_once))
