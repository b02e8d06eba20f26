"""The event that the validator waits for: `study.uploaded`."""

from collections.abc import Awaitable, Callable

from chassis.progress import Progress
from chassis.service import Service
from contracts.channels import UPLOADS, VALIDATED, VALIDATION_FAILED
from contracts.events import StudyUploaded, StudyValidated, StudyValidationFailed
from contracts.report import Outcome, StudyReport
from contracts.status import State
from validator.study import event_data


def register(
    service: Service,
    validate: Callable[[StudyUploaded], Awaitable[StudyReport | None]],
    progress: Progress,
    concurrency: int,
) -> None:
    """Validate every uploaded study and announce the result.

    Args:
        service: the validator.
        validate: validates the study; nothing when it is in the archive already.
        progress: where to mark that the work has begun.
        concurrency: studies at the same time.
    """
    validated = service.publisher(VALIDATED)
    failed = service.publisher(VALIDATION_FAILED)

    async def on_uploaded(event: StudyUploaded) -> None:
        progress.mark(event.study_id, State.VALIDATING)
        report = await validate(event)
        if report is None:
            return
        data = event_data(report)
        if report.outcome is Outcome.ACCEPTED:
            await validated.publish(
                StudyValidated.new(
                    source=service.name, subject=event.study_id, data=data, cause=event
                )
            )
        else:
            await failed.publish(
                StudyValidationFailed.new(
                    source=service.name, subject=event.study_id, data=data, cause=event
                )
            )

    service.consume(UPLOADS, on_uploaded, concurrency=concurrency)
