"""The reason for which an instance was not stored, for each code that a report can contain."""

from pathlib import Path

import pytest

from engine.rules.catalogue import RULES
from gateway.dicomweb.failure_reasons import (
    FAILURES,
    SILENT,
    FailureReason,
    WarningReason,
    failure_reason,
    warning_reason,
)

PAGE = Path(__file__).parents[4] / "docs" / "dicomweb.md"


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        (["file.not-dicom"], 0xC000),
        (["structure.truncated", "pixel.length-short"], 0xC000),
        (["structure.depth"], 0xA700),
        (["file.unreadable"], 0x0110),
        (["meta.transfer-syntax-unknown", "iod.type-1-missing"], 0xC122),
        (["meta.transfer-syntax-missing"], 0xC000),
        (["meta.sop-class-mismatch"], 0xA900),
        (["iod.sop-class-unknown"], 0x0122),
        (["element.missing"], 0xA900),
        (["iod.type-1-missing", "value.date"], 0xA900),
        (["study.instance-conflict"], 0x0111),
        (["study.instances-missing"], 0xA900),
        (["study.uid-unexpected", "value.date"], 0xA901),
        (["site.element-missing"], 0xA900),
        (["a.rule-of-tomorrow"], 0xA900),
        ([], 0x0110),
    ],
)
def test_the_single_most_appropriate_reason_is_given(errors: list[str], reason: int) -> None:
    assert failure_reason(errors) == reason
    assert failure_reason(reversed(errors)) == reason


@pytest.mark.parametrize(
    ("warnings", "reason"),
    [
        ([], None),
        (["safety.burned-in-annotation", "study.instance-duplicate"], None),
        (["safety.burned-in-annotation", "iod.type-2-missing"], 0xB007),
        (["value.padding"], 0xB007),
    ],
)
def test_a_warning_is_given_where_the_data_set_is_not_as_its_sop_class_asks(
    warnings: list[str], reason: int | None
) -> None:
    assert warning_reason(warnings) == reason


def test_every_line_of_the_table_is_about_rules_that_there_are() -> None:
    beginnings = {beginning for beginning, _ in FAILURES} | set(SILENT)
    assert [b for b in beginnings if not any(code.startswith(b) for code in RULES)] == []


def test_every_reason_is_documented() -> None:
    text = PAGE.read_text()
    for reason in (*FailureReason, *WarningReason):
        assert f"`{reason:04X}` ({reason:d})" in text
