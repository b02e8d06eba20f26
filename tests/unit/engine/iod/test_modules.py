"""Which modules an instance has to have, has, and must not have."""

import pytest

from unit.engine import dicom_writer as dicom
from unit.engine.iod.iod_facts import Found, found

MODALITY = 0x00080060
AGENT = 0x00180010
VOLUME = 0x00181041
DOSE = 0x00181044
FRAMES = 0x00280008
INCREMENT = 0x00280009

IMAGE = ("M", None, [(MODALITY, "1"), (VOLUME, "3")])
CONTRAST = [(AGENT, "2"), (VOLUME, "3"), (DOSE, "3"), (INCREMENT, "1")]
IS_CT = ["in", MODALITY, ["CT"], None]
CT = {MODALITY: ("CS", b"CT")}
MR = {MODALITY: ("CS", b"MR")}
SOME_AGENT = {AGENT: ("LO", b"")}
NO_AGENT = Found("iod.type-2-missing", "(0018,0010)")
NO_INCREMENT = Found("iod.type-1-missing", "(0028,0009)")


@pytest.mark.parametrize(
    ("usage", "condition", "dataset", "expected"),
    [
        ("M", None, CT, [NO_AGENT, NO_INCREMENT]),
        ("U", None, CT, []),
        ("U", None, CT | SOME_AGENT, [NO_INCREMENT]),
        # An attribute that another module has too, or that is optional, does not show enough.
        ("U", None, CT | {VOLUME: ("DS", b"1 ")}, []),
        ("U", None, CT | {DOSE: ("DS", b"1 ")}, []),
        ("C", (IS_CT, "any"), CT, [NO_AGENT, NO_INCREMENT]),
        ("C", (IS_CT, "any"), MR, []),
        ("C", (IS_CT, "any"), MR | SOME_AGENT, [NO_INCREMENT]),
        ("C", None, CT, []),
        ("C", None, CT | SOME_AGENT, [NO_INCREMENT]),
        ("C", (["unknown"], "absent"), CT | SOME_AGENT, [NO_INCREMENT]),
        ("C", (IS_CT, "absent"), CT, [NO_AGENT, NO_INCREMENT]),
        ("C", (IS_CT, "absent"), MR, []),
        ("C", (IS_CT, "absent"), MR | SOME_AGENT, [Found("iod.not-allowed", "(0018,0010)")]),
        ("C", (IS_CT, "absent"), MR | {VOLUME: ("DS", b"1 ")}, []),
    ],
)
def test_when_a_module_counts(
    usage: str, condition: object, dataset: dicom.DataSet, expected: list[Found]
) -> None:
    assert found({"image": IMAGE, "contrast": (usage, condition, CONTRAST)}, dataset) == expected


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (CT, []),
        (CT | SOME_AGENT, [Found("iod.type-1c-missing", "(0028,0008)"), NO_INCREMENT]),
    ],
)
def test_a_condition_can_ask_for_a_module(dataset: dicom.DataSet, expected: list[Found]) -> None:
    modules = {
        "image": ("M", None, [*IMAGE[2], (FRAMES, "1C", (["module", "contrast"], "any"))]),
        "contrast": ("U", None, CONTRAST),
    }

    assert found(modules, dataset) == expected


def test_conditions_of_modules_that_ask_for_each_other_are_unknown() -> None:
    modules = {
        "image": IMAGE,
        "one": ("C", (["module", "other"], "any"), [(AGENT, "1")]),
        "other": ("C", (["module", "one"], "any"), [(DOSE, "1")]),
    }

    assert found(modules, CT) == []


def test_the_values_of_a_module_that_is_not_there_do_not_bind_the_others() -> None:
    modules = {
        "image": ("M", None, [(MODALITY, "1", None, [[None, "E", ["CT"]]])]),
        "other": ("U", None, [(MODALITY, "1", None, [[None, "E", ["MR"]]]), (AGENT, "1")]),
    }

    assert found(modules, CT) == []
    assert found(modules, CT | {AGENT: ("LO", b"A ")}) == [
        Found("iod.value-not-allowed", "(0008,0060)")
    ]
