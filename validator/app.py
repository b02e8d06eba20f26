"""Composition root of the validator."""

from chassis.isolation import Isolation
from chassis.progress import Progress
from chassis.service import Service
from contracts.events import StudyUploaded
from contracts.report import StudyReport
from validator import handlers
from validator.examiner import isolated_examiner
from validator.settings import ValidatorSettings
from validator.study import Examine, validate_study

DESCRIPTION = "Examines uploaded studies and tells whether they are sound."


def create_app(
    settings: ValidatorSettings,
    *,
    examine: Examine | None = None,
    instance: str | None = None,
) -> Service:
    """The validator.

    Args:
        settings: what it has to know.
        examine: examines one file, when not in an isolated process.
        instance: its consumer name, when not host and process id.
    """
    service = Service(settings, description=DESCRIPTION, instance=instance)
    volumes = settings.volumes
    profile = settings.applied_profile
    if examine is None:
        isolation = Isolation(
            processes=settings.processes,
            seconds=settings.examination_seconds,
            memory_bytes=settings.examination_memory_bytes,
            preload=["validator.examiner"],
        )
        service.use(isolation.running)
        examine = isolated_examiner(isolation, profile)
    service.work_on(
        volumes.uploads, volumes.quarantine, stale_after_seconds=settings.stale_after_seconds
    )
    progress = Progress(settings)
    service.use(progress.running)
    service.in_background(progress.send_continually)

    async def validate(event: StudyUploaded) -> StudyReport | None:
        return await validate_study(event.study_id, volumes, examine, profile)

    handlers.register(service, validate, progress, settings.concurrency)
    return service
