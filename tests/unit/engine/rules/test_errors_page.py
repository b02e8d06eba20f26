"""The page of errors: each error by default says why a hospital may refuse the file."""

import re

from benchmarks.errors import PAGE, error_rules
from contracts.report import Severity
from engine.rules.catalogue import RULES


def test_every_error_says_why_a_hospital_may_refuse_the_file_and_nothing_else_does() -> None:
    for rule in RULES.values():
        assert bool(rule.refusal) == (rule.severity is Severity.ERROR), rule.code
        assert not rule.refusal or re.fullmatch(r"[A-Z][^.]*\.", rule.refusal), rule.code


def test_the_page_has_each_error_with_its_reason() -> None:
    rows = [line.split(" | ")[:2] for line in PAGE.read_text().splitlines() if line[:3] == "| `"]

    assert rows == [[f"| `{rule.code}`", rule.refusal] for rule in error_rules()]
