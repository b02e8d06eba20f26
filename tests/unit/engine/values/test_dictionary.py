"""Elements against the data dictionary: multiplicity, VR, length, retired and unknown ones."""

from collections.abc import Mapping
from struct import pack

import pytest

from contracts.report import Finding, Severity
from engine.values.multiplicity import multiplicity
from unit.engine import dicom_writer as dicom
from unit.engine.layers import changed, findings_in


def findings(changes: Mapping[int, tuple[str, bytes] | None]) -> list[Finding]:
    return findings_in(dicom.part10(changed(dicom.ct(), changes)), "value", "structure")


def codes(changes: Mapping[int, tuple[str, bytes] | None]) -> list[str]:
    return [finding.code for finding in findings(changes)]


@pytest.mark.parametrize(
    ("text", "legal", "illegal"),
    [
        ("1", {1}, {0, 2}),
        ("3", {3}, {2, 4}),
        ("1-3", {1, 2, 3}, {0, 4}),
        ("1-n", {1, 2, 10**6}, {0}),
        ("3-n", {3, 4, 100}, {2}),
        ("2-2n", {2, 4, 100}, {1, 3, 101}),
        ("3-3n", {3, 300_000}, {1, 4}),
        ("1-n or 1", {1, 7}, {0}),
        ("1 or 3", {1, 3}, {0, 4}),
    ],
)
def test_multiplicities_of_the_dictionary_are_understood(
    text: str, legal: set[int], illegal: set[int]
) -> None:
    minimum, maximum, step = multiplicity(text)
    for count in legal:
        assert minimum <= count <= maximum
        assert count % step == 0
    for count in illegal:
        assert not minimum <= count <= maximum or count % step


@pytest.mark.parametrize(
    ("element", "valid", "said"),
    [
        ((0x00280030, "DS", b"1.0\\1.0\\1.0 "), b"1.0\\1.0 ", ("VM 2", "3 values")),
        ((0x00280030, "DS", b"1.0 "), b"", ("VM 2", "1 value")),
        ((0x00080060, "CS", b"CT\\MR "), b"CT", ("VM 1", "2 values")),
        ((0x00081030, "LO", b"Head\\Neck "), b"Head/Neck ", ("VM 1", "2 values")),
        ((0x00280010, "US", pack("<2H", 4, 4)), pack("<H", 4), ("VM 1", "2 values")),
        ((0x00200037, "DS", b"1\\0\\0\\0\\1 "), b"1\\0\\0\\0\\1\\0 ", ("VM 6", "5 values")),
        ((0x00700022, "FL", pack("<f", 1)), pack("<3f", 1, 2, 3), ("VM 2-n", "1 value")),
        ((0x0008001B, "UI", b"1.2.3\\1.2.4\0"), b"1.2.3\0", ("VM 1", "2 values")),
    ],
)
def test_another_number_of_values_is_found(
    element: tuple[int, str, bytes], valid: bytes, said: tuple[str, str]
) -> None:
    tag, vr, defective = element
    assert codes({tag: (vr, valid)}) == []

    [finding] = findings({tag: (vr, defective)})

    assert finding.code == "value.multiplicity"
    assert (finding.expected, finding.found) == said


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00080008, "CS", b"A\\B\\C\\D "),
        (0x00720066, "LO", b"A\\B "),
        (0x0008001A, "UI", b"1.2.3\\1.2.4\0"),
        (0x00104000, "LT", b"a\\b "),
        (0x00091001, "LO", b"A\\B "),
    ],
)
def test_many_values_are_legal_where_there_may_be_many(tag: int, vr: str, value: bytes) -> None:
    creator = {0x00090010: ("LO", b"OURS")}
    assert codes(creator | {tag: (vr, value)}) == []


def test_a_contour_has_three_coordinates_for_each_point() -> None:
    for value, expected in ((b"1\\2\\3\\4\\5\\6 ", []), (b"1\\2\\3\\4 ", ["value.multiplicity"])):
        contour = dicom.item(dicom.element(0x30060050, "DS", value))
        assert codes({0x30060040: ("SQ", contour)}) == expected


def test_a_uid_that_an_instance_is_filed_by_has_one_value_and_one_finding() -> None:
    found = findings_in(
        dicom.part10(dicom.ct() | {0x0020000D: ("UI", b"1.2.3\\1.2.4\0")}), "value", "uid"
    )
    assert [finding.code for finding in found] == ["uid.malformed"]


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00280100, "US", bytes(3)),
        (0x00189073, "FD", bytes(12)),
        (0x00089459, "FL", bytes(6)),
        (0x00280009, "AT", bytes(6)),
        (0x00660016, "OF", bytes(6)),
    ],
)
def test_a_length_that_numbers_do_not_fill_is_found(tag: int, vr: str, value: bytes) -> None:
    found = codes({tag: (vr, value)})

    # An odd length is a defect of its own, which says as much.
    assert found == ["structure.length-odd" if len(value) % 2 else "value.length"]


def test_a_vr_that_is_not_the_dictionarys_is_found() -> None:
    [finding] = findings({0x00080050: ("LO", b"A123")})
    assert (finding.code, finding.expected, finding.found) == (
        "structure.vr-mismatch",
        "SH",
        "LO",
    )

    assert codes({0x00080050: ("SH", b"A123")}) == []


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00280106, "US", bytes(2)),
        (0x00280106, "SS", bytes(2)),
        (0x00283006, "US", bytes(4)),
        (0x00283006, "OW", bytes(4)),
        (0x60003000, "OB", bytes(4)),
        (0x60003000, "OW", bytes(4)),
        (0x60023000, "OW", bytes(4)),
    ],
)
def test_each_vr_that_the_dictionary_leaves_open_is_legal(tag: int, vr: str, value: bytes) -> None:
    assert codes({tag: (vr, value)}) == []


def test_an_element_of_unknown_vr_that_the_dictionary_knows_is_a_remark() -> None:
    [finding] = findings({0x00080050: ("UN", b"A123")})

    assert (finding.code, finding.severity) == ("structure.vr-un", Severity.INFO)
    assert finding.expected == "SH"


def test_the_value_of_an_element_of_unknown_vr_is_judged_as_the_dictionary_has_it() -> None:
    assert codes({0x00080020: ("UN", b"20241301")}) == ["structure.vr-un", "value.date"]


def test_a_retired_element_is_a_remark() -> None:
    [finding] = findings({0x00080010: ("SH", b"ACR-NEMA")})

    assert (finding.code, finding.severity) == ("value.retired-element", Severity.INFO)


def test_an_even_element_that_the_dictionary_does_not_know_is_found() -> None:
    assert codes({0x00080009: ("LO", b"what")}) == ["value.unknown-element"]
    assert codes({0x00090010: ("LO", b"OURS"), 0x00091009: ("LO", b"what")}) == []


def test_elements_of_repeating_groups_are_known() -> None:
    assert codes({0x60120010: ("US", dicom.us(4))}) == []
    assert codes({0x60110010: ("US", dicom.us(4))}) == []  # odd groups are private
