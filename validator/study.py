"""Validates an upload: examine its files, decide on them, write the report, divide, announce."""

import errno
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import NamedTuple
from uuid import UUID

from chassis.messaging.errors import PermanentError
from chassis.observability.steps import Steps
from chassis.runtime.threads import Threads
from contracts.intake import Intake
from contracts.places import Place
from contracts.report import Outcome, StudyReport
from engine.profiles.profile import Profile
from engine.standard.facts import load
from storage.layout import JOURNAL, REPORT
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore
from validator.archived_digests import archived_digests
from validator.decide import decide
from validator.divide import Part, commit_parts, divide
from validator.examine import Examine, Note, examine_files
from validator.journal import Journal
from validator.report_size import MOST_BYTES, ReportSize
from validator.reserve import Index
from validator.results import Validated, result, results
from validator.settings import OnInvalidInstance

_SOFTWARE = version("hybrid-dicom-validator")


@dataclass(frozen=True, kw_only=True)
class Validation:
    """How uploads are validated.

    Attributes:
        studies: where they are stored.
        examine: examines some files.
        profile: returns the profile of a name; the usual one for None.
        index: the UIDs that uploads have reserved.
        on_invalid: what happens to valid files beside others.
        at_once: how many batches of files of an upload are examined or wait at the same time.
        patient_hash_key: key of the digests of Patient IDs.
        max_report_bytes: about how long the findings in a report may be together.
        threads: for what blocks.
        steps: measures the steps of a validation.
        note_findings: is called with code and severity of the findings about a study as a whole.
    """

    studies: StudyStore
    examine: Examine
    profile: Callable[[str | None], Profile]
    index: Index
    on_invalid: OnInvalidInstance = OnInvalidInstance.QUARANTINE
    at_once: int = 4
    patient_hash_key: str = ""
    max_report_bytes: int = MOST_BYTES
    threads: Threads = field(default_factory=Threads)
    steps: Steps = field(default_factory=Steps)
    note_findings: Callable[[Iterable[tuple[str, str]]], None] = lambda _: None


async def validate_upload(study_id: UUID, validation: Validation, note: Note) -> list[Validated]:
    """Validate an upload; it then waits in ``uploads/`` for the archive, or is in ``quarantine/``.

    May be called again at any time, also after an interruption: files that have been examined are
    not examined again, and a report that has been written is final.

    Args:
        study_id: the upload.
        validation: how.
        note: is called with the progress.

    Returns:
        The studies that the upload was divided into, and last the one that has its id; of an
        upload that is in the archive already, only those that still wait among the uploads.

    Raises:
        PermanentError: there is no such upload, or not the profile that it asks for.
    """
    studies = validation.studies
    run = validation.threads.run
    upload = await run(_open, validation, study_id)
    if upload is None:
        return await run(_waiting, studies, study_id)
    report = upload.written
    if isinstance(report, _Examination):
        report = await _validate(upload.folder, upload.intake, report, validation, note)
    parts = divide(upload.intake, report)
    if upload.folder.place is Place.UPLOADS:
        is_written = report is upload.written
        with validation.steps.step("store"):
            await run(_place, studies, report, parts, is_written)
    return results(upload.intake, report, parts)


class _Examination(NamedTuple):
    """An examination that is to be made, or to be continued."""

    profile: Profile
    journal: Journal


class _Upload(NamedTuple):
    """An upload that was found."""

    folder: StudyFolder
    intake: Intake
    written: StudyReport | _Examination
    """The report, if the files have been examined before; in quarantine there is always one."""


def _open(validation: Validation, study_id: UUID) -> _Upload | None:
    """Find an upload, and read all that is needed of it; None if it is in the archive already."""
    studies = validation.studies
    place = studies.place(study_id)
    if place is None:
        raise PermanentError("study.missing", "The study's files are gone.")
    if place is Place.ARCHIVE:
        return None
    folder = studies.at(place, study_id)
    intake = folder.intake()
    if folder.place is not Place.UPLOADS or folder.file(REPORT).exists():
        return _Upload(folder, intake, folder.report())
    profile = validation.profile(intake.profile)
    conditions = {"engine": _SOFTWARE, "profile": profile.digest, "standard": load().edition}
    journal = Journal(folder.file(JOURNAL), conditions)
    journal.read()
    return _Upload(folder, intake, _Examination(profile, journal))


def _waiting(studies: StudyStore, upload_id: UUID) -> list[Validated]:
    """The studies of an archived upload that still wait: their events may have been lost."""
    found = []
    for study_id in studies.archived(upload_id).report().divided_into:
        folder = studies.uploaded(study_id)
        with suppress(FileNotFoundError):  # it does not wait
            found.append(result(folder.intake(), folder.report()))
    return found


async def _validate(
    folder: StudyFolder,
    intake: Intake,
    examination: _Examination,
    validation: Validation,
    note: Note,
) -> StudyReport:
    """Examine the files and decide on them."""
    started = time.perf_counter()
    profile, journal = examination
    size = ReportSize(validation.max_report_bytes)
    with validation.steps.step("examine"):
        reports = await examine_files(
            folder,
            intake.files,
            validation.examine,
            profile,
            journal,
            at_once=validation.at_once,
            note=note,
            size=size,
        )
    with validation.steps.step("decide"):
        verdict = await decide(
            folder.study_id,
            intake,
            reports,
            profile,
            index=validation.index,
            digests=partial(
                archived_digests,
                studies=validation.studies,
                examine=validation.examine,
                profile=profile,
            ),
            on_invalid=validation.on_invalid,
            patient_hash_key=validation.patient_hash_key,
        )
    validation.note_findings((finding.code, finding.severity) for finding in verdict.findings)
    counts = verdict.counts
    valid = counts.accepted + (counts.duplicates or 0)
    return StudyReport(
        study_id=folder.study_id,
        profile=profile.name,
        profile_version=profile.version,
        profile_digest=profile.digest,
        validator_version=_SOFTWARE,
        standard_edition=load().edition,
        validated_at=datetime.now(UTC),
        duration_seconds=round(time.perf_counter() - started, 6),
        outcome=Outcome.ACCEPTED if valid else Outcome.REJECTED,
        files=counts.model_copy(update={"skipped": len(intake.skipped)}),
        findings=verdict.findings,
        not_listed=size.not_listed,
        instances=verdict.instances,
    )


def _place(
    studies: StudyStore, report: StudyReport, parts: Sequence[Part], is_written: bool
) -> None:
    """Write the report, and only then put the studies of the upload into their places.

    The further studies get folders, and an upload without a valid file goes to quarantine.

    Raises:
        FileExistsError: another validator has written the report meanwhile, and it is final.
        FileNotFoundError: and the upload has gone on already.
    """
    folder = studies.uploaded(report.study_id)
    if not is_written:
        if folder.file(REPORT).exists():
            raise FileExistsError(errno.EEXIST, "another validator has finished meanwhile")
        folder.file(REPORT).put(report.to_json())
    journal = folder.file(JOURNAL)
    if journal.exists():
        journal.remove()
    commit_parts(studies, report.study_id, parts)
    if report.outcome is Outcome.REJECTED:
        studies.move(report.study_id, Place.UPLOADS, Place.QUARANTINE)
