"""The figures in the documentation are those that were measured."""

import json
from pathlib import Path

import pytest

from benchmarks.document import FIGURES, PAGES, filled
from benchmarks.result import Result


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tables_are_made_from_the_figures(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<!-- bench: " in text
    assert filled(text, json.loads(FIGURES.read_text(encoding="utf-8"))) == text


def test_a_table_says_what_is_missed() -> None:
    missed = Result("a zip: times as fast", 1.25, 1.5, "times", more_is_better=True)
    figures = {"peers": [vars(missed), vars(Result("  CPU, of theirs", 2.0, None, "times"))]}

    page = filled("# Speed\n<!-- bench: bars -->\nold\n<!-- end -->\nend", figures)

    assert "| a zip: times as fast | 1.25 | ≥ 1.5 | missed |" in page.splitlines()
    assert "old" not in page
    assert page.startswith("# Speed\n")
    assert page.endswith("\nend")
