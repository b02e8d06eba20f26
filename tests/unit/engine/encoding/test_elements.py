"""The table of elements: its levels, and the single values of an element."""

from struct import pack

import pytest

from engine.encoding import vr as vrs
from engine.encoding.elements import TOP, Element, Elements
from engine.encoding.values import Value, values_of
from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom
from unit.engine.layers import instance_of

PROFILE = Profile()
SEQUENCE, OTHER = 0x00081140, 0x00081115
CODE, MEANING, ROWS = 0x00080100, 0x00080104, 0x00280010


def table(dataset: dicom.DataSet, syntax: str = dicom.EXPLICIT) -> Elements:
    instance = instance_of(dicom.part10(dataset, syntax))
    assert instance is not None
    return instance.dataset


def sequence(*items: dicom.DataSet) -> tuple[str, bytes]:
    return "SQ", b"".join(dicom.item(dicom.encode(item)) for item in items)


def test_levels_of_a_nested_data_set() -> None:
    inner = {CODE: ("SH", b"A "), MEANING: ("LO", b"B ")}
    elements = table(
        {
            SEQUENCE: sequence({OTHER: sequence(inner, {}), CODE: ("SH", b"C ")}, inner),
            OTHER: sequence(),
            ROWS: ("US", dicom.us(4)),
        }
    )

    top = elements.level(TOP)
    first, second = elements.children(top[SEQUENCE])
    nested, empty = elements.children(elements.level(first)[OTHER])

    assert list(top) == [OTHER, SEQUENCE, ROWS]
    assert list(elements.children(top[OTHER])) == []
    assert list(elements.level(first)) == [CODE, OTHER]
    assert list(elements.level(second)) == list(elements.level(nested)) == [CODE, MEANING]
    assert elements.level(empty) == {}
    assert [elements.tags[row] for row in elements.children(second)] == [CODE, MEANING]


def test_levels_of_a_table_without_rows() -> None:
    assert Elements(b"", "little").level(TOP) == {}


@pytest.mark.parametrize(
    ("vr", "value", "empty"),
    [
        ("SQ", b"", True),
        ("SQ", dicom.item(b""), False),
        ("LO", b"", True),
        ("LO", b"  ", True),
        ("UI", b"\0\0", True),
        ("LO", b" a", False),
        ("OB", b"", True),
        ("OB", b"\0\0", False),
    ],
)
def test_what_is_empty(vr: str, value: bytes, *, empty: bool) -> None:
    elements = table({SEQUENCE: (vr, value)})

    assert elements.is_empty(elements.level(TOP)[SEQUENCE]) is empty


@pytest.mark.parametrize(
    ("vr", "value", "values"),
    [
        (b"CS", b"ORIGINAL\\PRIMARY ", ("ORIGINAL", "PRIMARY")),
        (b"CS", b"\\B ", ("", "B")),
        (b"CS", b"  ", ()),
        (b"UI", b"1.2\0", ("1.2",)),
        (b"LO", b"M\xfcller", ("M\ufffdller",)),
        (b"UT", b"a\\b ", ("a\\b",)),
        (b"US", b"\1\0\2\0\3", (1, 2)),
        (b"SS", b"\xff\xff", (-1,)),
        (b"UL", b"\1\0\0\0", (1,)),
        (b"SV", b"\xff" * 8, (-1,)),
        (b"FD", pack("<d", 0.5), (0.5,)),
        (b"FL", pack("<f", 0.5), (0.5,)),
        (b"AT", b"\x28\0\x10\0\x28\0", (ROWS,)),
        (b"OW", b"\1\0", ()),
    ],
)
def test_single_values(vr: bytes, value: bytes, values: tuple[Value, ...]) -> None:
    assert values_of(vrs.CODES[vr], value, "little") == values


def test_binary_values_in_big_endian_order() -> None:
    assert values_of(vrs.CODES[b"US"], b"\0\1", "big") == (1,)
    assert values_of(vrs.CODES[b"AT"], b"\0\x28\0\x10", "big") == (ROWS,)


def test_an_element_of_unknown_vr_is_read_as_the_dictionary_says() -> None:
    elements = table({ROWS: ("UN", dicom.us(4))})

    assert Element(elements, 0).values() == (4,)


def test_of_a_long_element_the_first_values() -> None:
    elements = table({ROWS: ("US", dicom.us(4) * 5000)})

    assert Element(elements, 0).values() == (4,) * 128


def test_paths_have_the_index_of_an_item_in_any_order_of_asking() -> None:
    inner = {CODE: ("SH", b"A ")}
    elements = table({SEQUENCE: sequence({}, {OTHER: sequence({}, inner, {})}, inner, {})})
    rows = [row for row, tag in enumerate(elements.tags) if tag == CODE]
    paths = ["(0008,1140)[1]>(0008,1115)[1]>(0008,0100)", "(0008,1140)[2]>(0008,0100)"]
    trails = [(SEQUENCE, OTHER, CODE), (SEQUENCE, CODE)]

    for order in ((0, 1), (1, 0), (0, 0, 1, 1)):
        assert [Element(elements, rows[i]).path for i in order] == [paths[i] for i in order]
        assert [Element(elements, rows[i]).trail for i in order] == [trails[i] for i in order]


def test_an_item_and_a_fragment_have_the_trail_of_what_they_are_in() -> None:
    elements = table({SEQUENCE: sequence({}, {OTHER: sequence({})})})
    assert [Element(elements, row).trail for row in range(len(elements.tags))] == [
        (SEQUENCE,),
        (SEQUENCE,),
        (SEQUENCE,),
        (SEQUENCE, OTHER),
        (SEQUENCE, OTHER),
    ]
