"""Reads a study in quarantine: its files, their findings and resubmissions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake, StoredFile
from contracts.report import Finding, InstanceReport, Severity, StudyReport
from gateway.browsing.links import find_links
from gateway.browsing.report import report_of
from gateway.http.paths import quarantine_path
from gateway.quarantine.audit_trail import Resubmission, read_resubmissions
from gateway.quarantine.models import QuarantinedFile, QuarantinedStudy
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore


@dataclass(frozen=True)
class Contents:
    """A study in quarantine as it is stored."""

    folder: StudyFolder
    quarantined_at: datetime
    intake: Intake
    report: StudyReport
    files: tuple[StoredFile, ...]
    """The files in quarantine, without those that were accepted or removed."""

    def codes(self) -> Iterator[tuple[StoredFile, frozenset[str]]]:
        """Each file with the codes of the errors because of which it was rejected."""
        instances = {instance.file: instance for instance in self.report.instances}
        across = [finding for finding in self.report.findings if _is_error(finding)]
        for file in self.files:
            own = instances[file.name].findings if file.name in instances else ()
            found = [finding.code for finding in own if _is_error(finding)]
            # A finding that names no file concerns all files.
            found += [f.code for f in across if not f.files or file.name in f.files]
            yield file, frozenset(found)


def read_contents(studies: StudyStore, study_id: UUID) -> Contents:
    """Read a study in quarantine. Blocks.

    Raises:
        Problem: 404 if none of its files is in quarantine.
    """
    folder = studies.quarantined(study_id)
    try:
        quarantined_at = folder.since()
        intake = folder.intake()
        report = folder.report()
        present = folder.names()
    except FileNotFoundError:
        raise not_in_quarantine(study_id) from None
    return Contents(
        folder=folder,
        quarantined_at=quarantined_at,
        intake=intake,
        report=report,
        files=tuple(file for file in intake.files if file.name in present),
    )


def chosen(contents: Contents, names: frozenset[str] | None) -> tuple[StoredFile, ...]:
    """The files with these names; all files for None.

    Raises:
        Problem: 404 if one of them is not in quarantine.
    """
    if names is None:
        return contents.files
    if missing := names - {file.name for file in contents.files}:
        study_id = contents.report.study_id
        detail = f"Study {study_id} has no file {min(missing)} in quarantine."
        raise Problem(ProblemType.UNKNOWN_FILE, detail)
    return tuple(file for file in contents.files if file.name in names)


def not_in_quarantine(study_id: UUID) -> Problem:
    """The problem that no file of a study is in quarantine, or no longer."""
    detail = f"No file of study {study_id} is in quarantine."
    return Problem(ProblemType.NOT_IN_QUARANTINE, detail)


def require_at_rest(studies: StudyStore, study_id: UUID) -> None:
    """Make sure that no worker is still processing a study. Blocks.

    A worker that has moved files to quarantine verifies them before it removes the upload.

    Raises:
        Problem: 409 if one may be.
    """
    if studies.uploaded(study_id).exists():
        detail = f"Study {study_id} is being moved to quarantine; try again soon."
        raise Problem(ProblemType.STUDY_IN_PROGRESS, detail)


def describe(studies: StudyStore, study_id: UUID) -> QuarantinedStudy:
    """A study in quarantine, as clients see it. Blocks.

    Raises:
        Problem: 404 if none of its files is in quarantine.
    """
    contents = read_contents(studies, study_id)
    resubmissions = read_resubmissions(contents.folder)
    report, intake = contents.report, contents.intake
    reports = {instance.file: instance for instance in report.instances}
    here = quarantine_path(study_id)
    return QuarantinedStudy(
        study_id=study_id,
        quarantined_at=contents.quarantined_at,
        uploaded_at=intake.event.time,
        label=intake.label,
        profile=report.profile,
        findings=report.findings,
        files=tuple(
            _describe_file(
                file, report_of(file, reports), resubmissions, f"{here}/files/{file.name}"
            )
            for file in contents.files
        ),
        resubmissions=resubmissions,
        resubmitted_from=intake.resubmitted_from,
        links=find_links(study_id, intake.upload_id, here, studies),
    )


def _describe_file(
    file: StoredFile,
    report: InstanceReport,
    resubmissions: tuple[Resubmission, ...],
    href: str,
) -> QuarantinedFile:
    return QuarantinedFile(
        **report.identity.known(),
        file=file.name,
        sent_as=file.sent_as,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        outcome=report.outcome,
        findings=report.findings,
        left_out=report.left_out,
        resubmitted_as=tuple(one.study_id for one in resubmissions if file.name in one.files),
        href=href,
    )


def _is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR
