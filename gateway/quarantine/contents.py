"""What the quarantine holds of a study: its files, why they are here, what was done with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake, StoredFile
from contracts.model import Contract, Label
from contracts.report import (
    Finding,
    Identity,
    InstanceReport,
    Outcome,
    Severity,
    StudyReport,
)
from gateway.browsing.links import Links, find_links
from gateway.quarantine.marks import Resubmission, read_marks
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore


class QuarantinedFile(Contract):
    """A file in quarantine. What is not known of it is absent."""

    file: str
    """The name under which it lies here."""
    sent_as: str
    """The name the client gave it. May contain PHI."""
    size_bytes: int
    """Length in bytes."""
    sha256: str
    """Digest of its bytes."""
    outcome: Outcome
    """Rejected; a valid file is here only when the whole study was failed because of others."""
    sop_class_uid: str | None = None
    sop_instance_uid: str | None = None
    series_instance_uid: str | None = None
    study_instance_uid: str | None = None
    transfer_syntax_uid: str | None = None
    modality: str | None = None
    findings: tuple[Finding, ...]
    """What is wrong with it. May contain PHI."""
    resubmitted_as: tuple[UUID, ...]
    """The uploads that it was resubmitted in, oldest first."""
    href: str
    """Where its bytes are found."""


class QuarantinedStudy(Contract):
    """A study in quarantine."""

    study_id: UUID
    quarantined_at: AwareDatetime
    """When its files came here; their age counts from then."""
    uploaded_at: AwareDatetime
    label: Label | None = None
    """What the sender calls the upload."""
    profile: str
    """Name of the validation profile that was applied."""
    findings: tuple[Finding, ...]
    """What is wrong with the study as a whole, also with files that are not here."""
    files: tuple[QuarantinedFile, ...]
    """The files that lie here, in the order of their arrival."""
    resubmissions: tuple[Resubmission, ...]
    """What has been sent on its way again, oldest first."""
    resubmitted_from: UUID | None = None
    """The study in quarantine that the upload was a resubmission of, if it was."""
    links: Links


@dataclass(frozen=True)
class Contents:
    """A study in quarantine as it lies on the disk."""

    folder: StudyFolder
    quarantined_at: datetime
    intake: Intake
    report: StudyReport
    files: tuple[StoredFile, ...]
    """Those that lie here; of an upload of which a part was accepted it is only the rest."""

    def codes(self) -> Iterator[tuple[StoredFile, frozenset[str]]]:
        """Each file with the codes of the errors that brought it here."""
        instances = {instance.file: instance for instance in self.report.instances}
        across = [finding for finding in self.report.findings if _is_error(finding)]
        for file in self.files:
            own = instances[file.name].findings if file.name in instances else ()
            found = [finding.code for finding in own if _is_error(finding)]
            # What names no file is wrong with the study, and holds for each.
            found += [f.code for f in across if not f.files or file.name in f.files]
            yield file, frozenset(found)


def read_contents(studies: StudyStore, study_id: UUID) -> Contents:
    """What the quarantine holds of a study. Blocks.

    Raises:
        Problem: 404 when there is nothing.
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
    """The files with these names, all when there are none.

    Raises:
        Problem: 404 when one of them does not lie here.
    """
    if names is None:
        return contents.files
    if missing := names - {file.name for file in contents.files}:
        study_id = contents.report.study_id
        detail = f"Study {study_id} has no file {min(missing)} in quarantine."
        raise Problem(ProblemType.UNKNOWN_FILE, detail)
    return tuple(file for file in contents.files if file.name in names)


def not_in_quarantine(study_id: UUID) -> Problem:
    """404: nothing of the study lies here, or nothing any more."""
    detail = f"Nothing of study {study_id} lies in quarantine."
    return Problem(ProblemType.NOT_IN_QUARANTINE, detail)


def require_at_rest(studies: StudyStore, study_id: UUID) -> None:
    """Make sure that nobody is at work on a study any more. Blocks.

    A worker that has just brought its files here compares them before it lets the upload go.

    Raises:
        Problem: 409 when someone may be.
    """
    if studies.uploaded(study_id).exists():
        detail = f"Study {study_id} has just come to quarantine, or is about to; try again soon."
        raise Problem(ProblemType.STUDY_IN_PROGRESS, detail)


def describe(studies: StudyStore, study_id: UUID) -> QuarantinedStudy:
    """A study in quarantine, as clients see it. Blocks.

    Raises:
        Problem: 404 when there is nothing.
    """
    contents = read_contents(studies, study_id)
    marks = read_marks(contents.folder)
    report, intake = contents.report, contents.intake
    instances = {instance.file: instance for instance in report.instances}
    here = study_path(study_id)
    return QuarantinedStudy(
        study_id=study_id,
        quarantined_at=contents.quarantined_at,
        uploaded_at=intake.event.time,
        label=intake.label,
        profile=report.profile,
        findings=report.findings,
        files=tuple(
            _describe_file(file, instances.get(file.name), marks, f"{here}/files/{file.name}")
            for file in contents.files
        ),
        resubmissions=marks,
        resubmitted_from=intake.resubmitted_from,
        links=find_links(study_id, intake.upload_id, here, studies),
    )


def study_path(study_id: UUID) -> str:
    """Where a study in quarantine is found."""
    return f"/quarantine/{study_id}"


def _describe_file(
    file: StoredFile,
    instance: InstanceReport | None,
    marks: tuple[Resubmission, ...],
    href: str,
) -> QuarantinedFile:
    identity = instance.identity if instance else Identity()
    return QuarantinedFile(
        **{name: value for name, value in dict(identity).items() if value},
        file=file.name,
        sent_as=file.sent_as,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        # A file that the report does not know counts as rejected, as it does when it is filed.
        outcome=instance.outcome if instance else Outcome.REJECTED,
        findings=instance.findings if instance else (),
        resubmitted_as=tuple(mark.study_id for mark in marks if file.name in mark.files),
        href=href,
    )


def _is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR
