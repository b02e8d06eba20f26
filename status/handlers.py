"""The events that the status service reads: every one of them."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from chassis.messaging.delivery import Handler
from chassis.service.lifecycle import Service
from contracts.channels import CHANNELS
from contracts.events import CloudEvent, Event
from contracts.status import StatusRecord, StatusUpdate
from status.projection import updates_of
from status.store import Page, Wanted


class Store(Protocol):
    """Where status records are kept."""

    async def get(self, study_id: UUID) -> StatusRecord | None:
        """The latest record of a study."""

    async def apply(self, study_id: UUID, updates: list[StatusUpdate]) -> StatusRecord:
        """Apply updates to a study's record."""

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        """A page of records."""


def register(service: Service, store: Store, concurrency: int) -> None:
    """Project every event onto the record of its study."""
    for channel in CHANNELS:
        service.consume(channel, _projector(store, channel.event), concurrency=concurrency)


def _projector(store: Store, event_type: type[CloudEvent]) -> Handler:
    async def project(event: Event) -> Sequence[CloudEvent]:
        await store.apply(event.subject, updates_of(event))
        return ()

    # FastStream reads a message as what its handler's parameter is annotated with.
    project.__annotations__["event"] = event_type
    return project
