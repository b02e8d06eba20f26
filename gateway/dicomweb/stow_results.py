"""The result of each file of a STOW-RS request, from the validator's report."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from contracts.intake import Intake
from contracts.report import Finding, Identity, InstanceReport, Outcome, Severity, StudyReport
from gateway.dicomweb.failure_reasons import (
    FailureReason,
    WarningReason,
    failure_reason,
    warning_reason,
)
from storage.study_store import StudyStore


@dataclass(frozen=True)
class Result:
    """The result of a file: stored, unless there is a failure."""

    identity: Identity
    """As in the file; its values may not be UIDs."""
    failure: FailureReason | None = None
    warning: WarningReason | None = None


def results(intake: Intake, archived: Collection[UUID], studies: StudyStore) -> list[Result]:
    """The results of an upload that was processed, in the order of its files. Blocks.

    Args:
        intake: the intake of the upload.
        archived: the studies of the upload that are archived.
        studies: where studies are stored.
    """
    report = studies.report(intake.event.subject)
    if report is None:  # processing failed before there was one
        return [Result(Identity(), FailureReason.PROCESSING_FAILURE) for _ in intake.files]
    instances = {instance.file: instance for instance in report.instances}
    return [_result(instances.get(file.name), report, archived) for file in intake.files]


def _result(
    instance: InstanceReport | None, report: StudyReport, archived: Collection[UUID]
) -> Result:
    if instance is None:
        return Result(Identity(), FailureReason.PROCESSING_FAILURE)
    if instance.outcome is Outcome.REJECTED:
        across = (finding for finding in report.findings if instance.file in finding.files)
        errors = _codes((*instance.findings, *across), Severity.ERROR)
        return Result(instance.identity, failure=failure_reason(errors))
    if (instance.study_id or report.study_id) not in archived:
        return Result(instance.identity, failure=FailureReason.PROCESSING_FAILURE)
    warnings = _codes(instance.findings, Severity.WARNING)
    return Result(instance.identity, warning=warning_reason(warnings))


def _codes(findings: tuple[Finding, ...], severity: Severity) -> list[str]:
    return [finding.code for finding in findings if finding.severity is severity]
