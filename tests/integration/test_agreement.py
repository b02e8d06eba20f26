"""What the peers find in real files, and why this validator finds something else."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.agreement import BAR, Comparison, Explained, explain, faults, page, run
from benchmarks.explanation import Explanation, read_explanations
from benchmarks.page import PAGE
from benchmarks.statement import Family, Statement

SOME = Explanation("dciodvfy", "ours", "ours", "PS3.5 7.2", "Because.", texts=("missing iod.*",))
MISSING = Statement("a.dcm", (0x00080060,), Family.MISSING, "iod.type-1-missing")


@pytest.fixture(scope="module")
def results() -> list[Explained]:
    return run()


@pytest.mark.timeout(300)
def test_each_difference_from_other_validators_is_explained(results: list[Explained]) -> None:
    assert faults(results, read_explanations()) == []
    for result in results:
        assert result.comparison.files > 230
        assert len(result.comparison.died) < 20
    [dciodvfy, _] = results
    assert dciodvfy.jaccard >= BAR


@pytest.mark.timeout(300)
def test_the_committed_page_is_current(results: list[Explained]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(results), "run `make compare`"


@pytest.mark.parametrize(
    ("explanation", "fault"),
    [
        (None, "ours unexplained: missing Modality: iod.type-1-missing"),
        (replace(SOME, files=("b.dcm",)), "explains nothing"),
        (replace(SOME, elements=("*/Modality",)), "unexplained"),
        (replace(SOME, side="theirs"), "unexplained"),
        (replace(SOME, peer="dicom-validator"), "unexplained"),
        (replace(SOME, right="theirs"), "ours to fix: Because."),
        (replace(SOME, texts=("other *",)), "agreement with dciodvfy of 0.000, less than 0.95"),
    ],
)
def test_an_unexplained_difference_is_a_fault(explanation: Explanation | None, fault: str) -> None:
    explanations = [explanation] if explanation else []
    comparison = Comparison("dciodvfy", 1, only={"ours": [MISSING], "theirs": []})

    lines = faults([explain(comparison, explanations)], explanations)

    assert any(fault in line for line in lines)


def test_an_explained_difference_is_no_fault() -> None:
    comparison = Comparison("dciodvfy", 1, only={"ours": [MISSING], "theirs": []})
    explained = explain(comparison, [SOME])

    assert faults([explained], [SOME]) == []
    assert explained.used == Counter({SOME: 1})
    assert (explained.raw, explained.jaccard) == (0.0, 1.0)


def test_the_page_shows_findings_in_files_that_crash_another_validator() -> None:
    died = Comparison("dciodvfy", 2, died={"dead.dcm": [MISSING, MISSING]})

    text = page([explain(died, [])])

    assert "| dciodvfy | 2 | 1 | 0 | 0 | 0 |" in text
    assert "| dciodvfy | dead.dcm | `iod.type-1-missing` (2 times) |" in text
