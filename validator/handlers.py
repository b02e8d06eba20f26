"""Handles `study.uploaded`: validates the upload and announces the result."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from chassis.messaging.delivery import Capacity, each
from chassis.messaging.progress import Progress
from chassis.service.lifecycle import Service
from contracts.channels import UPLOADS, VALIDATED, VALIDATION_FAILED
from contracts.events import CloudEvent, StudyUploaded, StudyValidated, StudyValidationFailed
from contracts.report import FileCounts, Outcome
from contracts.status import State, StudyFacts
from validator.examine import Note
from validator.results import Validated


def register(
    service: Service,
    validate: Callable[[StudyUploaded, Note], Awaitable[list[Validated]]],
    progress: Progress,
    capacity: Capacity,
) -> None:
    """Validate every upload and announce the result.

    Args:
        service: the validator.
        validate: validates the upload; returns the studies in it, none when they are in the
            archive already.
        progress: receives the beginning of the work and its progress.
        capacity: how many uploads at the same time.
    """

    async def on_uploaded(event: StudyUploaded) -> Sequence[CloudEvent]:
        def note(files: FileCounts) -> None:
            progress.mark(event.study_id, State.VALIDATING, StudyFacts(files=files))

        started = datetime.now(UTC)
        progress.mark(event.study_id, State.VALIDATING)
        studies = await validate(event, note)
        progress.withdraw(event.study_id)
        for study in studies:
            if study.patient_id_hash:  # not in the event: that is for everybody
                facts = StudyFacts(patient_id_hash=study.patient_id_hash)
                progress.mark(study.study_id, State.VALIDATING, facts)
        return [announcement(study, event, started) for study in studies]

    def announcement(study: Validated, event: StudyUploaded, started: datetime) -> CloudEvent:
        is_accepted = study.outcome is Outcome.ACCEPTED
        kind = StudyValidated if is_accepted else StudyValidationFailed
        data = study.data.model_copy(update={"started_at": started})
        return kind.new(source=service.name, subject=study.study_id, data=data, cause=event)

    service.consume(
        UPLOADS,
        each(on_uploaded, service.tracing),
        capacity,
        publishes=(VALIDATED, VALIDATION_FAILED),
    )
