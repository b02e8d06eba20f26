"""What the validator announces: each study of an upload with its outcome."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.events import ValidationData
from contracts.intake import Intake
from contracts.model import Modality
from contracts.places import Place, study_directory
from contracts.report import Outcome, StudyReport
from validator.divide import Part

MOST_MODALITIES = 50
_MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")


@dataclass(frozen=True)
class Validated:
    """A study that has been validated: the upload itself, or one that it was divided into."""

    study_id: UUID
    outcome: Outcome
    data: ValidationData
    patient_id_hash: str | None
    """Keyed digest of its Patient ID; unknown after an interruption."""


def results(
    intake: Intake, report: StudyReport, parts: Sequence[Part], patients: Mapping[str, str]
) -> list[Validated]:
    """The studies of an upload: those that it was divided into, and last the upload itself.

    Args:
        intake: of the upload.
        report: of the upload.
        parts: the further studies in it.
        patients: the digest of the Patient ID of each file that has one, by the file's name.
    """
    ids = tuple(part.report.study_id for part in parts)
    return [
        *(_result(part.intake, part.report, patients) for part in parts),
        _result(intake, report, patients, studies=ids),
    ]


def _result(
    intake: Intake,
    report: StudyReport,
    patients: Mapping[str, str],
    studies: tuple[UUID, ...] = (),
) -> Validated:
    place = Place.UPLOADS if report.outcome is Outcome.ACCEPTED else Place.QUARANTINE
    elsewhere = {instance.sha256 for instance in report.instances if instance.study_id}
    own = [
        instance
        for instance in report.instances
        if instance.outcome is not Outcome.REJECTED and instance.sha256 not in elsewhere
    ]
    return Validated(
        report.study_id,
        report.outcome,
        ValidationData(
            directory=study_directory(place, report.study_id),
            files=report.files,
            findings=report.summaries(),
            modalities=_modalities(instance.identity.modality for instance in own) or None,
            label=intake.label,
            upload_id=intake.upload_id,
            studies=studies or None,
        ),
        next((patients[instance.file] for instance in own if instance.file in patients), None),
    )


def _modalities(found: Iterable[str]) -> tuple[Modality, ...]:
    """The different modalities; anything else in their place is left out, it may be PHI."""
    return tuple(sorted(filter(_MODALITY.fullmatch, set(found)))[:MOST_MODALITIES])
