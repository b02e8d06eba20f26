"""Single values: each form has a defect and a twin that is right."""

from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.report import Finding, Severity
from engine.encoding import vr as vrs
from engine.encoding.character_sets import declaration
from engine.findings import Findings
from engine.instance import Instance
from engine.profiles.profile import Profile
from engine.rules.catalogue import RULES
from engine.values import strings
from engine.values.check import check_values
from unit.engine import dicom_writer as dicom
from unit.engine.layers import changed, findings_in, instance_of

TAGS = {
    "AE": 0x00080054,
    "AS": 0x00101010,
    "CS": 0x00080008,
    "DA": 0x00080020,
    "DS": 0x00201041,
    "DT": 0x0008002A,
    "IS": 0x00200013,
    "LO": 0x00081030,
    "LT": 0x00104000,
    "PN": 0x00100010,
    "SH": 0x00080050,
    "ST": 0x00080081,
    "TM": 0x00080030,
    "UC": 0x00080119,
    "UR": 0x00081190,
    "UT": 0x0040A160,
}
"""An element of each VR that has text."""
CONTOUR_DATA, INSTANCE_NUMBER, STUDY_INSTANCE_UID = 0x30060050, 0x00200013, 0x0020000D
QUICKLY = settings(deadline=2000)  # a busy machine may take long for one of them


def values_of(vr: str, value: bytes) -> list[Finding]:
    """What is said of a CT image in which an element of the VR has the value."""
    value += b" " * (len(value) % 2)
    dataset = changed(dicom.ct(), {TAGS[vr]: (vr, value)})
    return findings_in(dicom.part10(dataset), "value", "structure")


def found_in_implicit_vr(tag: int, value: bytes) -> list[Finding]:
    """What is said of the values of a data set of one element, which may be long."""
    dataset = dicom.encode({tag: (vrs.NAMES[vrs.BY_TAG[tag]], value)}, dicom.IMPLICIT)
    return findings_in(dicom.part10(dataset, dicom.IMPLICIT), "value")


DEFECTS = [
    ("value.date", "DA", b"2024-13-45", b"20241231"),
    ("value.date", "DA", b"20240230", b"20240229"),
    ("value.date", "DA", b"20230229", b"20230228"),
    ("value.date", "DA", b"20240101-20240131", b"20240101"),
    ("value.date", "DA", b"20240101-", b"20240101"),
    ("value.date", "DA", b"240101", b"20240101"),
    ("value.date", "DA", b"00000000", b""),
    ("value.date", "DA", b" 20240101", b"20240101"),
    ("value.date-old-form", "DA", b"2003.10.12", b"20031012"),
    ("value.time", "TM", b"250000", b"235959"),
    ("value.time", "TM", b"1260", b"1259"),
    ("value.time", "TM", b"12300", b"1230"),
    ("value.time", "TM", b"123000.", b"123000.1"),
    ("value.time", "TM", b"123000.1234567", b"123000.123456"),
    ("value.time", "TM", b"1200-1300", b"12"),
    ("value.time", "TM", b" 120000", b"235960"),
    ("value.time-old-form", "TM", b"12:30:15.5", b"123015.5"),
    ("value.time-old-form", "TM", b"12:30", b"1230"),
    ("value.date-time", "DT", b"20241301", b"202412"),
    ("value.date-time", "DT", b"20240230120000", b"20240229120000.123456+0100"),
    ("value.date-time", "DT", b"2024-02-01", b"2024"),
    ("value.date-time", "DT", b"20240201+1500", b"20240201+1400"),
    ("value.date-time", "DT", b"20240201-1230", b"20240201-1200"),
    ("value.date-time", "DT", b"20240201-0000", b"20240201+0000"),
    ("value.date-time", "DT", b"20240201120000.1234567", b"20240201120000.123456"),
    ("value.age", "AS", b"45", b"045Y"),
    ("value.age", "AS", b"45Y", b"018M"),
    ("value.age", "AS", b"0045Y", b"007D"),
    ("value.age", "AS", b"045y", b"052W"),
    ("value.code-string", "CS", b"ORIGINAL\\primary\\AXIAL", b"ORIGINAL\\PRIMARY\\AXIAL"),
    ("value.code-string", "CS", b"ORIGINAL\\PRIMARY-1", b"ORIGINAL\\PRIMARY_1"),
    ("value.code-string", "CS", b"ORIGINAL\\SEVENTEEN_LETTERS", b"ORIGINAL\\SIXTEEN_LETTERS_"),
    ("value.integer", "IS", b"1.5", b"15"),
    ("value.integer", "IS", b"1A", b" -1 "),
    ("value.integer", "IS", b"1 000", b"+1000"),
    ("value.integer", "IS", b"2147483648", b"2147483647"),
    ("value.integer", "IS", b"-2147483649", b"-2147483648"),
    ("value.integer", "IS", b"0000000000001", b"000000000001"),
    ("value.decimal", "DS", b"1,5", b"1.5"),
    ("value.decimal", "DS", b"NaN", b"-1.5E-3"),
    ("value.decimal", "DS", b".", b"1."),
    ("value.decimal", "DS", b"1.23456789012345E1", b"1.2345678901E10"),
    ("value.decimal", "DS", b"1 2", b" 12 "),
    ("value.application-entity", "AE", b"SEVENTEEN_LETTERS", b"SIXTEEN_LETTERS_"),
    ("value.application-entity", "AE", b"    ", b""),
    ("value.application-entity", "AE", b"AE\x07", b"A e!"),
    ("value.name", "PN", b"A=B=C=D", b"A=B=C"),
    ("value.name", "PN", b"A^B^C^D^E^F", b"A^B^C^D^E"),
    ("value.name", "PN", b"A=A^B^C^D^E^F", b"A=A^B^C^D^E=A^B^C^D^E"),
    ("value.text-too-long", "PN", b"a" * 65, b"a" * 64),
    ("value.text-too-long", "PN", b"A=" + b"a" * 65, b"a" * 64 + b"=" + b"b" * 64),
    ("value.text-too-long", "LO", b"a" * 65, b"a" * 64),
    ("value.text-too-long", "SH", b"a" * 17, b"a" * 16),
    ("value.text-too-long", "ST", b"a" * 1025, b"a" * 1024),
    ("value.text-too-long", "LT", b"a" * 10241, b"a" * 10240),
    ("value.control-character", "LO", b"Head\nNeck", b"Head Neck"),
    ("value.control-character", "LO", b"Head\x1b", b"Head~"),
    ("value.control-character", "SH", b"12\x00\x0034", b"1234"),
    ("value.control-character", "PN", b"Doe\t^Jane", b"Doe ^Jane"),
    ("value.control-character", "UT", b"a\x07b", b"a\r\n\tb\x0c\\"),
    ("value.control-character", "UC", b"a\nb", b"a b"),
    ("value.uri", "UR", b"http://example.org/a b", b"http://example.org/a%20b"),
    ("value.uri", "UR", b" http://example.org/", b"http://example.org/"),
    ("value.uri", "UR", b"http://example.org/%zz", b"../a?b=c#d"),
    ("value.uri", "UR", b"http://example.org/\\b", b""),
    ("value.padding", "LO", b"Head\0\0", b"Head"),
    ("value.padding", "CS", b"ORIGINAL\\PRIMARY\0\0", b"ORIGINAL\\PRIMARY "),
    ("value.padding", "DA", b"20240101\0\0", b"20240101"),
    ("value.padding", "DA", b"20240101  ", b"20240101"),
    ("value.padding", "AS", b"045Y  ", b"045Y"),
]


@pytest.mark.parametrize(("code", "vr", "defective", "valid"), DEFECTS)
def test_a_value_of_the_wrong_form_is_found(
    code: str, vr: str, defective: bytes, valid: bytes
) -> None:
    assert values_of(vr, valid) == []
    [finding] = values_of(vr, defective)

    assert (finding.code, finding.severity) == (code, RULES[code].severity)
    assert finding.path is not None
    assert finding.expected


@pytest.mark.parametrize("vr", [vr for vr in TAGS if vr not in {"AE", "LT", "ST", "UT", "UR"}])
def test_spaces_are_padding(vr: str) -> None:
    assert values_of(vr, b"    ") == []


def test_empty_values_between_others_are_legal() -> None:
    assert values_of("CS", b"ORIGINAL\\\\AXIAL") == []


def test_a_value_that_may_be_a_persons_is_not_shown() -> None:
    [finding] = values_of("DA", b"1980-01-02")

    assert finding.found == "10 bytes (not shown)"


def test_a_value_that_no_person_is_known_by_is_shown() -> None:
    [finding] = values_of("DS", b"1234567890.12345678")
    assert "19 bytes" in (finding.found or "")  # too long to have the form of its VR

    [finding] = values_of("IS", b"2147483648")
    assert finding.found == "2147483648"


def test_text_is_counted_in_characters() -> None:
    name = {0x00080005: ("CS", b"ISO_IR 192")}
    sixty_four = ("é" * 64).encode()
    for text, codes in ((sixty_four, []), (sixty_four + b"a ", ["value.text-too-long"])):
        dataset = changed(dicom.ct(), name | {TAGS["LO"]: ("LO", text)})
        found = findings_in(dicom.part10(dataset), "value")
        assert [finding.code for finding in found] == codes


def test_the_number_of_characters_is_said() -> None:
    [finding] = values_of("SH", b"a" * 20)

    assert (finding.expected, finding.found) == ("at most 16 characters", "20 characters")


def test_values_in_items_are_judged_and_equal_defects_are_one_finding() -> None:
    date = dicom.item(dicom.element(0x00080020, "DA", b"20241301"))
    dataset = dicom.ct() | {0x00081140: ("SQ", date * 3)}

    [finding] = findings_in(dicom.part10(dataset), "value")

    assert (finding.code, finding.count) == ("value.date", 3)
    assert finding.path == "(0008,1140)[0]>(0008,0020)"


@pytest.mark.parametrize("vr", ["UT", "UC", "UR"])
def test_values_of_megabytes_are_legal_where_the_vr_has_no_bound(vr: str) -> None:
    assert values_of(vr, b"a" * 3_000_000) == []


@pytest.mark.parametrize("vr", ["LO", "LT", "PN", "SH", "ST"])
def test_values_of_megabytes_are_too_long_where_the_vr_has_a_bound(vr: str) -> None:
    for text in (b"a", b"a ", "ü ".encode("latin-1")):
        found = found_in_implicit_vr(TAGS[vr], text * 1_500_000)
        assert "value.text-too-long" in {finding.code for finding in found}


@pytest.mark.timeout(20)
def test_only_the_beginning_of_a_long_text_is_decoded() -> None:
    umlauts = "ü ".encode() * 1_000_000
    dataset = changed(
        dicom.ct(), {0x00080005: ("CS", b"ISO_IR 192"), TAGS["UT"]: ("UT", umlauts + b" ")}
    )
    assert findings_in(dicom.part10(dataset), "value") == []

    dataset[TAGS["UT"]] = ("UT", b"\xff " + umlauts)
    [finding] = findings_in(dicom.part10(dataset), "value")
    assert finding.code == "value.undecodable"


def test_a_long_list_of_numbers_is_judged_by_its_beginning() -> None:
    contour = b"\\".join([b"-123.456"] * 300_000) + b" "
    assert found_in_implicit_vr(CONTOUR_DATA, contour) == []

    [finding] = found_in_implicit_vr(CONTOUR_DATA, b"1,5\\2\\3\\" + contour)
    assert finding.code == "value.decimal"


@pytest.mark.parametrize(
    ("tag", "value", "found"),
    [
        (CONTOUR_DATA, b"\\".join([b"-123.456"] * 300_001), "300001 values"),
        (INSTANCE_NUMBER, b"\\".join([b"1"] * 1_000_000) + b" ", "1000000 values"),
        (STUDY_INSTANCE_UID, b"\\".join([b"1.2.3"] * 500_000) + b"\0", "500000 values"),
    ],
)
def test_all_values_of_a_long_list_are_counted(tag: int, value: bytes, found: str) -> None:
    [finding] = found_in_implicit_vr(tag, value)
    assert (finding.code, finding.found) == ("value.multiplicity", found)


def test_severities_are_warnings_unless_the_standard_is_kept() -> None:
    for code, rule in RULES.items():
        if code.startswith("value."):
            expected = Severity.WARNING if rule.violation else Severity.INFO
            assert rule.severity is expected


@QUICKLY
@given(st.sampled_from(sorted({*vrs.TEXT, -1})), st.binary(max_size=300), st.binary(max_size=40))
def test_any_bytes_get_a_judgement(vr: int, value: bytes, declared: bytes) -> None:
    characters = declaration(declared).characters
    assert strings.judge(vr, value, 0, len(value), characters).values >= 0


@QUICKLY
@given(st.sampled_from(sorted({*vrs.TEXT, -1})), st.binary(min_size=40, max_size=300))
def test_the_beginning_of_a_very_long_value_gets_a_judgement(vr: int, value: bytes) -> None:
    characters = declaration(b"").characters
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strings, "_REMEMBERED_LENGTH", 16)
        patch.setattr(strings, "_MOST", 32)
        count = strings.judge(vr, value, 0, len(value), characters).values
    assert count in {0, value.count(b"\\") + 1}


TERMS = [b"", b"ISO_IR 100", b"ISO_IR 13", b"ISO_IR 192", b"GB18030", b"GBK", b"ISO 2022 IR 6"]
TERMS += [b"ISO 2022 IR %d" % number for number in (13, 58, 87, 100, 149, 159, 166)]
ESCAPES = [b"\x1b$B", b"\x1b(B", b"\x1b(J", b"\x1b$)C", b"\x1b$)A", b"\x1b$(D", b"\x1b-A", b"\x1b"]


@QUICKLY
@given(
    st.lists(st.sampled_from(TERMS), max_size=4),
    st.lists(st.one_of(st.sampled_from(ESCAPES), st.binary(max_size=8)), max_size=8),
)
def test_any_bytes_in_any_character_sets_get_a_judgement(
    terms: list[bytes], parts: list[bytes]
) -> None:
    characters = declaration(b"\\".join(terms)).characters
    name = b"".join(parts)
    assert strings.judge(vrs.CODES[b"PN"], name, 0, len(name), characters).values >= 0


@QUICKLY
@given(st.sampled_from(sorted(vrs.CODES)), st.binary(max_size=64), st.booleans())
def test_any_bytes_of_any_vr_in_a_file_give_a_report(
    letters: bytes, value: bytes, private: bool
) -> None:
    tag = 0x00091001 if private else 0x00189999
    dataset = dicom.element(tag, letters.decode(), value)
    for finding in findings_in(dicom.part10(dataset), "value"):
        assert finding.message


def test_floating_point_numbers_that_are_none_are_remarked_on() -> None:
    tag, padding_value = 0x00189073, 0x00280122
    for value, vr, of, codes in (
        (pack("<d", 1.5), "FD", tag, []),
        (pack("<d", float("nan")), "FD", tag, ["value.not-finite"]),
        (pack("<d", float("-inf")), "FD", tag, ["value.not-finite"]),
        (pack("<f", float("nan")), "FL", padding_value, []),
    ):
        dataset = changed(dicom.ct(), {of: (vr, value)})
        found = findings_in(dicom.part10(dataset), "value")
        assert [finding.code for finding in found] == codes


def test_floating_point_numbers_are_read_in_their_byte_order() -> None:
    dataset = dicom.ct() | {0x00189073: ("FD", pack(">d", float("inf")))}

    found = findings_in(dicom.part10(dataset, dicom.BIG_ENDIAN), "value")

    assert [finding.code for finding in found] == ["value.not-finite"]


def test_the_pass_needs_no_file_meta_information() -> None:
    profile = Profile()
    findings = Findings(profile)
    bare = dicom.encode(changed(dicom.ct(), {TAGS["DA"]: ("DA", b"20241301")}))
    instance = instance_of(bare)
    assert isinstance(instance, Instance)
    check_values(instance, findings)

    assert [finding.code for finding in findings.in_order("", "")] == ["value.date"]
