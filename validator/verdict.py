"""Decides on the files of an upload: which go on, to which study, and which do not.

What each file is has been found; here it is held against the others, against what the sender said,
and against what has come in other uploads.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from chassis.instance_index import Kept
from contracts.intake import Intake, StoredFile
from contracts.report import FileCounts, Finding, InstanceReport, Outcome, Severity
from validator.comparison.compare import Compared, compare
from validator.comparison.summary import SOP_INSTANCE_UID, STUDY_INSTANCE_UID
from validator.findings import Findings
from validator.profiles.profile import Profile
from validator.report import Report
from validator.rule import Rule, Violation
from validator.rules import study as rules

MOST_STUDIES = 1000
"""Studies that one upload may be divided into."""

Claim = Callable[[UUID, Mapping[str, str]], Awaitable[Mapping[str, Kept]]]
"""Enters instances of a study into the index: SHA-256 by SOP Instance UID; tells what these UIDs
stand for now."""


class OnInvalidInstance(StrEnum):
    """What becomes of the sound files of an upload that has others."""

    QUARANTINE = "quarantine"
    """They go on; the others go to quarantine."""
    FAIL_STUDY = "fail-study"
    """All go to quarantine."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of the files of an upload.

    Attributes:
        findings: what is wrong with the files as a whole.
        instances: each file, in the order of arrival.
    """

    findings: tuple[Finding, ...]
    instances: tuple[InstanceReport, ...]

    @property
    def counts(self) -> FileCounts:
        """The files in numbers."""
        return count(self.instances)


@dataclass(slots=True)
class _File:
    """A file on which is being decided."""

    stored: StoredFile
    report: Report
    findings: list[Finding]
    outcome: Outcome
    study_id: UUID | None = None

    @property
    def study(self) -> str:
        """Its Study Instance UID; empty if nobody knows."""
        return self.report.summary.study_instance_uid if self.report.summary else ""

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        return self.report.summary.sop_instance_uid if self.report.summary else ""

    def add(self, profile: Profile, rule: Rule, violation: Violation) -> None:
        """Add a finding; an error rejects the file."""
        findings = Findings(profile)
        findings.add(rule, violation)
        identity = self.report.identity
        found = findings.in_order(identity.sop_class_uid, identity.modality)
        self.findings += found
        if any(finding.severity is Severity.ERROR for finding in found):
            self.outcome = Outcome.REJECTED


async def decide(
    study_id: UUID,
    intake: Intake,
    reports: Sequence[Report],
    profile: Profile,
    *,
    claim: Claim,
    on_invalid: OnInvalidInstance,
) -> Verdict:
    """Decide on the files of an upload.

    Deciding again gives the same verdict: what the upload has claimed remains its own.

    Args:
        study_id: the upload.
        intake: what the sender said of it.
        reports: of the files, in the order of the intake.
        profile: how much each finding weighs.
        claim: the index of what other uploads have brought.
        on_invalid: what becomes of sound files beside others.
    """
    files = [
        _File(stored, report, list(report.findings), report.outcome)
        for stored, report in zip(intake.files, reports, strict=True)
    ]
    _require_study(files, intake.study_instance_uid, profile)
    findings = _compared(files, intake, profile)
    _divide(files, study_id, profile)
    _mark_repeated(files)
    fail_all = on_invalid is OnInvalidInstance.FAIL_STUDY
    if not (fail_all and _is_flawed(files, findings)):
        await _claim(files, study_id, profile, claim)
    if fail_all and _is_flawed(files, findings):
        _fail(files, profile)
    return Verdict(findings, tuple(_reported(file) for file in files))


def count(instances: Iterable[InstanceReport]) -> FileCounts:
    """Examined files in numbers."""
    outcomes = [instance.outcome for instance in instances]
    return FileCounts(
        received=len(outcomes),
        examined=len(outcomes),
        accepted=outcomes.count(Outcome.ACCEPTED),
        rejected=outcomes.count(Outcome.REJECTED),
        duplicates=outcomes.count(Outcome.DUPLICATE),
    )


def _compared(files: Sequence[_File], intake: Intake, profile: Profile) -> tuple[Finding, ...]:
    """What only several files show; those that are at odds with each other are rejected.

    What is rejected already is not compared: it must not take sound files along.
    """
    findings = compare(
        [
            Compared(file.stored.name, file.stored.sha256, file.report.summary)
            for file in files
            if file.report.summary and file.outcome is Outcome.ACCEPTED
        ],
        profile,
        expected_instances=intake.expected_instances,
    )
    refused = {
        name for finding in findings if finding.severity is Severity.ERROR for name in finding.files
    }
    for file in files:
        if file.stored.name in refused:
            file.outcome = Outcome.REJECTED
    return findings


def _require_study(files: Iterable[_File], uid: str | None, profile: Profile) -> None:
    """Every file must be of the study that the sender named, if any."""
    for file in files:
        if uid and file.report.summary and file.study != uid:
            violation = Violation(STUDY_INSTANCE_UID, expected=uid)
            file.add(profile, rules.UID_UNEXPECTED, violation)


def _divide(files: Iterable[_File], study_id: UUID, profile: Profile) -> None:
    """The first study with a sound file keeps the id of the upload, the others get their own."""
    ids: dict[str, UUID | None] = {}
    for file in files:
        if file.outcome is Outcome.REJECTED:
            continue
        if file.study not in ids:
            if len(ids) == MOST_STUDIES:
                expected = f"at most {MOST_STUDIES} studies"
                file.outcome = Outcome.REJECTED  # whatever the profile says: there is a bound
                file.add(profile, rules.TOO_MANY, Violation(STUDY_INSTANCE_UID, expected))
                continue
            ids[file.study] = uuid5(study_id, file.study) if ids else None
        file.study_id = ids[file.study]


def _mark_repeated(files: Iterable[_File]) -> None:
    """Of equal files the first is kept."""
    seen: set[str] = set()
    for file in files:
        if file.outcome is Outcome.ACCEPTED:
            if file.stored.sha256 in seen:
                file.outcome, file.study_id = Outcome.DUPLICATE, None
            seen.add(file.stored.sha256)


def _is_flawed(files: Iterable[_File], findings: Iterable[Finding]) -> bool:
    """Whether there is an error anywhere in the upload."""
    return any(file.outcome is Outcome.REJECTED for file in files) or any(
        finding.severity is Severity.ERROR for finding in findings
    )


async def _claim(files: Sequence[_File], upload_id: UUID, profile: Profile, claim: Claim) -> None:
    """Enter what goes on into the index, and see what has come in other uploads."""
    going_on = [file for file in files if file.outcome is Outcome.ACCEPTED and file.uid]
    for study_id in {file.study_id: None for file in going_on}:
        own = [file for file in going_on if file.study_id == study_id]
        target = study_id or upload_id
        kept = await claim(target, {file.uid: file.stored.sha256 for file in own})
        for file in own:
            _hold_against(file, kept[file.uid], target, profile)
    _refuse_repeated(files, going_on, profile)


def _hold_against(file: _File, kept: Kept, study_id: UUID, profile: Profile) -> None:
    if kept.sha256 != file.stored.sha256:
        violation = Violation(SOP_INSTANCE_UID, "one file", f"another file in {kept.study_id}")
        file.add(profile, rules.CONFLICT, violation)
    elif kept.study_id != study_id:
        violation = Violation(SOP_INSTANCE_UID, found=f"the same file in {kept.study_id}")
        file.add(profile, rules.ARCHIVED, violation)
        file.outcome = Outcome.DUPLICATE


def _refuse_repeated(files: Iterable[_File], claimed: Iterable[_File], profile: Profile) -> None:
    """A repeated file whose first one is refused now has not been kept either."""
    refused = {file.stored.sha256 for file in claimed if file.outcome is Outcome.REJECTED}
    for file in files:
        if file.outcome is Outcome.DUPLICATE and file.stored.sha256 in refused:
            violation = Violation(SOP_INSTANCE_UID, "one file", "another file in another upload")
            file.add(profile, rules.CONFLICT, violation)


def _fail(files: Iterable[_File], profile: Profile) -> None:
    for file in files:
        if file.outcome is not Outcome.REJECTED:
            file.add(profile, rules.FAILED_WITH_OTHERS, Violation())
            file.outcome = Outcome.REJECTED


def _reported(file: _File) -> InstanceReport:
    return InstanceReport(
        file=file.stored.name,
        size_bytes=file.stored.size_bytes,
        sha256=file.stored.sha256,
        outcome=file.outcome,
        study_id=None if file.outcome is Outcome.REJECTED else file.study_id,
        identity=file.report.identity,
        findings=tuple(file.findings),
    )
