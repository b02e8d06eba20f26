"""Makes the report of an upload that clients get: the outcome of each file, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.intake import SkippedFile, StoredFile
from contracts.model import is_uid
from contracts.places import Place
from contracts.report import Identity, InstanceReport, Outcome, StudyReport
from gateway.browsing.models import FileOutcome, Report, ReportedFile
from gateway.http.paths import instance_path
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore


def find_report(study_id: UUID, studies: StudyStore) -> Report | None:
    """The report of a study; None if there is none, or none yet. Blocks."""
    evidence = studies.find(study_id, _read)
    if evidence is None:
        return None
    report = evidence.report
    details: dict[str, object] = {
        **dict(report),
        "upload_id": evidence.upload_id,
        "duplicate_of": report.duplicate_of or None,
        "uploaded_at": evidence.uploaded_at,
        "archived_at": evidence.archived_at,
        "counts": report.files,
        "files": tuple(_files(evidence, studies)),
    }
    return Report.model_validate(details)


@dataclass(frozen=True)
class _Evidence:
    """What the store says about an upload."""

    uploaded_at: datetime
    files: Sequence[StoredFile]
    report: StudyReport
    skipped: Sequence[SkippedFile]
    upload_id: UUID | None = None
    archived_at: datetime | None = None
    archived_as: Mapping[str, str | None] = field(default_factory=dict)


def _read(folder: StudyFolder) -> _Evidence:
    return _read_archived(folder) if folder.place is Place.ARCHIVE else _read_beside_files(folder)


def _read_archived(folder: StudyFolder) -> _Evidence:
    study = folder.metadata()
    provenance = study.provenance
    return _Evidence(
        uploaded_at=provenance.uploaded_at,
        files=provenance.files,
        report=study.validation,
        skipped=provenance.skipped,
        upload_id=provenance.upload_id,
        archived_at=provenance.archived_at,
        archived_as={file.name: file.archived_as for file in provenance.files},
    )


def _read_beside_files(folder: StudyFolder) -> _Evidence:
    """Read a study in the uploads or in quarantine."""
    report, intake = folder.report(), folder.intake()
    return _Evidence(
        uploaded_at=intake.event.time,
        files=intake.files,
        report=report,
        skipped=intake.skipped,
        upload_id=intake.upload_id,
    )


def _files(evidence: _Evidence, studies: StudyStore) -> Iterator[ReportedFile]:
    places = _Places(evidence.report, studies)
    reports = {report.file: report for report in evidence.report.instances}
    for file in evidence.files:
        report = report_of(file, reports)
        study_id = places.study_of(report)
        yield ReportedFile(
            **report.identity.known(),
            file=file.name,
            sent_as=file.sent_as,
            outcome=FileOutcome(report.outcome),
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            study_id=study_id,
            duplicate_of=report.reserved_for if report.outcome is Outcome.DUPLICATE else None,
            archived_as=evidence.archived_as.get(file.name),
            quarantined_as=file.name if places.is_quarantined(report) else None,
            href=places.href(report, study_id),
            findings=report.findings,
            left_out=report.left_out,
        )
    for skipped in evidence.skipped:
        yield ReportedFile(
            sent_as=skipped.sent_as, outcome=FileOutcome.SKIPPED, reason=skipped.reason
        )


class _Places:
    """Where the files of an upload are now. Blocks when it is made.

    Args:
        report: the report of the upload.
        studies: where studies are stored.
    """

    def __init__(self, report: StudyReport, studies: StudyStore) -> None:
        self._study_id = report.study_id
        self._quarantined = studies.quarantined(report.study_id).names()
        divided = {instance.study_id for instance in report.instances if instance.study_id}
        self._archived = {
            study for study in {report.study_id, *divided} if studies.archived(study).exists()
        }
        self._first = {
            instance.content: instance.study_id
            for instance in report.instances
            if instance.outcome is Outcome.ACCEPTED
        }

    def study_of(self, report: InstanceReport) -> UUID:
        """The study with the instance of a file; a duplicate's is that of the first one."""
        if report.study_id:
            return report.study_id
        is_valid = report.outcome is not Outcome.REJECTED
        return (self._first.get(report.content) if is_valid else None) or self._study_id

    def is_quarantined(self, report: InstanceReport) -> bool:
        """Whether a file is in quarantine, and was not removed from it."""
        return report.outcome is Outcome.REJECTED and report.file in self._quarantined

    def href(self, report: InstanceReport, study_id: UUID) -> str | None:
        """Where the bytes of a file can be downloaded; None unless they are archived."""
        uid = report.identity.sop_instance_uid
        is_valid = report.outcome is not Outcome.REJECTED
        if is_valid and study_id in self._archived and is_uid(uid):
            return instance_path(study_id, uid)
        return None


def report_of(file: StoredFile, reports: Mapping[str, InstanceReport]) -> InstanceReport:
    """The report of a file; one that was not examined counts as rejected.

    Args:
        file: the file.
        reports: those of all files, by their stored names.
    """
    return reports.get(file.name) or InstanceReport(
        file=file.name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        outcome=Outcome.REJECTED,
        identity=Identity(),
        findings=(),
    )
