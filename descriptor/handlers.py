"""Handles `study.validated`: archives the study and announces it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from chassis.messaging.delivery import Capacity, each
from chassis.messaging.progress import Progress
from chassis.service.lifecycle import Service
from contracts.channels import ARCHIVED, VALIDATED
from contracts.events import CloudEvent, StudyArchived, StudyArchivedData, StudyValidated
from contracts.status import State


def register(
    service: Service,
    archive: Callable[[StudyValidated], Awaitable[StudyArchivedData]],
    progress: Progress,
    capacity: Capacity,
) -> None:
    """Archive every valid study and announce it.

    Args:
        service: the descriptor.
        archive: describes and archives the study; another call changes nothing.
        progress: receives the beginning of the work.
        capacity: how many studies at the same time.
    """

    async def on_validated(event: StudyValidated) -> Sequence[CloudEvent]:
        started = datetime.now(UTC)
        progress.mark(event.study_id, State.ARCHIVING)
        archived = await archive(event)
        progress.withdraw(event.study_id)
        data = archived.model_copy(update={"started_at": started})
        return [
            StudyArchived.new(source=service.name, subject=event.study_id, data=data, cause=event)
        ]

    service.consume(VALIDATED, each(on_validated, service.tracing), capacity, publishes=(ARCHIVED,))
