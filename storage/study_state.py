"""The state of a study as the store shows it: what its status record is rebuilt from."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from contracts.intake import Intake
from contracts.places import Place
from contracts.report import Outcome, StudyReport
from contracts.status import State, StatusUpdate, StudyFacts
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore

_AT = {
    Place.UPLOADS: (State.UPLOADED, "gateway"),
    Place.QUARANTINE: (State.FAILED, "validator"),
    Place.ARCHIVE: (State.ARCHIVED, "descriptor"),
}
"""The state of a study at each place, and the service that has brought it there."""


def updates_at(folder: StudyFolder) -> list[StatusUpdate]:
    """The status updates that a study went through, as far as its folder shows them. Blocks.

    If the documents of the study are broken, its place alone says its state.

    Raises:
        FileNotFoundError: the study is not there, or not any more.
    """
    try:
        match folder.place:
            case Place.ARCHIVE:
                return _archived(folder)
            case Place.QUARANTINE:
                return [_uploaded(folder.intake()), *_validated(folder.report())]
            case Place.UPLOADS:
                return _waiting(folder)
    except ValueError:
        state, service = _AT[folder.place]
        return [StatusUpdate(status=state, service=service, time=folder.since())]


def stored_studies(studies: StudyStore) -> Iterator[StudyFolder]:
    """Every study once, at the place that decides on its state. Blocks."""
    for folder in studies.all(Place.UPLOADS):
        if not studies.archived(folder.study_id).exists():
            yield folder
    yield from studies.all(Place.ARCHIVE)
    for folder in studies.all(Place.QUARANTINE):
        if not studies.archived(folder.study_id).exists():
            yield folder


def _archived(folder: StudyFolder) -> list[StatusUpdate]:
    study = folder.metadata()
    source = study.provenance
    facts = StudyFacts(label=source.label, upload_id=source.upload_id)
    return [
        StatusUpdate(
            status=State.UPLOADED,
            service="validator" if source.upload_id else "gateway",
            time=source.uploaded_at,
            **facts.known(),
        ),
        *_validated(study.validation),
        *_archiving(source.archiving_began_at),
        StatusUpdate(status=State.ARCHIVED, service="descriptor", time=source.archived_at),
    ]


def _archiving(began_at: datetime | None) -> Iterator[StatusUpdate]:
    if began_at:
        yield StatusUpdate(status=State.ARCHIVING, service="descriptor", time=began_at)


def _waiting(folder: StudyFolder) -> list[StatusUpdate]:
    uploaded = _uploaded(folder.intake())
    try:
        report = folder.report()
    except FileNotFoundError:
        return [uploaded]
    if report.outcome is Outcome.REJECTED:  # it has failed once it is in quarantine
        return [uploaded]
    return [uploaded, *_validated(report)]


def _uploaded(intake: Intake) -> StatusUpdate:
    event = intake.event
    facts = StudyFacts(label=intake.label, upload_id=intake.upload_id)
    return StatusUpdate(
        status=State.UPLOADED, service=event.service, time=event.time, **facts.known()
    )


def _validated(report: StudyReport) -> list[StatusUpdate]:
    began = report.validated_at - timedelta(seconds=report.duration_seconds)
    facts = StudyFacts(
        files=report.files,
        findings=report.summaries(),
        modalities=report.modalities,
        patient_id_hash=report.patient_id_hash,
        studies=report.divided_into,
        duplicate_of=report.duplicate_of,
    )
    state = State.FAILED if report.outcome is Outcome.REJECTED else State.VALIDATED
    return [
        StatusUpdate(status=State.VALIDATING, service="validator", time=began),
        StatusUpdate(status=state, service="validator", time=report.validated_at, **facts.known()),
    ]
