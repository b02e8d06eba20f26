"""Private elements: whose they are, and where they may be."""

import pytest

from contracts.report import Finding, Severity
from unit.engine import dicom_writer as dicom
from unit.engine.layers import findings_in

OURS = ("LO", b"OURS")
VALUE = ("LO", b"what")


def findings(elements: dicom.DataSet, syntax: str = dicom.EXPLICIT) -> list[Finding]:
    return findings_in(dicom.part10(dicom.ct() | elements, syntax), "private", "value", "structure")


def codes(elements: dicom.DataSet) -> list[str]:
    return [finding.code for finding in findings(elements)]


@pytest.mark.parametrize("syntax", [dicom.EXPLICIT, dicom.IMPLICIT, dicom.BIG_ENDIAN])
def test_private_elements_in_the_block_of_a_creator_are_legal(syntax: str) -> None:
    elements = {0x00090010: OURS, 0x00091001: VALUE, 0x000910FF: VALUE, 0x000B0020: OURS}

    assert findings(elements, syntax) == []


def test_a_private_element_without_a_creator_is_found() -> None:
    [finding] = findings({0x00090010: OURS, 0x00091101: VALUE})

    assert (finding.code, finding.path) == ("private.creator-missing", "(0009,1101)")
    assert finding.expected == "a creator in (0009,0011)"


def test_the_creator_of_another_group_or_data_set_does_not_count() -> None:
    assert codes({0x00090010: OURS, 0x000B1001: VALUE}) == ["private.creator-missing"]

    private = dicom.element(0x00091001, "LO", b"what")
    creator = dicom.element(0x00090010, "LO", b"OURS")
    outer = {0x00090010: OURS}
    assert codes(outer | {0x00081140: ("SQ", dicom.item(private))}) == ["private.creator-missing"]
    assert codes(outer | {0x00081140: ("SQ", dicom.item(creator + private))}) == []


def test_a_creator_behind_its_elements_counts() -> None:
    dataset = dicom.encode(dicom.ct())
    dataset += dicom.element(0x7FE11001, "LO", b"what") + dicom.element(0x7FE10010, "LO", b"OURS")

    found = findings_in(dicom.part10(dataset), "private", "structure")

    assert [finding.code for finding in found] == ["structure.order"]


@pytest.mark.parametrize(
    ("creator", "found"),
    [
        (("LO", b""), "no value"),
        (("LO", b"  "), "no value"),
        (("LO", b"OURS\\THEM "), "several values"),
        (("SH", b"OURS"), "VR SH"),
        (("UN", b"OURS"), "VR UN"),
    ],
)
def test_a_creator_is_one_value_of_vr_lo(creator: tuple[str, bytes], found: str) -> None:
    [finding] = findings({0x00090010: creator, 0x00091001: VALUE})

    assert (finding.code, finding.found) == ("private.creator-invalid", found)
    assert finding.path == "(0009,0010)"


def test_two_blocks_of_one_creator_are_a_remark() -> None:
    [finding] = findings({0x00090010: OURS, 0x00090011: ("LO", b"OURS  ")})
    assert (finding.code, finding.severity) == ("private.creator-duplicate", Severity.INFO)

    assert codes({0x00090010: OURS, 0x000B0010: OURS, 0x00090011: ("LO", b"THEM")}) == []


@pytest.mark.parametrize("tag", [0x00090001, 0x0009000F, 0x00090100, 0x00090FFF])
def test_a_number_that_belongs_to_no_block_is_found(tag: int) -> None:
    assert codes({tag: VALUE}) == ["private.number-forbidden"]


@pytest.mark.parametrize("group", [0x0001, 0x0003, 0x0005, 0x0007])
def test_an_odd_group_that_may_not_be_used_is_found(group: int) -> None:
    item = dicom.item(dicom.element(group << 16 | 0x1001, "LO", b"what"))

    assert codes({0x00081140: ("SQ", item)}) == ["private.group-forbidden"]


def test_group_lengths_of_private_groups_are_no_private_elements() -> None:
    length = dicom.element(0x00090010, "LO", b"OURS")
    elements = {0x00090000: ("UL", len(length).to_bytes(4, "little")), 0x00090010: OURS}

    assert codes(elements) == ["structure.group-length-retired"]


def test_private_values_have_the_form_of_their_vr_and_any_multiplicity() -> None:
    creator = {0x00090010: OURS}
    assert codes(creator | {0x00091001: ("DA", b"20240101\\20240102 ")}) == []
    assert codes(creator | {0x00091001: ("DA", b"20241301")}) == ["value.date"]
    assert codes(creator | {0x00091001: ("UN", b"\xff\xfe")}) == []
