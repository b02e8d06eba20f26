"""The validation report: outcomes, and the summary that may leave the house."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.report import (
    FileCounts,
    Finding,
    FindingSummary,
    Identity,
    InstanceReport,
    Outcome,
    Severity,
    StudyReport,
)

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")


def finding(
    code: str, severity: Severity = Severity.ERROR, path: str | None = None, **fields: Any
) -> Finding:
    return Finding(code=code, severity=severity, message="A sentence.", path=path, **fields)


def study_report(*instances: tuple[Finding, ...]) -> StudyReport:
    return StudyReport(
        study_id=STUDY,
        profile="default",
        validator_version="1",
        validated_at=datetime(2024, 1, 1, tzinfo=UTC),
        duration_seconds=0.5,
        outcome=Outcome.REJECTED,
        files=FileCounts(accepted=0, rejected=len(instances)),
        instances=tuple(
            InstanceReport(
                file=f"{index:06d}.dcm",
                size_bytes=1,
                sha256="0" * 64,
                outcome=Outcome.REJECTED,
                identity=Identity(),
                findings=findings,
            )
            for index, findings in enumerate(instances, start=1)
        ),
    )


def test_equal_findings_of_all_instances_are_counted_together() -> None:
    report = study_report(
        (finding("uid.invalid", path="(0008,0018)", count=2),),
        (finding("uid.invalid", path="(0008,0018)"), finding("uid.invalid", path="(0020,000D)")),
    )
    counted = {(summary.code, summary.path): summary.count for summary in report.summaries()}
    assert counted == {("uid.invalid", "(0008,0018)"): 3, ("uid.invalid", "(0020,000D)"): 1}


def test_errors_come_first_and_equals_stay_in_the_order_of_the_file() -> None:
    report = study_report(
        (
            finding("info.one", Severity.INFO),
            finding("warning.one", Severity.WARNING),
            finding("error.one"),
            finding("warning.two", Severity.WARNING),
            finding("error.two"),
        )
    )
    assert [summary.code for summary in report.summaries()] == [
        "error.one",
        "error.two",
        "warning.one",
        "warning.two",
        "info.one",
    ]


def test_a_summary_is_short_and_drops_the_least_important() -> None:
    warnings = tuple(finding(f"warning.w{number}", Severity.WARNING) for number in range(40))
    summaries = study_report((*warnings, finding("error.last"))).summaries()
    assert len(summaries) == 20
    assert summaries[0].code == "error.last"


def test_a_summary_has_no_values_of_the_file() -> None:
    full = finding("uid.invalid", expected="1.2.840", found="DOE^JANE", section="PS3.5 9.1")
    [summary] = study_report((full,)).summaries()
    assert type(summary) is FindingSummary
    assert summary.model_dump().keys().isdisjoint({"expected", "found", "offset"})
    assert "DOE" not in summary.model_dump_json()


def test_a_report_read_back_from_its_json_is_the_same_report() -> None:
    report = study_report((finding("uid.invalid", found="x", offset=12, path="(0008,0018)"),))
    assert StudyReport.model_validate_json(report.to_json()) == report


@pytest.mark.parametrize("code", ["", "invalid", "UID.invalid", "uid..invalid", "uid.invalid\n"])
def test_a_code_is_a_dotted_name_in_lower_case(code: str) -> None:
    with pytest.raises(ValidationError):
        finding(code)
