"""The page of relations: complete, current, and what `make docs` writes."""

from pathlib import Path

import pytest

from engine.relations.catalogue import MODULES, RELATIONS
from hdv.validation.relations_page import PAGE, main, page


def test_the_committed_page_is_the_one_that_the_tables_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_make_docs_writes_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "relations.md"
    monkeypatch.setattr("hdv.validation.relations_page.PAGE", target)
    assert main() == 0
    assert target.read_text(encoding="utf-8") == page()


def test_every_relation_is_on_the_page_once() -> None:
    text = page()
    assert all(text.count(f"| `{rule.relation.name}` |") == 1 for rule in RELATIONS)
    assert f"| {len(RELATIONS)} | " in text


def test_every_sentence_that_is_left_out_is_on_the_page_with_its_reason() -> None:
    text = " ".join(page().split())
    for module in MODULES:
        for left in module.left_out:
            assert f"{left.sentence} - {left.reason}." in text
