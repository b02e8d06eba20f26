"""Conditions in words, and in the findings of what they require."""

from typing import Any

import pytest

from engine.examination import examine
from engine.iod.wording import worded
from engine.profiles.profile import Profile
from unit.engine.clean.catalogue import CLEAN

REMOVED, METHOD, FRAMES = 0x00120062, 0x00120063, 0x00280008


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (["present", METHOD], "DeidentificationMethod is present"),
        (["filled", METHOD], "DeidentificationMethod has a value"),
        (["in", REMOVED, ["YES"], None], "PatientIdentityRemoved is YES"),
        (["in", [0x00081140, REMOVED], ["A", "B"], 0], "PatientIdentityRemoved is A or B"),
        ([">", FRAMES, 1], "NumberOfFrames > 1"),
        (["not", ["present", METHOD]], "DeidentificationMethod is absent"),
        (["not", ["filled", METHOD]], "DeidentificationMethod has no value"),
        (["not", ["in", REMOVED, ["YES"], None]], "PatientIdentityRemoved is not YES"),
        (
            ["all", ["in", REMOVED, ["YES"], None], [">", FRAMES, 1]],
            "PatientIdentityRemoved is YES and NumberOfFrames > 1",
        ),
        (["any", ["present", METHOD], ["all", [">", FRAMES, 1], ["<", FRAMES, 9]]], None),
        (["any", ["present", METHOD], ["unknown"]], None),
        (["not", ["any", ["present", METHOD]]], None),
        (["module", "patient"], None),
        (["in", REMOVED, ["A LONG VALUE"] * 9, None], None),
    ],
)
def test_a_condition_is_worded_if_it_is_short_and_of_elements(
    expression: list[Any], text: str | None
) -> None:
    assert worded(expression) == text


def test_a_finding_says_why_an_attribute_is_required() -> None:
    file = CLEAN["enhanced_mr"].without("PerFrameFunctionalGroupsSequence")

    (finding,) = examine(file.encode(), Profile()).findings

    assert finding.code == "iod.type-1c-missing"
    assert finding.expected == (
        "Type 1C in the Multi-frame Functional Groups module, "
        "since DimensionOrganizationType is not TILED_FULL"
    )
