"""Composition root of the descriptor."""

from chassis.isolation import Isolation
from chassis.progress import Progress
from chassis.service import Service
from contracts.events import StudyArchivedData, StudyValidated
from descriptor import handlers
from descriptor.describer import Describe, isolated_describer
from descriptor.settings import DescriptorSettings
from descriptor.study import archive_study

DESCRIPTION = "Describes sound studies and files them in the archive."


def create_app(
    settings: DescriptorSettings,
    *,
    describe: Describe | None = None,
    instance: str | None = None,
) -> Service:
    """The descriptor.

    Args:
        settings: what it has to know.
        describe: describes one instance, when not in an isolated process.
        instance: its consumer name, when not host and process id.
    """
    service = Service(settings, description=DESCRIPTION, instance=instance)
    volumes = settings.volumes
    if describe is None:
        isolation = Isolation(
            processes=settings.processes,
            seconds=settings.description_seconds,
            memory_bytes=settings.description_memory_bytes,
            preload=["descriptor.metadata"],
        )
        service.use(isolation.running)
        describe = isolated_describer(isolation)
    progress = Progress(settings)
    service.use(progress.running)
    service.in_background(progress.send_continually)

    service.work_on(
        volumes.archive, volumes.quarantine, stale_after_seconds=settings.stale_after_seconds
    )

    async def archive(event: StudyValidated) -> StudyArchivedData:
        return await archive_study(event.study_id, volumes, describe)

    handlers.register(service, archive, progress, settings.concurrency)
    return service
