"""Handles `study.validated`: archives the study and announces it."""

from collections.abc import Awaitable, Callable

from chassis.messaging.progress import Progress
from chassis.service.lifecycle import Service
from contracts.channels import ARCHIVED, VALIDATED
from contracts.events import StudyArchived, StudyArchivedData, StudyValidated
from contracts.status import State


def register(
    service: Service,
    archive: Callable[[StudyValidated], Awaitable[StudyArchivedData]],
    progress: Progress,
    concurrency: int,
) -> None:
    """Archive every valid study and announce it.

    Args:
        service: the descriptor.
        archive: describes and archives the study; another call changes nothing.
        progress: receives the beginning of the work.
        concurrency: studies at the same time.
    """
    archived = service.publisher(ARCHIVED)

    async def on_validated(event: StudyValidated) -> None:
        progress.mark(event.study_id, State.ARCHIVING)
        data = await archive(event)
        await archived.publish(
            StudyArchived.new(source=service.name, subject=event.study_id, data=data, cause=event)
        )

    service.consume(VALIDATED, on_validated, concurrency=concurrency)
