"""What modules ask of attributes: types, conditions, values, items."""

import pytest

from unit.engine import dicom_writer as dicom
from unit.engine.iod.iod_facts import Attribute, Found, found, module, sequence

TYPE = 0x00080008
NAME = 0x00100010
LATERALITY = 0x00200060
ROWS = 0x00280010
ANGLE = 0x00181120
CODES = 0x00081140
CODE = 0x00080100
MEANING = 0x00080104
PRIVATE = 0x00091002

PAIRED = (["in", 0x00180015, ["EYE"], None], "absent")
PAIRED_ELSE_ANY = (["in", 0x00180015, ["EYE"], None], "any")
BODY_PART = 0x00180015
EYE = {BODY_PART: ("CS", b"EYE ")}
ARM = {BODY_PART: ("CS", b"ARM ")}
SIDE = {LATERALITY: ("CS", b"L ")}
NO_SIDE = {LATERALITY: ("CS", b"  ")}


@pytest.mark.parametrize(
    ("type_", "value", "code"),
    [
        ("1", None, "iod.type-1-missing"),
        ("1", b"", "iod.type-1-empty"),
        ("1", b"  ", "iod.type-1-empty"),
        ("1", b"L ", None),
        ("2", None, "iod.type-2-missing"),
        ("2", b"", None),
        ("3", None, None),
        ("3", b"", None),
    ],
)
def test_types_without_a_condition(type_: str, value: bytes | None, code: str | None) -> None:
    dataset = {} if value is None else {LATERALITY: ("CS", value)}

    result = found(module((LATERALITY, type_)), dataset)

    assert result == ([Found(code, "(0020,0060)")] if code else [])


@pytest.mark.parametrize(
    ("type_", "condition", "dataset", "code"),
    [
        ("1C", PAIRED, EYE, "iod.type-1c-missing"),
        ("1C", PAIRED, EYE | NO_SIDE, "iod.type-1c-empty"),
        ("1C", PAIRED, EYE | SIDE, None),
        ("1C", PAIRED, ARM, None),
        ("1C", PAIRED, ARM | SIDE, "iod.not-allowed"),
        ("1C", PAIRED, ARM | NO_SIDE, "iod.type-1c-empty"),
        ("1C", PAIRED_ELSE_ANY, ARM | SIDE, None),
        ("2C", PAIRED, EYE, "iod.type-2c-missing"),
        ("2C", PAIRED, EYE | NO_SIDE, None),
        ("2C", PAIRED, ARM | NO_SIDE, "iod.not-allowed"),
        ("2C", PAIRED_ELSE_ANY, ARM | SIDE, None),
    ],
)
def test_types_with_a_condition(
    type_: str, condition: object, dataset: dicom.DataSet, code: str | None
) -> None:
    image = module((BODY_PART, "3"), (LATERALITY, type_, condition))

    assert found(image, dataset) == ([Found(code, "(0020,0060)")] if code else [])


@pytest.mark.parametrize("condition", [None, (["unknown"], "absent")])
def test_a_condition_that_is_unknown_asks_for_nothing_but_a_value(condition: object) -> None:
    image = module((LATERALITY, "1C", condition))

    assert found(image, {}) == []
    assert found(image, SIDE) == []
    assert found(image, NO_SIDE) == [Found("iod.type-1c-empty", "(0020,0060)")]


@pytest.mark.parametrize(
    ("attributes", "dataset", "code"),
    [
        ([(LATERALITY, "3"), (LATERALITY, "1")], {}, "iod.type-1-missing"),
        ([(LATERALITY, "2"), (LATERALITY, "1")], NO_SIDE, "iod.type-1-empty"),
        ([(LATERALITY, "2"), (LATERALITY, "1C", PAIRED)], EYE, "iod.type-1c-missing"),
        ([(LATERALITY, "2"), (LATERALITY, "1C", PAIRED)], ARM, "iod.type-2-missing"),
        ([(LATERALITY, "2"), (LATERALITY, "1C", PAIRED)], ARM | NO_SIDE, None),
        ([(LATERALITY, "2"), (LATERALITY, "1C", PAIRED)], EYE | NO_SIDE, "iod.type-1c-empty"),
        ([(LATERALITY, "2C", PAIRED), (LATERALITY, "1C", PAIRED)], EYE, "iod.type-1c-missing"),
        ([(LATERALITY, "3"), (LATERALITY, "1C", PAIRED)], ARM | SIDE, None),
        ([(LATERALITY, "3"), (LATERALITY, "1C", PAIRED)], ARM | NO_SIDE, "iod.type-1c-empty"),
    ],
)
def test_of_several_modules_the_one_that_asks_most_counts(
    attributes: list[Attribute], dataset: dicom.DataSet, code: str | None
) -> None:
    modules = {
        f"m{number}": ("M", None, [(BODY_PART, "3"), attribute])
        for number, attribute in enumerate(attributes)
    }

    assert found(modules, dataset) == ([Found(code, "(0020,0060)")] if code else [])


@pytest.mark.parametrize(
    ("vr", "value", "values", "code"),
    [
        ("CS", b"L ", [[None, "E", ["L", "R"]]], None),
        ("CS", b"X ", [[None, "E", ["L", "R"]]], "iod.value-not-allowed"),
        ("CS", b"X ", [[None, "D", ["L", "R"]]], "iod.value-unexpected"),
        ("CS", b"", [[None, "E", ["L", "R"]]], None),
        ("CS", b"X\\R ", [[1, "E", ["L", "R"]]], None),
        ("CS", b"L\\X ", [[1, "E", ["L", "R"]]], "iod.value-not-allowed"),
        ("CS", b"L ", [[1, "E", ["L", "R"]]], None),
        ("CS", b"L\\X ", [[None, "D", ["L", "R"]]], "iod.value-unexpected"),
        ("CS", b"L\\" * 200 + b"L ", [[None, "E", ["L", "R"]]], None),
        ("CS", b"LONG" * 3 + b"\\LONGLONGLONGLON" * 30, [[0, "E", ["LONGLONGLONG"]]], None),
        ("US", dicom.us(8), [[None, "E", ["8", "16"]]], None),
        ("US", dicom.us(9), [[None, "E", ["8", "16"]]], "iod.value-not-allowed"),
        ("IS", b"08", [[None, "E", ["8", "16"]]], None),
        ("DS", b"8.0 ", [[None, "E", ["8", "16"]]], None),
        ("DS", b"8.1 ", [[None, "E", ["8", "16"]]], "iod.value-not-allowed"),
        ("OB", b"8 ", [[None, "E", ["8", "16"]]], None),
    ],
)
def test_values_that_are_listed(vr: str, value: bytes, values: object, code: str | None) -> None:
    result = found(module((LATERALITY, "3", None, values)), {LATERALITY: (vr, value)})

    assert result == ([Found(code, "(0020,0060)")] if code else [])


def test_an_enumeration_counts_more_than_the_terms_of_a_general_module() -> None:
    modules = {
        "general": ("M", None, [(LATERALITY, "3", None, [[None, "D", ["A", "B"]]])]),
        "special": ("M", None, [(LATERALITY, "3", None, [[None, "E", ["C"]]])]),
    }

    assert found(modules, {LATERALITY: ("CS", b"C ")}) == []
    assert found(modules, {LATERALITY: ("CS", b"A ")}) == [
        Found("iod.value-not-allowed", "(0020,0060)")
    ]


def test_binary_values_of_a_big_endian_file() -> None:
    image = module((ROWS, "1", None, [[None, "E", ["8", "16"]]]))

    assert found(image, {ROWS: ("US", dicom.us(16))}, syntax=dicom.BIG_ENDIAN) == []
    assert found(image, {ROWS: ("US", dicom.us(9))}, syntax=dicom.BIG_ENDIAN) == [
        Found("iod.value-not-allowed", "(0028,0010)")
    ]


CODED = [(CODE, "1"), (MEANING, "2")]


@pytest.mark.parametrize(
    ("type_", "items", "expected"),
    [
        ("1", [], [Found("iod.type-1-empty", "(0008,1140)")]),
        ("2", [], []),
        ("3", [{CODE: ("SH", b"T1"), MEANING: ("LO", b"")}], []),
        (
            "3",
            [{MEANING: ("LO", b"")}],
            [Found("iod.type-1-missing", "(0008,1140)[0]>(0008,0100)")],
        ),
        (
            "1",
            [{CODE: ("SH", b"T1"), MEANING: ("LO", b"")}, {CODE: ("SH", b"")}],
            [
                Found("iod.type-1-empty", "(0008,1140)[1]>(0008,0100)"),
                Found("iod.type-2-missing", "(0008,1140)[1]>(0008,0104)"),
            ],
        ),
    ],
)
def test_items_of_a_sequence(type_: str, items: list[dicom.DataSet], expected: list[Found]) -> None:
    image = module((CODES, type_, None, None, CODED))

    assert found(image, {CODES: sequence(*items)}) == expected


def test_attributes_missing_from_many_items_are_one_finding() -> None:
    image = module((CODES, "3", None, None, CODED))
    items = [{MEANING: ("LO", b"")}] * 500

    assert found(image, {CODES: sequence(*items)}) == [
        Found("iod.type-1-missing", "(0008,1140)[0]>(0008,0100)", 500)
    ]


def test_the_items_of_a_sequence_in_two_modules_have_to_fit_both() -> None:
    modules = {
        "one": ("M", None, [(CODES, "3", None, None, [(CODE, "1")])]),
        "other": ("M", None, [(CODES, "3", None, None, [(MEANING, "1")])]),
    }

    assert found(modules, {CODES: sequence({})}) == [
        Found("iod.type-1-missing", "(0008,1140)[0]>(0008,0100)"),
        Found("iod.type-1-missing", "(0008,1140)[0]>(0008,0104)"),
    ]


def test_conditions_in_items_see_what_encloses_them() -> None:
    image = module(
        (BODY_PART, "3"), (CODES, "3", None, None, [(CODE, "3"), (LATERALITY, "1C", PAIRED)])
    )

    assert found(image, EYE | {CODES: sequence({CODE: ("SH", b"T1")})}) == [
        Found("iod.type-1c-missing", "(0008,1140)[0]>(0020,0060)")
    ]
    assert found(image, ARM | {CODES: sequence({CODE: ("SH", b"T1")})}) == []


def test_a_condition_on_each_of_many_items_and_on_a_long_sequence_costs_little() -> None:
    through_items = ["in", [CODES, CODE], ["NONE"], None]
    condition = (["all", through_items, ["present", [0, MEANING]]], "any")
    other = 0x00081115
    image = module(
        (CODES, "3", None, None, [(CODE, "3")]),
        (other, "3", None, None, [(MEANING, "3"), (LATERALITY, "1C", condition)]),
    )
    many = 3000
    dataset = {
        CODES: sequence(*[{CODE: ("SH", b"T1")}] * many),
        other: sequence(*[{MEANING: ("LO", b"T1")}] * many),
    }

    # 9 million looks into items would take a minute.
    assert found(image, dataset) == []


def test_content_that_nests_as_deeply_as_it_likes() -> None:
    content, value_type = 0x0040A730, 0x0040A040
    image = module((value_type, "1"), (content, "3", None, None, "same"))
    item: dicom.DataSet = {}
    for _ in range(30):
        item = {value_type: ("CS", b"CONTAINER "), content: sequence(item)}

    (finding,) = found(image, item)

    assert finding.code == "iod.type-1-missing"
    assert finding.path is not None
    assert finding.path.count(">") == 30


@pytest.mark.parametrize("tag", [PRIVATE, 0x00081115])
def test_sequences_that_are_private_or_not_known_are_left_alone(tag: int) -> None:
    image = module((CODE, "3"), (CODES, "3", None, None, CODED), (0x00081115, "3"))

    assert found(image, {tag: sequence({})}) == []


def test_a_standard_attribute_of_no_module_is_a_remark() -> None:
    image = module((CODE, "3"))

    assert found(image, {LATERALITY: ("CS", b"L ")}) == [
        Found("iod.attribute-unexpected", "(0020,0060)")
    ]
    # Retired ones, and groups that don't belong here, are reported by other rules.
    assert found(image, {0x00324000: ("LT", b"L "), 0x00041500: ("CS", b"L ")}) == []
    assert found(image, {PRIVATE: ("LO", b"L "), 0x00090010: ("LO", b"ME")}) == []
    assert found(image, {0xFFFCFFFC: ("OB", b"\0\0"), 0x00080000: ("UL", bytes(4))}) == []


def test_what_the_profile_requires_is_not_reported_twice() -> None:
    assert found(module((0x00080016, "1"), (CODE, "1")), {}) == [
        Found("iod.type-1-missing", "(0008,0100)")
    ]


@pytest.mark.parametrize("cut", [2, 6, 10, 14])
def test_behind_the_place_where_a_file_breaks_off_nothing_is_missing(cut: int) -> None:
    image = module(
        (CODES, "1", None, None, CODED),
        (BODY_PART, "1"),
        (LATERALITY, "1C", (["not", ["present", ANGLE]], "any")),
        (ROWS, "1"),
    )
    dataset = {CODES: sequence({CODE: ("SH", b"T1"), MEANING: ("LO", b"a meaning ")})}

    assert found(image, dataset, cut=cut) == []
    assert {finding.code for finding in found(image, dataset)} == {
        "iod.type-1-missing",
        "iod.type-1c-missing",
    }


def test_what_is_missing_before_that_place_is() -> None:
    image = module((CODE, "1"), (LATERALITY, "1"), (NAME, "1"))
    dataset = {NAME: ("PN", b"Doe^Jane"), 0x7FE00010: ("OW", bytes(20))}

    assert found(image, dataset, cut=10) == [Found("iod.type-1-missing", "(0008,0100)")]


@pytest.mark.parametrize("is_there", [True, False])
def test_an_element_that_could_not_be_read_whole_is_not_missing(*, is_there: bool) -> None:
    image = module(
        (CODES, "3", None, None, [(CODE, "1"), (MEANING, "1C", (["present", [0, CODE]], "any"))])
    )
    code_value = dicom.element(CODE, "SH", b"T1")
    cut_short = dicom.element(MEANING, "LO", b"mean", length=400)
    content = code_value + (cut_short if is_there else b"")

    result = found(image, {CODES: ("SQ", dicom.item(content)), NAME: ("PN", b"Doe ")})

    missing = [one.code for one in result if "missing" in one.code]
    assert missing == ([] if is_there else ["iod.type-1c-missing"])


def test_each_group_of_overlays_has_to_be_whole() -> None:
    rows, kind = 0x60000010, 0x60000040
    modules = {"overlay": ("U", None, [(rows, "1"), (kind, "1")])}
    second = 0x00020000

    assert found(modules, {}) == []
    assert found(modules, {rows: ("US", dicom.us(1)), kind: ("CS", b"G ")}) == []
    assert found(modules, {rows + second: ("US", dicom.us(1))}) == [
        Found("iod.type-1-missing", "(6002,0040)")
    ]


def test_items_that_lack_the_same_are_all_counted_at_the_first() -> None:
    items = [(CODE, "1"), (MEANING, "2")]
    attribute = (CODES, "1", None, None, items)
    full, coded = {CODE: ("SH", b"A "), MEANING: ("LO", b"")}, {CODE: ("SH", b"A ")}

    result = found(module(attribute), {CODES: sequence(full, coded, {}, {}, coded, {}, full)})

    assert result == [
        Found("iod.type-2-missing", "(0008,1140)[1]>(0008,0104)", 5),
        Found("iod.type-1-missing", "(0008,1140)[2]>(0008,0100)", 3),
    ]


def test_items_that_lack_more_combinations_than_are_remembered_are_counted() -> None:
    tags = [0x00180000 + number for number in range(0x50, 0x6E, 2)]
    items = [
        {tag: ("LO", b"") for bit, tag in enumerate(tags) if not number >> bit & 1}
        for number in range(1, 1 << 11)
    ]
    attribute = (CODES, "1", None, None, [(tag, "2") for tag in tags])

    result = found(module(attribute), {CODES: sequence(*items)})

    assert [each.count for each in result] == [1 << 10] * 11
