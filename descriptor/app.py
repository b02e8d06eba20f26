"""Composition root of the descriptor."""

from functools import partial

from chassis.messaging.delivery import Capacity
from chassis.messaging.progress import Progress
from chassis.runtime.isolation import Isolation
from chassis.service.lifecycle import Service
from chassis.service.reservations import release_when_failed
from chassis.service.uid_index import uid_index
from contracts.channels import PROCESSING_FAILED
from contracts.events import StudyArchivedData, StudyValidated
from contracts.places import Place
from descriptor import handlers
from descriptor.isolated import PRELOAD
from descriptor.isolated_description import Describe, IsolatedDescriber
from descriptor.preview import Preview, no_preview, previewer
from descriptor.settings import DescriptorSettings
from descriptor.study import Archiving, Index, archive_study

DESCRIPTION = "Extracts the metadata of valid studies and archives them."

SMALL_FILES = 4
"""A study of more files takes its turn by itself."""
SMALL_STUDIES = 4
"""So many small studies are archived together where one large one would be."""


def create_app(
    settings: DescriptorSettings,
    *,
    describe: Describe | None = None,
    index: Index | None = None,
    instance: str | None = None,
) -> Service:
    """The descriptor.

    Args:
        settings: the settings of the service.
        describe: describes instances, when not in an isolated process.
        index: the index of the archive, when not the one in Redis.
        instance: its consumer name, when not host and process id.
    """
    service = Service(
        settings, description=DESCRIPTION, failures=PROCESSING_FAILED, instance=instance
    )
    studies = settings.studies
    isolation = Isolation(
        processes=settings.processes,
        seconds=settings.description_seconds,
        memory_bytes=settings.description_memory_bytes,
        preload=PRELOAD,
        note_retry=service.note_process_end,
    )
    service.use(isolation.running)
    describe = describe or IsolatedDescriber(
        isolation,
        processes=settings.processes,
        pictures=settings.previews,
        note_killed=service.metrics.killed,
        temporary_file=partial(studies.store.temporary_file, Place.ARCHIVE),
    )
    preview: Preview = no_preview
    if settings.previews:
        preview = previewer(isolation, studies, settings.preview_seconds)
    progress = Progress(settings)
    service.use(progress.running)
    service.in_background(progress.send_continually)

    service.work_on(studies.store, Place.ARCHIVE, Place.QUARANTINE)

    if index is None:
        index = uid_index(service, studies, creates=True)
        release_when_failed(service, index.forget, studies)
    archive_index = index

    archiving = Archiving(studies, describe, archive_index, preview, steps=service.steps)

    async def archive(event: StudyValidated) -> StudyArchivedData:
        archived = await archive_study(event.study_id, archiving)
        service.metrics.archived(instances=archived.instance_count, size_bytes=archived.size_bytes)
        return archived

    handlers.register(service, archive, progress, _capacity(settings.concurrency))
    return service


def _capacity(concurrency: int) -> Capacity:
    return Capacity(
        batch=SMALL_STUDIES * concurrency, batches=2, large=concurrency, is_large=_is_large
    )


def _is_large(event: StudyValidated) -> bool:
    return (event.data.files.received or 0) > SMALL_FILES
