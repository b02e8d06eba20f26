"""What reports show of a file: nothing that a person may be known by, unless the profile allows."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.comparison.compare import Compared, compare
from engine.disclosure import shown, shown_value
from engine.encoding import vr as vrs
from engine.examination import examine
from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom

PATIENT_NAME, PATIENT_ID, PATIENT_WEIGHT, PATIENT_SEX = (
    0x00100010,
    0x00100020,
    0x00101030,
    0x00100040,
)
STUDY_UID = 0x0020000D


def text_of(tag: int | None, vr: str, value: bytes, *, everything: bool = False) -> str:
    return shown_value(tag, vrs.CODES[vr.encode()], value, everything=everything)


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (PATIENT_SEX, "CS", b"M "),
        (0x00080008, "CS", b"ORIGINAL\\PRIMARY "),
        (PATIENT_WEIGHT, "DS", b"-7.5e1"),
        (0x00200013, "IS", b"+12"),
        (STUDY_UID, "UI", b"1.2.03\0"),
    ],
)
def test_codes_numbers_and_uids_are_shown(tag: int, vr: str, value: bytes) -> None:
    assert text_of(tag, vr, value) == value.decode().rstrip(" \0")


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (PATIENT_NAME, "PN", b"DOE^JANE"),
        (PATIENT_ID, "LO", b"12345678"),
        (0x00100030, "DA", b"19700101"),
        (0x00101010, "AS", b"045Y"),
        (PATIENT_NAME, "CS", b"DOE JANE"),
        (0x00100030, "IS", b"19700101"),
        (PATIENT_SEX, "CS", b"Jane Doe"),
        (PATIENT_WEIGHT, "DS", b"Doe^Jane"),
        (STUDY_UID, "UI", b"Doe^Jane"),
        (0x00091001, "CS", b"DOE JANE"),
        (0x00091001, "DS", b"19700101"),
        (None, "CS", b"DOE JANE"),
    ],
    ids=str,
)
def test_everything_else_is_only_measured(tag: int | None, vr: str, value: bytes) -> None:
    assert text_of(tag, vr, value) == f"{len(value)} bytes (not shown)"
    assert text_of(tag, vr, value, everything=True) == value.decode()


def test_padding_is_no_value() -> None:
    assert text_of(PATIENT_NAME, "PN", b"  ") == ""


def test_an_identifier_is_shown_if_it_is_one() -> None:
    def identity(value: bytes, *, show_values: bool = False) -> str:
        data = dicom.part10(dicom.ct() | {STUDY_UID: ("UI", value)})
        return examine(data, Profile(show_values=show_values)).identity.study_instance_uid

    assert identity(b"1.2.840.10008.1.2\0") == "1.2.840.10008.1.2"
    assert identity(b"Doe^Jane") == ""
    assert identity(b"Doe^Jane", show_values=True) == "Doe^Jane"


@pytest.mark.parametrize("vr", ["UN", "LO", "CS", "OB"])
def test_an_identifier_is_shown_whatever_its_vr(vr: str) -> None:
    """An instance that is accepted is found by it."""

    def identity(value: bytes) -> str:
        data = dicom.part10(dicom.ct() | {STUDY_UID: (vr, value)})
        report = examine(data, Profile())
        uid = report.identity.study_instance_uid
        assert uid or "uid.malformed" in {finding.code for finding in report.findings}
        return uid

    assert identity(b"1.2.826.0.1\0") == "1.2.826.0.1"
    assert identity(b"Doe^Jane") == ""
    assert identity(b" 1.2.826.0.1") == ""


def test_a_shown_text_is_short_and_printable() -> None:
    assert shown(None) is None
    assert shown("a\n\x1b[31mü") == "a\\x0a\\x1b[31m\\xfc"
    assert shown("x" * 120) == "x" * 120
    assert shown("x" * 121) == "x" * 117 + "..."
    assert len(shown("\n" * 100) or "") == 120


# Values are made of letters that our own sentences lack in a row of four.
LETTERS = "QXZJVWKqxzjvwk"
PERSONAL = {
    0x00080020: "DA",
    0x00080030: "TM",
    0x00080050: "SH",
    0x00080080: "LO",
    0x00080090: "PN",
    0x0008002A: "DT",
    0x00081030: "LO",
    PATIENT_NAME: "PN",
    PATIENT_ID: "LO",
    0x00100030: "DA",
    PATIENT_SEX: "CS",
    0x00101010: "AS",
    PATIENT_WEIGHT: "DS",
    0x00104000: "LT",
    0x00180050: "DS",
    0x00200010: "SH",
    0x00200013: "IS",
    0x00080060: "CS",
    0x00080018: "UI",
    STUDY_UID: "UI",
    0x00080016: "UI",
    0x00080005: "CS",
    0x00090010: "LO",
    0x00091001: "LO",
    0x00280004: "CS",
    0x00280010: "US",
}
WORDS = st.text(LETTERS + "^=\\ ", min_size=4, max_size=40).filter(
    lambda word: len(word.strip()) > 3
)
TEXTS = st.dictionaries(st.sampled_from(sorted(PERSONAL)), WORDS, min_size=1, max_size=8)
NUMBERS = st.dictionaries(
    st.sampled_from(
        [tag for tag, vr in PERSONAL.items() if vr not in {"CS", "DS", "IS", "UI", "US"}]
    ),
    st.text(string.digits, min_size=8, max_size=20),
    min_size=1,
    max_size=8,
)
SYNTAXES = st.sampled_from([dicom.EXPLICIT, dicom.IMPLICIT])
RULES = [
    {"id": f"r{tag:x}", "element": f"{tag:08X}", "in": "other"}
    for tag, vr in PERSONAL.items()
    if tag >> 16 != 9 and vr not in {"DS", "IS", "US"}
]
PROFILE = Profile.model_validate({"rules": RULES, "limits": {"max_findings_per_code": 1000}})


def all_that_is_said(values: dict[int, str], syntax: str, *, mislabelled: bool) -> str:
    """The report of a CT image with such values; mislabelled, the file calls all of them codes."""
    dataset = dicom.ct() | {
        tag: ("CS" if mislabelled else PERSONAL[tag], f"{value}{' ' * (len(value) % 2)}".encode())
        for tag, value in values.items()
    }
    report = examine(dicom.part10(dataset, syntax), PROFILE)
    findings = [str(value) for one in report.findings for value in one.model_dump().values()]
    return "\n".join([*findings, *report.identity.model_dump().values()])


@given(TEXTS, st.sampled_from(["", "1.2.", "1.2.840.10008."]), SYNTAXES, st.booleans())
def test_no_report_repeats_a_text_of_the_file(
    texts: dict[int, str], root: str, syntax: str, mislabelled: bool
) -> None:
    # In capitals a code may be wrong but is still a code, and shown.
    values = {tag: text.lower() if PERSONAL[tag] == "CS" else text for tag, text in texts.items()}
    values |= {tag: root + text for tag, text in texts.items() if PERSONAL[tag] == "UI"}
    said = all_that_is_said(values, syntax, mislabelled=mislabelled)
    for value in values.values():
        for start in range(len(value) - 3):
            part = value[start : start + 4]
            assert not part.isalpha() or part not in said


@given(NUMBERS, SYNTAXES, st.booleans())
def test_no_report_repeats_a_date_or_the_number_of_a_person(
    numbers: dict[int, str], syntax: str, mislabelled: bool
) -> None:
    said = all_that_is_said(numbers, syntax, mislabelled=mislabelled)
    assert not [number for number in numbers.values() if number in said]


def test_nor_does_a_comparison_of_files() -> None:
    def compared(name: str, patient: bytes) -> Compared:
        dataset = dicom.ct() | {
            PATIENT_NAME: ("PN", patient),
            0x00080018: ("UI", b"Doe^Jane"),
            0x0020000E: ("UI", b"Doe^Jane"),
        }
        summary = examine(dicom.part10(dataset), PROFILE).summary
        assert summary
        return Compared(name, summary)

    findings = compare([compared("a", b"Doe^Jane"), compared("b", b"Roe^Joan")], PROFILE)
    assert {finding.code for finding in findings} >= {
        "study.instance-conflict",
        "study.patient-attribute-differs",
    }
    assert not re.search("Doe|Jane|Roe|Joan", str(findings))
