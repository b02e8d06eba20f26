"""Validates a study: every file examined, the report written, the place decided."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from chassis.errors import PermanentError
from chassis.files import move_directory, write_durably
from contracts.events import ValidationData
from contracts.intake import Intake, StoredFile
from contracts.report import (
    FileCounts,
    Finding,
    InstanceReport,
    Outcome,
    Severity,
    StudyReport,
)
from contracts.volumes import INTAKE, REPORT, Volumes, quarantine_path, uploads_path
from validator.comparison.compare import Compared, compare
from validator.profiles.profile import Profile
from validator.report import Report
from validator.standard.facts import load

Examine = Callable[[Path], Awaitable[Report]]
"""Examines the file at a path."""

MOST_EXAMINED_AT_ONCE = 8
"""Files of one study that wait for an examination at the same time."""


async def validate_study(
    study_id: UUID, volumes: Volumes, examine: Examine, profile: Profile
) -> StudyReport | None:
    """Validate a study and leave it where it belongs: in ``uploads/``, or in ``quarantine/``.

    May be called again at any time, also after it was interrupted: a report that has been written
    is not made anew.

    Args:
        study_id: the study.
        volumes: where it lies.
        examine: examines one file.
        profile: the one that `examine` applies.

    Returns:
        The report; nothing if the study has gone on to the archive already.

    Raises:
        PermanentError: there is no such study.
    """
    directory = volumes.uploaded(study_id)
    if await asyncio.to_thread(directory.is_dir):
        report = await asyncio.to_thread(_read_report, directory)
        if report is None:
            report = await _examine_study(study_id, directory, examine, profile)
            await asyncio.to_thread(write_durably, directory / REPORT, report.to_json())
    elif await asyncio.to_thread(volumes.archived(study_id).is_dir):
        return None
    else:
        report = await asyncio.to_thread(_read_report, volumes.quarantined(study_id))
        if report is None:
            message = "The study's files are gone; its upload was withdrawn before it was accepted."
            raise PermanentError("study.missing", message)
    if report.outcome is Outcome.REJECTED:
        await asyncio.to_thread(_quarantine, volumes, study_id)
    return report


def event_data(report: StudyReport) -> ValidationData:
    """What the event says of a report."""
    sound = report.outcome is Outcome.ACCEPTED
    return ValidationData(
        directory=uploads_path(report.study_id) if sound else quarantine_path(report.study_id),
        files=report.files,
        findings=report.summaries(),
    )


async def _examine_study(
    study_id: UUID, directory: Path, examine: Examine, profile: Profile
) -> StudyReport:
    started = time.perf_counter()
    intake = Intake.model_validate_json(await asyncio.to_thread((directory / INTAKE).read_bytes))
    places = asyncio.Semaphore(MOST_EXAMINED_AT_ONCE)

    async def examine_one(file: StoredFile) -> Report:
        async with places:
            return await examine(directory / file.name)

    reports = await asyncio.gather(*(examine_one(file) for file in intake.files))
    examined = tuple(zip(intake.files, reports, strict=True))
    findings = compare(
        [
            Compared(file.name, file.sha256, report.summary)
            for file, report in examined
            if report.summary
        ],
        profile,
        expected_instances=intake.expected_instances,
    )
    refused = _refused(findings)
    instances = tuple(
        InstanceReport(
            file=file.name,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            outcome=Outcome.REJECTED if file.name in refused else report.outcome,
            identity=report.identity,
            findings=report.findings,
        )
        for file, report in examined
    )
    accepted = sum(instance.outcome is Outcome.ACCEPTED for instance in instances)
    return StudyReport(
        study_id=study_id,
        profile=profile.name,
        profile_version=profile.version,
        profile_digest=profile.digest,
        validator_version=version("hybrid-dicom-validator"),
        standard_edition=load().edition,
        validated_at=datetime.now(UTC),
        duration_seconds=round(time.perf_counter() - started, 6),
        outcome=Outcome.ACCEPTED if accepted else Outcome.REJECTED,
        files=FileCounts(accepted=accepted, rejected=len(instances) - accepted),
        findings=findings,
        instances=instances,
    )


def _refused(findings: tuple[Finding, ...]) -> frozenset[str]:
    """The files that are at odds with each other: none of them is filed."""
    return frozenset(
        file for finding in findings if finding.severity is Severity.ERROR for file in finding.files
    )


def _read_report(directory: Path) -> StudyReport | None:
    try:
        return StudyReport.model_validate_json((directory / REPORT).read_bytes())
    except FileNotFoundError:
        return None


def _quarantine(volumes: Volumes, study_id: UUID) -> None:
    volumes.quarantine.mkdir(parents=True, exist_ok=True)
    move_directory(volumes.uploaded(study_id), volumes.quarantined(study_id))
