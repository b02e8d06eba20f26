"""What became of each file of an upload, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.intake import SkippedFile, SkipReason, StoredFile
from contracts.model import Contract, is_uid
from contracts.places import Place
from contracts.report import (
    FileCounts,
    Finding,
    Identity,
    InstanceReport,
    Outcome,
    StudyReport,
)
from gateway.browsing.links import instance_path
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore


class FileOutcome(StrEnum):
    """What became of a file."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    """Valid, but the same bytes came before, in this upload or in another: they are kept once."""
    SKIPPED = "skipped"
    """None of the study's, such as a DICOMDIR; it was not kept."""


class ReportedFile(Contract):
    """A file that was sent. What is not known of it is absent."""

    file: str | None = None
    """The name under which it was stored; findings across files write it."""
    sent_as: str
    """The name the client gave it. May contain PHI."""
    outcome: FileOutcome
    reason: SkipReason | None = None
    """Why it was skipped."""
    sha256: str | None = None
    """Digest of its bytes as they arrived."""
    size_bytes: int | None = None
    """Length in bytes."""
    sop_class_uid: str | None = None
    sop_instance_uid: str | None = None
    series_instance_uid: str | None = None
    study_instance_uid: str | None = None
    transfer_syntax_uid: str | None = None
    modality: str | None = None
    study_id: UUID | None = None
    """The study that its bytes belong to: an upload with several Study Instance UIDs is divided."""
    archived_as: str | None = None
    """Its place in the archive, below the study's directory."""
    quarantined_as: str | None = None
    """Its name in quarantine, as long as it is there."""
    href: str | None = None
    """Where its bytes are found, once archived."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with it."""


class Report(Contract):
    """What became of each file of an upload, and why."""

    study_id: UUID
    upload_id: UUID | None = None
    """The upload that the study was divided from, if it was."""
    outcome: Outcome
    """Rejected when no instance is valid."""
    uploaded_at: AwareDatetime
    validated_at: AwareDatetime
    """When the examination ended."""
    archived_at: AwareDatetime | None = None
    duration_seconds: float
    """How long the examination took."""
    profile: str
    """Name of the validation profile that was applied."""
    profile_version: str
    """Version of that profile, as its author counts."""
    profile_digest: str
    """Digest of what that profile says."""
    validator_version: str
    """Version of this software."""
    standard_edition: str
    """Edition of the DICOM standard that the tables were made from."""
    counts: FileCounts
    findings: tuple[Finding, ...]
    """What is wrong with the files as a whole."""
    files: tuple[ReportedFile, ...]
    """Every file, in the order of arrival; last what was skipped."""


def find_report(study_id: UUID, studies: StudyStore) -> Report | None:
    """The report of a study; None when there is none, or none yet. Blocks."""
    evidence = studies.find(study_id, _read)
    if evidence is None:
        return None
    report = evidence.report
    details: dict[str, object] = {
        **dict(report),
        "upload_id": evidence.upload_id,
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
    study_id = evidence.report.study_id
    instances = {instance.file: instance for instance in evidence.report.instances}
    quarantined = studies.quarantined(study_id).names()
    # A duplicate's bytes are where those are that came first.
    homes = {
        instance.sha256: instance.study_id
        for instance in evidence.report.instances
        if instance.outcome is Outcome.ACCEPTED
    }
    divided = {instance.study_id for instance in evidence.report.instances if instance.study_id}
    archived = {home for home in {study_id, *divided} if studies.archived(home).exists()}
    for file in evidence.files:
        instance = instances.get(file.name) or _not_examined(file)
        rejected = instance.outcome is Outcome.REJECTED
        home = instance.study_id or (not rejected and homes.get(file.sha256)) or study_id
        uid = instance.identity.sop_instance_uid
        found = not rejected and home in archived and is_uid(uid)
        identity = {name: value for name, value in dict(instance.identity).items() if value}
        yield ReportedFile(
            **identity,
            file=file.name,
            sent_as=file.sent_as,
            outcome=FileOutcome(instance.outcome),
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            study_id=home,
            archived_as=evidence.archived_as.get(file.name),
            quarantined_as=file.name if rejected and file.name in quarantined else None,
            href=instance_path(home, uid) if found else None,
            findings=instance.findings,
        )
    for passed in evidence.skipped:
        yield ReportedFile(
            sent_as=passed.sent_as, outcome=FileOutcome.SKIPPED, reason=passed.reason
        )


def _not_examined(file: StoredFile) -> InstanceReport:
    """A file that the report does not know counts as rejected, as it does when it is filed."""
    return InstanceReport(
        file=file.name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        outcome=Outcome.REJECTED,
        identity=Identity(),
        findings=(),
    )
