"""Conditions: three truth values, elements of the item and outwards, and within sequences."""

from itertools import product
from typing import Any

import pytest

from engine.standard.condition import ConditionError, Truth, compile_expression
from unit.engine.iod.condition_scope import Item, item_of

ROWS, SPACING, IMAGE_TYPE, VALUE_TYPE = 0x00280010, 0x00280030, 0x00080008, 0x0040A040
CONTENT, UNITS = 0x0040A730, 0x0040A300
TRUTHS: dict[bool | None, list[Any]] = {
    True: ["present", ROWS],
    False: ["present", SPACING],
    None: ["unknown"],
}


def evaluate(expression: list[Any], scope: Item) -> Truth:
    return compile_expression(expression)(scope)


@pytest.mark.parametrize(("left", "right"), list(product(TRUTHS, repeat=2)))
def test_all_any_and_not_follow_three_valued_logic(left: bool | None, right: bool | None) -> None:
    scope = item_of({"Rows": 1})
    both = [TRUTHS[left], TRUTHS[right]]
    conjunction = False if False in (left, right) else None if None in (left, right) else True
    alternative = True if True in (left, right) else None if None in (left, right) else False
    assert evaluate(["all", *both], scope) is conjunction
    assert evaluate(["any", *both], scope) is alternative
    assert evaluate(["not", TRUTHS[left]], scope) is (None if left is None else not left)


def test_present_needs_no_value_and_filled_does() -> None:
    scope = item_of({"PixelSpacing": [], "Rows": 1, "ContentSequence": []})
    assert evaluate(["present", SPACING], scope) is True
    assert evaluate(["filled", SPACING], scope) is False
    assert evaluate(["filled", ROWS], scope) is True
    assert evaluate(["filled", CONTENT], scope) is False
    assert evaluate(["filled", IMAGE_TYPE], scope) is False


@pytest.mark.parametrize(
    ("keyword", "tag", "value"),
    [("Rows", ROWS, 2), ("PixelSpacing", SPACING, "2"), ("PixelSpacing", SPACING, " 2.0 "),
     ("RealWorldValueIntercept", 0x00409224, 2.0)],
)  # fmt: skip
def test_numbers_are_compared_alike_however_encoded(keyword: str, tag: int, value: Any) -> None:
    scope = item_of({keyword: value})
    assert evaluate([">", tag, 1.5], scope) is True
    assert evaluate([">", tag, 2], scope) is False
    assert evaluate(["<", tag, 3], scope) is True
    assert evaluate(["<", tag, 2], scope) is False
    assert evaluate(["in", tag, [2], None], scope) is True
    assert evaluate(["in", tag, [3], None], scope) is False


def test_a_binary_number_equals_a_number_written_as_text() -> None:
    assert evaluate(["in", ROWS, ["2"], None], item_of({"Rows": 2})) is True
    assert evaluate(["in", ROWS, ["3", "X"], None], item_of({"Rows": 2})) is False


def test_strings_are_compared_exactly_but_for_padding() -> None:
    scope = item_of({"LossyImageCompression": "01 ", "SOPClassUID": "1.2\0"})
    assert evaluate(["in", 0x00282110, ["01"], None], scope) is True
    assert evaluate(["in", 0x00282110, ["1"], None], scope) is False
    assert evaluate(["in", 0x00080016, ["1.2"], None], scope) is True
    assert evaluate(["in", 0x00080016, [1], None], item_of({"SOPClassUID": "1.2.3"})) is False


def test_a_position_singles_out_one_value() -> None:
    scope = item_of({"ImageType": ["DERIVED", "ORIGINAL"]})
    assert evaluate(["in", IMAGE_TYPE, ["ORIGINAL"], None], scope) is True
    assert evaluate(["in", IMAGE_TYPE, ["ORIGINAL"], 0], scope) is False
    assert evaluate(["in", IMAGE_TYPE, ["ORIGINAL"], 1], scope) is True
    assert evaluate(["in", IMAGE_TYPE, ["ORIGINAL"], 2], scope) is False


def test_comparisons_on_what_is_missing_are_false_and_on_nonsense_unknown() -> None:
    assert evaluate([">", ROWS, 0], item_of({})) is False
    assert evaluate(["in", ROWS, [1], None], item_of({"Rows": []})) is False
    assert evaluate([">", SPACING, 0], item_of({"PixelSpacing": "wide"})) is None
    assert evaluate([">", SPACING, 0], item_of({"PixelSpacing": ["wide", "1"]})) is True


def test_elements_are_looked_up_outwards_and_the_nearest_counts() -> None:
    scope = item_of({"outer": {"ValueType": "NUM", "outer": {"ValueType": "TEXT", "Rows": 1}}})
    assert evaluate(["in", VALUE_TYPE, ["NUM"], None], scope) is True
    assert evaluate(["in", VALUE_TYPE, ["TEXT"], None], scope) is False
    assert evaluate(["present", ROWS], scope) is True


def test_a_path_that_starts_with_0_stays_in_the_item() -> None:
    scope = item_of({"Rows": 1, "outer": {"ValueType": "NUM", "ContentSequence": [{"Rows": 1}]}})
    assert evaluate(["present", [0, ROWS]], scope) is True
    assert evaluate(["present", [0, VALUE_TYPE]], scope) is False
    assert evaluate(["present", [CONTENT, ROWS]], scope) is True
    assert evaluate(["present", [0, CONTENT, ROWS]], scope) is False


def test_a_path_into_a_sequence_asks_every_item() -> None:
    scope = item_of({"ContentSequence": [{"ValueType": "TEXT"}, {}, {"ValueType": ["NUM", "X"]}]})
    path = [CONTENT, VALUE_TYPE]
    assert evaluate(["in", path, ["NUM"], 0], scope) is True
    assert evaluate(["in", path, ["X"], 0], scope) is False
    assert evaluate(["in", path, ["X"], 1], scope) is True
    assert evaluate(["present", path], scope) is True
    assert evaluate(["present", [CONTENT, ROWS]], scope) is False


def test_a_path_goes_through_several_sequences() -> None:
    leaves: list[dict[str, Any]] = [{"ContentSequence": [{"Rows": []}]}, {"ContentSequence": []}]
    scope = item_of({"outer": {"ContentSequence": leaves}})
    assert evaluate(["present", [CONTENT, CONTENT, ROWS]], scope) is True
    assert evaluate(["filled", [CONTENT, CONTENT, ROWS]], scope) is False
    assert evaluate(["filled", [CONTENT, CONTENT, ROWS]], item_of({})) is False


def test_modules_and_groups_are_asked_of_the_scope() -> None:
    scope = Item({}, None, {"cine": True, "mask": None}, frozenset({UNITS}))
    assert evaluate(["module", "cine"], scope) is True
    assert evaluate(["module", "mask"], scope) is None
    assert evaluate(["module", "device"], scope) is False
    assert evaluate(["group", UNITS], scope) is True
    assert evaluate(["group", CONTENT], scope) is False


@pytest.mark.parametrize(
    "expression",
    [["equals", ROWS], [], ["present"], ["in", ROWS], ["not"], ["unknown", 1], "present",
     ["any", ["present", ROWS], ["perhaps"]]],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: Any) -> None:
    with pytest.raises(ConditionError):
        compile_expression(expression)
