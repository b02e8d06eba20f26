"""The report of one instance: what rejects it."""

import pytest

from contracts.report import Finding, Outcome, Severity
from engine.report import Report


@pytest.mark.parametrize(
    ("severities", "outcome"),
    [
        ((), Outcome.ACCEPTED),
        ((Severity.INFO, Severity.WARNING), Outcome.ACCEPTED),
        ((Severity.WARNING, Severity.ERROR), Outcome.REJECTED),
    ],
)
def test_an_error_rejects_an_instance_and_nothing_less(
    severities: tuple[Severity, ...], outcome: Outcome
) -> None:
    report = Report(
        findings=tuple(
            Finding(code="uid.invalid", severity=severity, message="A sentence.")
            for severity in severities
        )
    )
    assert report.outcome is outcome
