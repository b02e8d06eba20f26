"""Every condition written by hand is true, false and unknown where the standard says so."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.standard.condition import compile_expression
from engine.standard.facts import load as load_facts
from tools.standard.handwritten import (
    TABLE,
    Row,
    TableError,
    load,
    lookup,
    lookup_usage,
    read,
    row_of_attribute,
    row_of_usage,
)
from unit.engine.iod.condition_scope import item_of

CASES = yaml.safe_load(Path(__file__).with_name("condition_cases.yaml").read_text("utf-8"))
OUTCOMES = {"required": True, "not required": False, "unknown": None}


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _parents(place: str) -> tuple[str, ...]:
    return () if place in ("top", "anywhere") else tuple(place.split("."))


def _attribute_rows() -> list[tuple[str, str, Row | None, dict[str, Any]]]:
    """What each case about attributes is about: keyword, description, the row found, the case."""
    return [
        (keyword, f"{module} {place} {keyword}", row_of_attribute(module, path), case)
        for case in CASES["attributes"]
        for module in case.get("modules", ["any-module"])
        for place in _listed(case.get("in", "top"))
        for keyword in case["attributes"]
        for path in [(*_parents(place), keyword)]
    ]


def _usage_rows() -> list[tuple[str, str, Row | None, dict[str, Any]]]:
    return [
        (module, f"{iod} {module}", row_of_usage(iod, module), case)
        for case in CASES["usages"]
        for iod in case.get("iods", ["any-iod"])
        for module in case["usage of"]
    ]


FOUND = [*_attribute_rows(), *_usage_rows()]


@pytest.mark.parametrize(
    ("row", "case"),
    [(row, case) for _, _, row, case in FOUND],
    ids=[name for _, name, _, _ in FOUND],
)
def test_a_condition_holds_where_the_standard_says_so(
    row: Row | None, case: dict[str, Any]
) -> None:
    assert row is not None
    condition = compile_expression(row.when)
    for outcome, expected in OUTCOMES.items():
        for content in case.get(outcome, []):
            assert condition(item_of(content)) is expected, (outcome, content)


def test_every_row_has_cases_for_and_against_it() -> None:
    covered = {(id(row), subject) for subject, _, row, _ in FOUND}
    rows = [*load().attributes, *load().usages]
    lacking = [(s, row.note) for row in rows for s in row.subjects if (id(row), s) not in covered]
    assert not lacking
    # What only forbids is never surely required: there the cases say where it is unknown.
    one_sided = [
        name
        for _, name, _, case in FOUND
        if not case.get("not required") or not (case.get("required") or case.get("unknown"))
    ]
    assert not one_sided


def test_rows_are_found_by_module_and_place() -> None:
    assert lookup("image-pixel", ("PlanarConfiguration",)) is not None
    assert lookup("image-pixel", ("SomeSequence", "PlanarConfiguration")) is None
    assert lookup("pet-image", ("FrameTime",)) != lookup("cine", ("FrameTime",))
    assert lookup("general-image", ("Laterality",)) is None
    shared = ("SharedFunctionalGroupsSequence", "PixelMeasuresSequence", "PixelSpacing")
    assert lookup("segmentation-multi-frame-functional-groups", shared) is not None
    assert lookup_usage("nuclear-medicine-image", "nm-phase") is not None
    assert lookup_usage("ct-image", "nm-phase") is None


def test_a_condition_is_given_as_the_facts_have_it() -> None:
    assert lookup("pet-image", ("TriggerTime",)) == {
        "when": ["in", 0x00541000, ["GATED"], 0],
        "else": "any",
    }


ROW = """
terms: {{}}
usages: []
attributes:
  - attributes: [PixelSpacing]
    when: {when}
    otherwise: {otherwise}
    section: C.7
    note: nothing
"""


@pytest.mark.parametrize(
    ("when", "expression"),
    [
        ("present Rows", ["present", 0x00280010]),
        ("absent own Rows", ["not", ["present", [0, 0x00280010]]]),
        (
            "filled Rows and (Rows > 1 or Rows < 0.5)",
            [
                "all",
                ["filled", 0x00280010],
                ["any", [">", 0x00280010, 1], ["<", 0x00280010, 0.5]],
            ],
        ),
        (
            "Rows is 1 or Rows is 2 and Rows is 3",
            [
                "any",
                ["in", 0x00280010, [1], None],
                ["all", ["in", 0x00280010, [2], None], ["in", 0x00280010, [3], None]],
            ],
        ),
        (
            'ImageType[3] is not A, "B C"',
            [
                "all",
                ["filled", 0x00080008],
                ["not", ["in", 0x00080008, ["A", "B C"], 2]],
            ],
        ),
        ("LossyImageCompression is 01", ["in", 0x00282110, ["01"], None]),
        ("SOPClassUID is CTImageStorage", ["in", 0x00080016, ["1.2.840.10008.5.1.4.1.1.2"], None]),
        ("FrameIncrementPointer is FrameTime", ["in", 0x00280009, [0x00181063], None]),
        (
            "own ContentSequence.ValueType is NUM",
            ["in", [0, 0x0040A730, 0x0040A040], ["NUM"], None],
        ),
        ("not module cine", ["not", ["module", "cine"]]),
        ("group PixelMeasuresSequence", ["group", 0x00289110]),
        ("unknown", ["unknown"]),
    ],
)
def test_a_condition_is_read_from_words(when: str, expression: list[Any]) -> None:
    table = read(ROW.format(when=f"'{when}'", otherwise="any"))
    assert table.attributes[0].when == expression


@pytest.mark.parametrize(
    ("when", "complaint"),
    [
        ("present Rouws", "no attribute has the keyword Rouws"),
        ("Rows equals 1", "'equals' is not a comparison"),
        ("Rows is many", "'many' is not a number"),
        ("SOPClassUID is CT", "no UID has the keyword CT"),
        ("present Rows Columns", "'Columns' was not expected"),
        ("(present Rows", "the end comes too early"),
        ("(present Rows ]", "a stray quote or bracket"),
        ("(present Rows , ", r"'\)' expected instead of ','"),
        ("present Rows and", "the end comes too early"),
    ],
)
def test_a_mistake_in_a_condition_is_a_clear_error(when: str, complaint: str) -> None:
    with pytest.raises(TableError, match=complaint):
        read(ROW.format(when=f"'{when}'", otherwise="any"))


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("otherwise: any", "otherwise: maybe", "otherwise is 'absent' or 'any', not 'maybe'"),
        ("note: nothing", "nota: nothing", "unknown key 'nota'"),
        ("    note: nothing\n", "", "'note' is missing"),
        ("PixelSpacing", "Spacing", "no attribute has the keyword Spacing"),
        ("    note", "    in: Sequenz\n    note", "no attribute has the keyword Sequenz"),
    ],
)
def test_a_mistake_in_a_row_is_a_clear_error(right: str, wrong: str, complaint: str) -> None:
    text = ROW.format(when="unknown", otherwise="any")
    assert right in text
    with pytest.raises(TableError, match=complaint):
        read(text.replace(right, wrong))


def test_the_table_is_the_one_beside_its_reader() -> None:
    assert TABLE.name == "conditions.yaml"
    assert sum(len(row.subjects) for row in load().attributes) >= 500


def test_the_conditions_that_are_used_most_are_all_written_by_hand() -> None:
    """Of those that can be evaluated; docs/standard.md says which cannot, and why."""
    facts = load_facts()
    used: Counter[tuple[int, int]] = Counter()

    def count(level: int, iods: int, seen: frozenset[int]) -> None:
        for tag, _, condition, _, items, _ in facts.levels[level]:
            if condition is not None:
                used[tag, condition] += iods
            if items is not None and items not in seen:
                count(items, iods, seen | {items})

    for module, iods in Counter(m for iod in facts.iods.values() for m, *_ in iod.modules).items():
        if module in facts.modules:
            level = facts.modules[module].level
            count(level, iods, frozenset({level}))
    by_hand = [row.condition()["when"] for row in load().attributes]
    most_used = [facts.conditions[condition].when for (_, condition), _ in used.most_common(100)]
    assert [when for when in most_used if when not in by_hand] == []
