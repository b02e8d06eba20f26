"""What a report lists one by one, and what it only counts."""

import pytest

from contracts.report import Finding, Severity
from engine.report import Report
from validator.report_size import ReportSize


def finding(code: str, severity: Severity = Severity.WARNING, count: int = 1) -> Finding:
    return Finding(code=code, severity=severity, message="It is wrong.", path="(0010,0010)",
                   keyword="PatientName", found="x" * 100, count=count)  # fmt: skip


FEW = Report((finding("value.date"), finding("value.time")))
MANY = Report(
    (
        *(finding("value.date") for _ in range(20)),
        finding("pixel.length", Severity.ERROR),
        finding("value.time", count=3),
    )
)


def test_what_fits_is_listed() -> None:
    size = ReportSize(100_000)
    for report in (FEW, MANY):
        assert size.counted(size.fitted(report)) is report
    assert size.not_listed == ()


def test_of_what_does_not_the_most_severe_is_listed_and_the_others_are_counted() -> None:
    size = ReportSize(2_000)
    fitted = size.fitted(MANY)
    [listed] = fitted.findings
    assert listed.code == "pixel.length"
    assert fitted.outcome is MANY.outcome
    assert fitted.left_out == 21
    assert size.counted(fitted).not_listed == ()
    size.counted(size.fitted(MANY))
    assert {(one.code, one.count, one.path) for one in size.not_listed} == {
        ("value.date", 40, None),
        ("value.time", 6, None),
    }
    assert size.fitted(FEW) is FEW  # there is room for it


def test_what_was_counted_before_an_interruption_is_counted_again() -> None:
    fitted = ReportSize(2_000).fitted(MANY)
    size = ReportSize(2_000)
    assert size.fitted(fitted) is fitted
    size.counted(fitted)
    assert sum(one.count for one in size.not_listed) == 23


@pytest.mark.parametrize("findings", [(), (finding("value.date"),)])
def test_one_finding_of_a_file_is_always_listed(findings: tuple[Finding, ...]) -> None:
    report = Report(findings)
    assert ReportSize(0).fitted(report) is report
