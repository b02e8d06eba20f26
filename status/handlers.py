"""The events that the status service listens to: all five."""

from typing import Protocol
from uuid import UUID

from chassis.runtime.service import Service
from contracts.channels import ARCHIVED, PROCESSING_FAILED, UPLOADS, VALIDATED, VALIDATION_FAILED
from contracts.events import (
    Event,
    StudyArchived,
    StudyProcessingFailed,
    StudyUploaded,
    StudyValidated,
    StudyValidationFailed,
)
from contracts.status import StatusRecord, StatusUpdate
from status.projection import update_of
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

    async def project(event: Event) -> None:
        await store.apply(event.subject, [update_of(event)])

    async def on_uploaded(event: StudyUploaded) -> None:
        await project(event)

    async def on_validated(event: StudyValidated) -> None:
        await project(event)

    async def on_validation_failed(event: StudyValidationFailed) -> None:
        await project(event)

    async def on_archived(event: StudyArchived) -> None:
        await project(event)

    async def on_processing_failed(event: StudyProcessingFailed) -> None:
        await project(event)

    for channel, handler in (
        (UPLOADS, on_uploaded),
        (VALIDATED, on_validated),
        (VALIDATION_FAILED, on_validation_failed),
        (ARCHIVED, on_archived),
        (PROCESSING_FAILED, on_processing_failed),
    ):
        service.consume(channel, handler, concurrency=concurrency)
