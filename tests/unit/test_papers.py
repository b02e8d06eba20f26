"""The conformance statement is generated; the threat model names tests that exist."""

import re
from pathlib import Path

from engine.encoding.transfer_syntax import TRANSFER_SYNTAXES
from engine.standard.facts import load
from tools import conformance_page

ROOT = Path(__file__).parents[2]


def test_the_conformance_statement_is_that_of_the_facts() -> None:
    assert conformance_page.PAGE.read_text() == conformance_page.page()


def test_it_lists_every_sop_class_that_is_checked_and_every_transfer_syntax() -> None:
    page = conformance_page.PAGE.read_text()
    for uid in (*load().sop_classes, *TRANSFER_SYNTAXES):
        assert f"| {uid} |" in page


def test_each_threat_names_what_tests_it() -> None:
    page = (ROOT / "docs" / "threat-model.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 10
    for row in rows[1:]:
        tested = row.rsplit("|", 2)[1]
        paths = re.findall(r"`(tests/[\w/.]+)`", tested)
        assert paths or "](" in tested, row
        assert [path for path in paths if not (ROOT / path).exists()] == []
