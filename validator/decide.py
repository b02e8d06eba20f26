"""Decides on the files of an upload: which are accepted, in which study, and which are rejected.

Each file has been examined by itself. Here it is compared with the other files, with what the
sender said about the upload, and with what came in other uploads.
"""

import asyncio
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.intake import Intake
from contracts.report import FileCounts, Finding, InstanceReport, Outcome, Severity
from engine.comparison.compare import by_study, compare_count, compare_studies, compare_study
from engine.profiles.profile import Profile
from engine.report import Report
from engine.rules import study as rules
from engine.tags import STUDY_INSTANCE_UID
from engine.violation import Violation
from validator.candidate import Candidate
from validator.reserve import Digests, Index, reject_conflicts, reserve
from validator.settings import OnInvalidInstance

MOST_STUDIES = 1000
"""Studies that one upload may be divided into."""
FEW_FILES = 8
"""So many files are compared in less time than a thread takes to begin."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of each file of an upload.

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


_Found = tuple[str | None, Finding]
"""What is wrong with several files, and the Study Instance UID of those it is about; None if it is
about the upload."""


async def decide(
    study_id: UUID,
    intake: Intake,
    reports: Sequence[Report],
    profile: Profile,
    *,
    index: Index,
    digests: Digests,
    on_invalid: OnInvalidInstance,
    patient_hash_key: str = "",
) -> Verdict:
    """Decide on the files of an upload.

    Deciding again gives the same verdict: the UIDs that the upload has reserved remain its own.

    Args:
        study_id: the upload.
        intake: what the sender said about it.
        reports: of the files, in the order of the intake.
        profile: the severity of each finding.
        index: the UIDs that uploads have reserved.
        digests: finds out what the index does not know.
        on_invalid: what happens to valid files beside others.
        patient_hash_key: key of the digests of Patient IDs.
    """
    files = [
        Candidate(stored, report, list(report.findings), report.outcome)
        for stored, report in zip(intake.files, reports, strict=True)
    ]
    _require_study(files, intake.study_instance_uid, profile)
    if len(files) > FEW_FILES:
        found = await asyncio.to_thread(_compared, files, intake, profile)
    else:
        found = _compared(files, intake, profile)
    _limit_studies(files, profile)
    _mark_repeated(files)
    fail_all = on_invalid is OnInvalidInstance.FAIL_STUDY
    ids: dict[str, UUID] = {}
    if fail_all:
        await reject_conflicts(files, profile, index, digests)
    if not (fail_all and _is_flawed(files, found)):
        ids = await reserve(files, study_id, profile, index, digests)
    _reject_copies(files)
    if fail_all and _is_flawed(files, found):
        _fail(files, profile)
        ids = {}
    findings = tuple(
        finding if study is None else _of_study(finding, ids.get(study)) for study, finding in found
    )
    return Verdict(findings, tuple(_reported(file, patient_hash_key) for file in files))


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


def _compared(files: Sequence[Candidate], intake: Intake, profile: Profile) -> list[_Found]:
    """Findings across files; files that contradict each other are rejected.

    Files that are rejected already are counted but not compared, so that they do not cause the
    rejection of valid ones.
    """
    readable = [(file, instance) for file in files if (instance := file.compared)]
    instances = [instance for _, instance in readable]
    valid = [instance for file, instance in readable if file.outcome is Outcome.ACCEPTED]
    found: list[_Found] = [
        *((None, finding) for finding in compare_studies(valid, profile)),
        *(
            (uid, finding)
            for uid, study in by_study(valid).items()
            for finding in compare_study(study, profile)
        ),
        *(
            (None, finding)
            for finding in compare_count(instances, profile, intake.expected_instances)
        ),
    ]
    refused = {
        name for _, finding in found if finding.severity is Severity.ERROR for name in finding.files
    }
    for file in files:
        if file.stored.name in refused:
            file.outcome = Outcome.REJECTED
    return found


def _require_study(files: Iterable[Candidate], uid: str | None, profile: Profile) -> None:
    """Every file must be of the study that the sender named, if any."""
    for file in files:
        if uid and file.report.summary and file.study != uid:
            violation = Violation(STUDY_INSTANCE_UID, expected=uid)
            file.add(profile, rules.UID_UNEXPECTED, violation)


def _limit_studies(files: Iterable[Candidate], profile: Profile) -> None:
    studies: set[str] = set()
    for file in files:
        if file.outcome is Outcome.REJECTED:
            continue
        if file.study not in studies and len(studies) == MOST_STUDIES:
            expected = f"at most {MOST_STUDIES} studies"
            file.outcome = Outcome.REJECTED  # whatever the profile says: there is a bound
            file.add(profile, rules.TOO_MANY, Violation(STUDY_INSTANCE_UID, expected))
        else:
            studies.add(file.study)


def _mark_repeated(files: Iterable[Candidate]) -> None:
    """Of files with the same instance the first is kept."""
    seen: dict[str, Candidate] = {}
    for file in files:
        if file.outcome is Outcome.ACCEPTED:
            first = seen.setdefault(file.dataset_sha256 or file.stored.sha256, file)
            if first is not file:
                file.first, file.outcome = first, Outcome.DUPLICATE


def _reject_copies(files: Iterable[Candidate]) -> None:
    """Copies of a rejected file are rejected too."""
    for file in files:
        if file.first and file.first.outcome is Outcome.REJECTED:
            file.outcome = Outcome.REJECTED
            # Not all of the first one's: of many copies the report would be many times as large.
            file.findings += file.first.findings[len(file.first.report.findings) :]


def _is_flawed(files: Iterable[Candidate], found: Iterable[_Found]) -> bool:
    """Whether there is an error anywhere in the upload."""
    return any(file.outcome is Outcome.REJECTED for file in files) or any(
        finding.severity is Severity.ERROR for _, finding in found
    )


def _of_study(finding: Finding, study_id: UUID | None) -> Finding:
    return finding.model_copy(update={"study_id": study_id}) if study_id else finding


def _fail(files: Iterable[Candidate], profile: Profile) -> None:
    for file in files:
        if file.outcome is not Outcome.REJECTED:
            file.add(profile, rules.FAILED_WITH_OTHERS, Violation())
            file.outcome = Outcome.REJECTED


def _reported(file: Candidate, patient_hash_key: str) -> InstanceReport:
    summary = file.report.summary
    patient = summary.patient_id_sha256 if summary else ""
    return InstanceReport(
        file=file.stored.name,
        size_bytes=file.stored.size_bytes,
        sha256=file.stored.sha256,
        dataset_sha256=file.dataset_sha256,
        outcome=file.outcome,
        study_id=None if file.outcome is Outcome.REJECTED else file.study_id,
        reserved_for=file.reserved_for,
        identity=file.report.identity,
        patient_id_hash=_keyed(patient, patient_hash_key) if patient else None,
        findings=tuple(file.findings),
        left_out=file.report.left_out or None,
    )


def _keyed(sha256: str, key: str) -> str:
    return hmac.digest(key.encode(), sha256.encode(), "sha256").hex() if key else sha256
