"""docs/problems.md says what the code says."""

from pathlib import Path

import pytest

from chassis.web.problem_types import ProblemType
from tools.problems_page import PAGE, main, page


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs` and commit docs/problems.md"


def test_the_page_has_every_problem_type_once() -> None:
    text = page()
    for kind in ProblemType:
        assert text.count(f"### `{kind.slug}`\n") == 1


def test_main_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "problems.md"
    monkeypatch.setattr("tools.problems_page.PAGE", target)
    assert main() == 0
    assert target.read_text(encoding="utf-8") == page()
