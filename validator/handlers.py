"""Handles `study.uploaded`: validates the upload and announces the result."""

from collections.abc import Awaitable, Callable

from chassis.messaging.progress import Progress
from chassis.service.lifecycle import Service
from contracts.channels import UPLOADS, VALIDATED, VALIDATION_FAILED
from contracts.events import StudyUploaded, StudyValidated, StudyValidationFailed
from contracts.report import FileCounts, Outcome
from contracts.status import State, StudyFacts
from validator.examine import Note
from validator.results import Validated


def register(
    service: Service,
    validate: Callable[[StudyUploaded, Note], Awaitable[list[Validated]]],
    progress: Progress,
    concurrency: int,
) -> None:
    """Validate every upload and announce the result.

    Args:
        service: the validator.
        validate: validates the upload; returns the studies in it, none when they are in the
            archive already.
        progress: receives the beginning of the work and its progress.
        concurrency: uploads at the same time.
    """
    validated = service.publisher(VALIDATED)
    failed = service.publisher(VALIDATION_FAILED)

    async def on_uploaded(event: StudyUploaded) -> None:
        def note(files: FileCounts) -> None:
            progress.mark(event.study_id, State.VALIDATING, StudyFacts(files=files))

        progress.mark(event.study_id, State.VALIDATING)
        for study in await validate(event, note):
            if study.patient_id_hash:
                facts = StudyFacts(patient_id_hash=study.patient_id_hash)
                progress.mark(study.study_id, State.VALIDATING, facts)
            await announce(study, event)

    async def announce(study: Validated, event: StudyUploaded) -> None:
        if study.outcome is Outcome.ACCEPTED:
            await validated.publish(
                StudyValidated.new(
                    source=service.name, subject=study.study_id, data=study.data, cause=event
                )
            )
        else:
            await failed.publish(
                StudyValidationFailed.new(
                    source=service.name, subject=study.study_id, data=study.data, cause=event
                )
            )

    service.consume(UPLOADS, on_uploaded, concurrency=concurrency)
