"""Validates an upload: every file examined, the report written, the place of each study decided."""

import asyncio
import hmac
import re
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from uuid import UUID

from chassis.messaging.errors import PermanentError
from contracts.events import ValidationData
from contracts.intake import Intake
from contracts.model import Modality
from contracts.report import Outcome, StudyReport
from contracts.volumes import (
    INTAKE,
    JOURNAL,
    REPORT,
    Volumes,
    quarantine_path,
    uploads_path,
)
from engine.profiles.profile import Profile
from engine.report import Report
from engine.standard.facts import load
from storage.files import move_directory, write_durably
from validator.claiming import Index
from validator.division import divided, lay_down
from validator.examining import Examine, Note, examine_files
from validator.journal import Journal
from validator.verdict import OnInvalidInstance, decide

MOST_MODALITIES = 50
_MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")


@dataclass(frozen=True, kw_only=True)
class Validation:
    """How uploads are validated.

    Attributes:
        volumes: where they lie.
        examine: examines one file.
        profile: gives the profile of a name; the usual one for none.
        index: of what other uploads have brought.
        on_invalid: what becomes of valid files beside others.
        at_once: how many files of an upload wait for an examination at the same time.
        patient_hash_key: of the digest of Patient IDs.
    """

    volumes: Volumes
    examine: Examine
    profile: Callable[[str | None], Profile]
    index: Index
    on_invalid: OnInvalidInstance = OnInvalidInstance.QUARANTINE
    at_once: int = 8
    patient_hash_key: str = ""


@dataclass(frozen=True)
class Validated:
    """A study that has been validated: the upload itself, or one that it was divided into."""

    study_id: UUID
    outcome: Outcome
    data: ValidationData
    patient_id_hash: str | None
    """Keyed digest of its Patient ID; unknown after an interruption."""


async def validate_upload(study_id: UUID, validation: Validation, note: Note) -> list[Validated]:
    """Validate an upload and leave it where it belongs: in ``uploads/``, or in ``quarantine/``.

    May be called again at any time, also after it was interrupted: what has been examined is not
    examined again, and a report that has been written is final.

    Args:
        study_id: the upload.
        validation: how.
        note: is told how far it is.

    Returns:
        The studies that the upload was divided into, and last the one that has its id; nothing
        if the upload has gone on to the archive already.

    Raises:
        PermanentError: there is no such upload, or not the profile that it asks for.
    """
    volumes = validation.volumes
    directory = volumes.uploaded(study_id)
    hashes: dict[str, str] = {}
    if await asyncio.to_thread(directory.is_dir):
        intake = Intake.model_validate_json(
            await asyncio.to_thread((directory / INTAKE).read_bytes)
        )
        report = await asyncio.to_thread(_read_report, volumes, study_id)
        if report is None:
            report, hashes = await _validate(study_id, intake, validation, note)
        await asyncio.to_thread(_place, volumes, intake, report)
    elif await asyncio.to_thread(volumes.archived(study_id).is_dir):
        return []
    else:
        report = await asyncio.to_thread(_read_report, volumes, study_id)
        if report is None:
            message = "The study's files are gone; its upload was withdrawn before it was accepted."
            raise PermanentError("study.missing", message)
        quarantined = volumes.quarantined(study_id) / INTAKE
        intake = Intake.model_validate_json(await asyncio.to_thread(quarantined.read_bytes))
    return _results(intake, report, hashes)


async def _validate(
    study_id: UUID, intake: Intake, validation: Validation, note: Note
) -> tuple[StudyReport, dict[str, str]]:
    """Examine and decide; the report is written before anything is moved.

    Returns:
        The report, and a digest of the Patient ID of each file that has one.
    """
    started = time.perf_counter()
    directory = validation.volumes.uploaded(study_id)
    profile = await asyncio.to_thread(validation.profile, intake.profile)
    conditions = {
        "engine": version("hybrid-dicom-validator"),
        "profile": profile.digest,
        "standard": load().edition,
    }
    journal = Journal(directory / JOURNAL, conditions)
    reports = await examine_files(
        directory,
        intake.files,
        validation.examine,
        profile,
        journal,
        at_once=validation.at_once,
        note=note,
    )
    verdict = await decide(
        study_id,
        intake,
        reports,
        profile,
        index=validation.index,
        on_invalid=validation.on_invalid,
    )
    counts = verdict.counts
    report = StudyReport(
        study_id=study_id,
        profile=profile.name,
        profile_version=profile.version,
        profile_digest=profile.digest,
        validator_version=conditions["engine"],
        standard_edition=conditions["standard"],
        validated_at=datetime.now(UTC),
        duration_seconds=round(time.perf_counter() - started, 6),
        outcome=_outcome(counts.accepted + (counts.duplicates or 0)),
        files=counts.model_copy(update={"skipped": len(intake.skipped)}),
        findings=verdict.findings,
        instances=verdict.instances,
    )
    await asyncio.to_thread(lambda: write_durably(directory / REPORT, report.to_json()))
    return report, _patients(intake, reports, validation.patient_hash_key)


def _outcome(going_on: int) -> Outcome:
    return Outcome.ACCEPTED if going_on else Outcome.REJECTED


def _patients(intake: Intake, reports: Sequence[Report], key: str) -> dict[str, str]:
    """The keyed digest of the Patient ID of each file that has one."""
    return {
        file.name: _keyed(report.summary.patient_id_sha256, key)
        for file, report in zip(intake.files, reports, strict=True)
        if report.summary and report.summary.patient_id_sha256
    }


def _keyed(sha256: str, key: str) -> str:
    return hmac.digest(key.encode(), sha256.encode(), "sha256").hex() if key else sha256


def _results(intake: Intake, report: StudyReport, hashes: dict[str, str]) -> list[Validated]:
    parts = divided(report)
    return [
        *(_result(intake, part, hashes, upload=report) for part in parts),
        _result(intake, report, hashes, studies=tuple(part.study_id for part in parts)),
    ]


def _result(
    intake: Intake,
    report: StudyReport,
    hashes: dict[str, str],
    *,
    upload: StudyReport | None = None,
    studies: tuple[UUID, ...] = (),
) -> Validated:
    valid = report.outcome is Outcome.ACCEPTED
    elsewhere = {instance.sha256 for instance in report.instances if instance.study_id}
    own = [
        instance
        for instance in report.instances
        if instance.outcome is not Outcome.REJECTED and instance.sha256 not in elsewhere
    ]
    path = uploads_path if valid else quarantine_path
    return Validated(
        report.study_id,
        report.outcome,
        ValidationData(
            directory=path(report.study_id),
            files=report.files,
            findings=report.summaries(),
            modalities=_modalities(instance.identity.modality for instance in own) or None,
            label=intake.label,
            upload_id=upload.study_id if upload else intake.upload_id,
            studies=studies or None,
        ),
        next((hashes[instance.file] for instance in own if instance.file in hashes), None),
    )


def _modalities(found: Iterable[str]) -> tuple[Modality, ...]:
    """Different modalities; what is none is left out, for it might be anything."""
    return tuple(sorted(filter(_MODALITY.fullmatch, set(found)))[:MOST_MODALITIES])


def _read_report(volumes: Volumes, study_id: UUID) -> StudyReport | None:
    for directory in (volumes.uploaded(study_id), volumes.quarantined(study_id)):
        with suppress(FileNotFoundError):
            return StudyReport.model_validate_json((directory / REPORT).read_bytes())
    return None


def _place(volumes: Volumes, intake: Intake, report: StudyReport) -> None:
    """Lay the divided studies down, and move an upload without a valid file to quarantine."""
    directory = volumes.uploaded(report.study_id)
    (directory / JOURNAL).unlink(missing_ok=True)
    lay_down(volumes, intake, report)
    if report.outcome is Outcome.REJECTED:
        volumes.quarantine.mkdir(parents=True, exist_ok=True)
        move_directory(directory, volumes.quarantined(report.study_id))
