"""Rules of a site's own: what each asks for, where, of which instances."""

from struct import pack
from typing import Any

import pytest

from contracts.report import Finding, Severity
from engine.examination import examine
from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom

SEQUENCE = 0x00081140
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def found(
    rule: dict[str, Any], dataset: dicom.DataSet | None = None, *, syntax: str = dicom.EXPLICIT
) -> list[Finding]:
    """The findings of one site rule on the CT image, with other elements in it if given."""
    profile = Profile.model_validate({"rules": [{"id": "ours", **rule}]})
    data = dicom.part10(dicom.ct() | (dataset or {}), syntax)
    findings = examine(data, profile).findings
    return [finding for finding in findings if finding.code.startswith("site.")]


def codes(rule: dict[str, Any], dataset: dicom.DataSet | None = None) -> list[str]:
    return [finding.code for finding in found(rule, dataset)]


def with_items(*contents: bytes) -> dicom.DataSet:
    return {SEQUENCE: ("SQ", b"".join(map(dicom.item, contents)))}


THICK = {0x00180050: ("DS", b"2.5 ")}
EMPTY = {0x00180050: ("DS", b"")}
PART = {0x00180015: ("CS", b"HEAD")}
CLASS_UID = dicom.element(0x00081150, "UI", dicom.uid("1.2.3"))
INSTANCE_UID = dicom.element(0x00081155, "UI", dicom.uid("1.2.4"))
REFERENCE = "ReferencedImageSequence > ReferencedSOPClassUID"


@pytest.mark.parametrize(
    ("rule", "dataset", "expected"),
    [
        ({"must_be": "present"}, {}, ["site.element-missing"]),
        ({"must_be": "present"}, EMPTY, []),
        ({"must_be": "filled"}, {}, ["site.element-missing"]),
        ({"must_be": "filled"}, EMPTY, ["site.element-empty"]),
        ({"must_be": "filled"}, THICK, []),
        ({"must_be": "empty"}, {}, []),
        ({"must_be": "empty"}, EMPTY, []),
        ({"must_be": "empty"}, THICK, ["site.value-present"]),
        ({"must_be": "absent"}, {}, []),
        ({"must_be": "absent"}, EMPTY, ["site.element-present"]),
        ({"at_most": 2}, THICK, ["site.value-out-of-range"]),
        ({"at_most": 2.5}, THICK, []),
        ({"at_least": 3}, THICK, ["site.value-out-of-range"]),
        ({"at_least": 2.5}, THICK, []),
        ({"at_most": 2}, {0x00180050: ("DS", b"thin")}, ["site.value-out-of-range"]),
        ({"at_most": 2}, {}, []),
        ({"at_most": 2}, EMPTY, []),
        ({"at_most": 2, "must_be": "filled"}, EMPTY, ["site.element-empty"]),
        ({"in": ["2.50", "5"]}, THICK, []),
        ({"in": ["1", "5"]}, THICK, ["site.value-not-allowed"]),
    ],
)
def test_what_a_rule_asks_of_an_element(
    rule: dict[str, Any], dataset: dicom.DataSet, expected: list[str]
) -> None:
    assert codes({"element": "SliceThickness", **rule}, dataset) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"HEAD", []), (b"NECK ", []), (b"ABDOMEN ", ["site.value-not-allowed"]), (b"", [])],
)
def test_a_value_is_one_of_a_list(value: bytes, expected: list[str]) -> None:
    rule = {"element": "BodyPartExamined", "in": ["HEAD", "NECK"]}
    assert codes(rule, {0x00180015: ("CS", value)}) == expected


def test_a_value_has_a_form() -> None:
    rule = {"element": "PatientID", "matches": r"ABC-\d{3}"}
    assert codes(rule, {0x00100020: ("LO", b"ABC-042 ")}) == []
    assert codes(rule, {0x00100020: ("LO", b"ABC-42")}) == ["site.value-format"]
    assert codes(rule, {0x00100020: ("LO", b"ABC-042" + b"0" * 2000)}) == ["site.value-format"]


def test_every_value_counts_or_the_one_at_a_position() -> None:
    primary = {"element": "ImageType", "in": ["ORIGINAL", "PRIMARY"]}
    assert codes(primary) == ["site.value-not-allowed"]
    assert codes(primary | {"position": 2}) == []
    assert codes(primary | {"position": 3}) == ["site.value-not-allowed"]
    assert codes(primary | {"position": 4}) == []
    [finding] = found(primary | {"position": 4, "must_be": "filled"})
    assert (finding.code, finding.expected) == ("site.element-empty", "ours: value 4")


@pytest.mark.parametrize("syntax", [dicom.EXPLICIT, dicom.IMPLICIT, dicom.BIG_ENDIAN])
def test_binary_numbers_are_read_in_the_byte_order_of_the_file(syntax: str) -> None:
    assert found({"element": "Rows", "at_least": 4, "at_most": 4}, syntax=syntax) == []
    [finding] = found({"element": "Rows", "at_least": 512}, syntax=syntax)
    assert (finding.found, finding.expected) == ("4", "ours: at least 512")


@pytest.mark.parametrize(
    ("vr", "value"),
    [("FL", pack("<f", 2.5)), ("FD", pack("<d", 2.5)), ("SS", pack("<h", 3)), ("UT", b"2.5")],
)
def test_a_number_is_read_as_the_file_writes_it(vr: str, value: bytes) -> None:
    rule = {"element": "SliceThickness", "at_most": 2}
    assert codes(rule, {0x00180050: (vr, value)}) == ["site.value-out-of-range"]


def test_a_number_of_32_bits_is_what_it_was_written_as() -> None:
    rule = {"element": "SliceThickness", "in": "0.1", "at_least": 0.1, "at_most": 0.1}
    assert codes(rule, {0x00180050: ("FL", pack("<f", 0.1))}) == []
    assert codes(rule, {0x00180050: ("FL", pack("<f", float("nan")))}) == [
        "site.value-not-allowed",
        "site.value-out-of-range",
    ]


def test_texts_are_compared_in_the_character_set_of_the_file() -> None:
    rule = {"element": "StudyDescription", "in": "Schädel"}
    latin, greek = "Schädel ".encode("latin-1"), {0x00080005: ("CS", b"ISO_IR 126")}
    assert codes(rule, {0x00081030: ("LO", latin)}) == []
    assert codes(rule, {0x00081030: ("LO", latin)} | greek) == ["site.value-not-allowed"]
    utf_8 = {0x00080005: ("CS", b"ISO_IR 192"), 0x00081030: ("LO", "Schädel".encode())}
    assert codes(rule, utf_8) == []


def test_a_rule_looks_into_every_item() -> None:
    rule = {"element": REFERENCE, "must_be": "filled"}
    assert codes(rule, with_items(CLASS_UID + INSTANCE_UID)) == []
    [finding] = found(rule, with_items(CLASS_UID, INSTANCE_UID, INSTANCE_UID))
    assert (finding.code, finding.count) == ("site.element-missing", 2)
    assert finding.path == "(0008,1140)[1]>(0008,1150)"


@pytest.mark.parametrize("dataset", [{}, with_items()])
def test_without_the_sequence_or_its_items_the_element_is_missing(dataset: dicom.DataSet) -> None:
    [finding] = found({"element": REFERENCE, "must_be": "filled"}, dataset)
    assert (finding.code, finding.path) == ("site.element-missing", "(0008,1140)")
    assert codes({"element": REFERENCE, "must_be": "absent"}, dataset) == []


def test_an_element_can_be_looked_for_at_any_depth() -> None:
    absent = {"element": "ReferencedSOPClassUID", "anywhere": True, "must_be": "absent"}
    [finding] = found(absent, with_items(CLASS_UID, CLASS_UID))
    assert (finding.path, finding.count) == ("(0008,1140)[0]>(0008,1150)", 2)
    inside = absent | {"element": REFERENCE}
    assert codes(inside, with_items(CLASS_UID)) == ["site.element-present"]
    assert codes(absent | {"element": f"SourceImageSequence > {absent['element']}"}) == []
    required = {"element": "ReferencedSOPClassUID", "anywhere": True, "must_be": "filled"}
    assert codes(required, with_items(CLASS_UID, INSTANCE_UID)) == []
    assert codes(required, with_items(INSTANCE_UID)) == ["site.element-missing"]


def test_elements_of_the_file_meta_information_can_be_asked_for() -> None:
    allowed = {"element": "TransferSyntaxUID", "in": dicom.EXPLICIT}
    assert codes(allowed) == []
    [finding] = found(allowed | {"in": dicom.JPEG})
    assert (finding.path, finding.found) == ("(0002,0010)", dicom.EXPLICIT)


@pytest.mark.parametrize(
    ("selection", "applies"),
    [
        ({}, True),
        ({"modality": "CT"}, True),
        ({"modality": ["MR", "CT"]}, True),
        ({"modality": "MR"}, False),
        ({"sop_class": "CTImageStorage"}, True),
        ({"sop_class": "CT Image Storage", "modality": "CT"}, True),
        ({"sop_class": "CT Image Storage", "modality": "MR"}, False),
        ({"sop_class": ENHANCED_CT}, False),
    ],
)
def test_a_rule_is_for_instances_of_some_kinds(selection: dict[str, Any], applies: bool) -> None:
    rule = {"element": "SliceThickness", "must_be": "filled", **selection}
    assert bool(codes(rule)) is applies


def test_a_finding_says_which_rule_it_is_of_in_the_words_of_the_site() -> None:
    rule = {
        "id": "thin-slices",
        "element": "SliceThickness",
        "at_most": 2,
        "severity": "warning",
        "message": "The volumetry takes slices of at most 2 mm.",
    }
    [finding] = found(rule, THICK)
    assert finding.severity is Severity.WARNING
    assert finding.message == "The volumetry takes slices of at most 2 mm."
    assert (finding.path, finding.keyword) == ("(0018,0050)", "SliceThickness")
    assert (finding.expected, finding.found) == ("thin-slices: at most 2", "2.5")
    assert finding.section is None


def test_rules_about_one_element_are_kept_apart() -> None:
    rules = [
        {"id": "a", "element": "SliceThickness", "at_most": 2, "severity": "info"},
        {"id": "b", "element": "SliceThickness", "at_most": 1, "severity": "error"},
    ]
    profile = Profile.model_validate(
        {"rules": rules, "severities": [{"code": "*", "severity": "mute"}]}
    )
    findings = examine(dicom.part10(dicom.ct() | THICK), profile).findings
    assert [(one.expected, one.severity.value) for one in findings] == [
        ("a: at most 2", "info"),
        ("b: at most 1", "error"),
    ]


def test_a_value_that_may_tell_who_the_patient_is_is_not_shown() -> None:
    [finding] = found({"element": "PatientName", "in": "Smith"})
    assert finding.found == "8 bytes (not shown)"


def test_nothing_is_missing_behind_the_place_where_a_file_breaks_off() -> None:
    rules = [
        {"id": "a", "element": "SliceThickness", "must_be": "filled"},
        {"id": "b", "element": REFERENCE, "must_be": "filled"},
    ]
    profile = Profile.model_validate({"rules": rules})
    data = dicom.part10(dicom.ct() | with_items(INSTANCE_UID))
    cut = data[: data.index(INSTANCE_UID) + 4]
    findings = examine(cut, profile).findings
    assert not [finding for finding in findings if finding.code.startswith("site.")]


def test_many_places_are_counted_in_one_finding_more() -> None:
    item = dicom.item(CLASS_UID)
    sequences = dict.fromkeys((528656, 528657, 528661, SEQUENCE), ("SQ", item))
    rule = {"id": "a", "element": "ReferencedSOPClassUID", "anywhere": True, "must_be": "absent"}
    profile = Profile.model_validate({"rules": [rule], "limits": {"max_findings_per_code": 2}})
    findings = examine(dicom.part10(dicom.ct() | sequences), profile).findings
    ours = [finding for finding in findings if finding.code == "site.element-present"]
    assert sorted((finding.path or "", finding.count) for finding in ours) == [
        ("", 2),
        ("(0008,1110)[0]>(0008,1150)", 1),
        ("(0008,1111)[0]>(0008,1150)", 1),
    ]


@pytest.mark.parametrize(
    ("rule", "dataset", "expected"),
    [
        ({"require": "SliceThickness <= 2"}, THICK, ["site.relation"]),
        ({"require": "SliceThickness <= 2"}, EMPTY, []),
        ({"require": "SliceThickness <= 2"}, {}, []),
        ({"require": "SliceThickness <= Rows"}, THICK, []),
        ({"require": "SliceThickness <= 2", "when": "Modality == 'MR'"}, THICK, []),
        ({"require": "SliceThickness <= 2", "when": "Modality == 'CT'"}, THICK, ["site.relation"]),
        ({"require": "SliceThickness <= 2", "must_be": "filled"}, EMPTY, ["site.element-empty"]),
    ],
)
def test_a_formula_relates_the_element_to_others(
    rule: dict[str, Any], dataset: dicom.DataSet, expected: list[str]
) -> None:
    assert codes({"element": "SliceThickness", **rule}, dataset) == expected


def test_a_formula_is_about_the_item_that_has_the_element() -> None:
    rule = {"element": REFERENCE, "require": "ReferencedSOPInstanceUID != outer.SOPInstanceUID"}
    own = dicom.element(0x00081155, "UI", dicom.uid(dicom.INSTANCE_UID))

    assert codes(rule, with_items(CLASS_UID + INSTANCE_UID)) == []
    [finding] = found(rule, with_items(CLASS_UID + INSTANCE_UID, CLASS_UID + own))
    assert finding.path == "(0008,1140)[1]>(0008,1150)"


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"require": "SliceThickness <= "}, "expected an attribute, a number or a text"),
        ({"require": "SliceThicknes <= 1"}, "unknown element 'SliceThicknes'"),
        ({"when": "Rows == 1", "must_be": "filled"}, "when needs require"),
        ({}, "the rule requires nothing"),
    ],
)
def test_a_formula_that_is_none_is_refused(rule: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        found({"element": "SliceThickness", **rule}, THICK)
