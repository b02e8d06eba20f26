"""What the validator announces: each study of an upload with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.events import ValidationData
from contracts.intake import Intake
from contracts.places import Place, study_directory
from contracts.report import Outcome, StudyReport
from validator.divide import Part


@dataclass(frozen=True)
class Validated:
    """A study that has been validated: the upload itself, or one that it was divided into."""

    study_id: UUID
    outcome: Outcome
    data: ValidationData
    patient_id_hash: str | None
    """Keyed digest of its Patient ID."""


def results(intake: Intake, report: StudyReport, parts: Sequence[Part]) -> list[Validated]:
    """The studies of an upload: those that it was divided into, and last the upload itself.

    Args:
        intake: of the upload.
        report: of the upload.
        parts: the further studies in it.
    """
    return [
        *(result(part.intake, part.report) for part in parts),
        result(intake, report),
    ]


def result(intake: Intake, report: StudyReport) -> Validated:
    """What there is to announce about a study."""
    place = Place.UPLOADS if report.outcome is Outcome.ACCEPTED else Place.QUARANTINE
    return Validated(
        report.study_id,
        report.outcome,
        ValidationData(
            directory=study_directory(place, report.study_id),
            files=report.files,
            findings=report.summaries(),
            modalities=report.modalities or None,
            label=intake.label,
            upload_id=intake.upload_id,
            studies=report.divided_into or None,
            duplicate_of=report.duplicate_of or None,
        ),
        report.patient_id_hash,
    )
