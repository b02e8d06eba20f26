"""Composition root of the validator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.messaging.delivery import Capacity
from chassis.messaging.progress import Progress
from chassis.observability.logs import get_logger
from chassis.runtime.isolation import Isolation
from chassis.service.lifecycle import Service
from chassis.service.reservations import release_when_failed
from chassis.service.uid_index import uid_index
from contracts.channels import PROCESSING_FAILED
from contracts.events import StudyUploaded
from contracts.places import Place
from validator import handlers
from validator.examine import Examine, Note
from validator.isolated_examination import isolated_examiner
from validator.profiles import ProfileLookup
from validator.reserve import Index
from validator.results import Validated
from validator.settings import ValidatorSettings
from validator.study import Validation, validate_upload

DESCRIPTION = "Validates uploaded studies against the DICOM standard."
BATCHES_PER_PROCESS = 2
"""Batches of files of an upload for each process: enough to keep it busy, and few enough that other
uploads get their turn."""

SMALL_FILES = 4
"""An upload of more files takes its turn by itself."""
SMALL_BYTES = 1024 * 1024
"""And so does one of more bytes."""
SMALL_UPLOADS = 4
"""So many small uploads are validated together where one large one would be."""


def create_app(
    settings: ValidatorSettings,
    *,
    examine: Examine | None = None,
    index: Index | None = None,
    instance: str | None = None,
) -> Service:
    """The validator.

    Args:
        settings: the settings of the service.
        examine: examines some files, when not in an isolated process.
        index: the index of UIDs, when not the one in Redis.
        instance: its consumer name, when not host and process id.
    """
    service = Service(
        settings, description=DESCRIPTION, failures=PROCESSING_FAILED, instance=instance
    )
    studies = settings.studies
    profiles = ProfileLookup(settings.applied_profile, settings.profiles_dir, settings.limits)
    if examine is None:
        isolation = Isolation(
            processes=settings.processes,
            seconds=settings.examination_seconds,
            memory_bytes=settings.examination_memory_bytes,
            preload=["validator.examine_file"],
            note_retry=service.note_process_end,
        )
        service.use(isolation.running)
        examine = isolated_examiner(isolation, service.metrics, settings.processes)
    service.work_on(studies.store, Place.UPLOADS, Place.QUARANTINE)
    progress = Progress(settings)
    service.use(progress.running)
    service.in_background(progress.send_continually)
    service.use(lambda: _profiles_checked(profiles))
    if index is None:
        index = uid_index(service, studies)
        release_when_failed(service, index.forget, studies)
    key = settings.patient_hash_key
    validation = Validation(
        studies=studies,
        examine=examine,
        profile=profiles,
        index=index,
        on_invalid=settings.on_invalid_instance,
        at_once=BATCHES_PER_PROCESS * settings.processes,
        patient_hash_key=key.get_secret_value() if key else "",
        steps=service.steps,
        note_findings=service.metrics.findings,
        max_report_bytes=settings.max_report_bytes,
    )

    async def validate(event: StudyUploaded, note: Note) -> list[Validated]:
        return await validate_upload(event.study_id, validation, note)

    handlers.register(service, validate, progress, _capacity(settings.concurrency))
    return service


def _capacity(concurrency: int) -> Capacity:
    return Capacity(
        batch=SMALL_UPLOADS * concurrency, batches=2, large=concurrency, is_large=_is_large
    )


def _is_large(event: StudyUploaded) -> bool:
    data = event.data
    return data.file_count > SMALL_FILES or data.size_bytes > SMALL_BYTES


@asynccontextmanager
async def _profiles_checked(profiles: ProfileLookup) -> AsyncIterator[None]:
    """Log at the start which profiles are invalid that uploads may ask for."""
    for mistake in profiles.mistakes():
        get_logger().error("profile.invalid", mistake=mistake)
    yield
