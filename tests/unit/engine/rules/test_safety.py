"""Safety: identity that was to be removed, programs in values, sizes that can't be meant."""

from struct import pack

import pytest

from contracts.report import Finding, Severity
from engine.examination import examine
from engine.profiles.profile import Limits, Profile
from unit.engine import dicom_writer as dicom
from unit.engine.layers import changed, findings_in

YES, NO = ("CS", b"YES "), ("CS", b"NO")
IDENTITY_REMOVED = 0x00120062
DOCUMENT, MIME_TYPE = 0x00420011, 0x00420012
WINDOWS = b"MZ".ljust(0x3C, b"\0") + pack("<I", 0x80)
WINDOWS = WINDOWS.ljust(0x80, b"\0") + b"PE\0\0" + bytes(20)


def findings(elements: dicom.DataSet, **limits: int) -> list[Finding]:
    profile = Profile(required_elements=(), limits=Limits(**limits))
    return findings_in(dicom.part10(dicom.ct() | elements), "safety", profile=profile)


def codes(elements: dicom.DataSet, **limits: int) -> list[str]:
    return [finding.code for finding in findings(elements, **limits)]


def test_an_ordinary_image_is_safe() -> None:
    assert codes({}) == []


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (0x00280301, "safety.burned-in-annotation"),
        (0x00280302, "safety.recognizable-features"),
    ],
)
def test_an_image_that_shows_who_it_is_of_is_found(tag: int, code: str) -> None:
    assert codes({tag: YES}) == [code]
    assert codes({tag: NO}) == []


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00101001, "PN", b"Jane"),
        (0x00101005, "PN", b"Smith "),
        (0x00101040, "LO", b"Elm Street"),
        (0x00102154, "SH", b"555-1234"),
        (0x00102297, "PN", b"Doe^John"),
        (0x00101002, "SQ", dicom.item(dicom.element(0x00100020, "LO", b"JD"))),
    ],
)
def test_what_leads_to_the_person_is_found_where_identity_is_said_to_be_removed(
    tag: int, vr: str, value: bytes
) -> None:
    pseudonym = {0x00100010: ("PN", b"P001")}
    [finding] = findings(pseudonym | {IDENTITY_REMOVED: YES, tag: (vr, value)})

    assert finding.code == "safety.identity-not-removed"
    assert finding.found == "a value"
    assert codes(pseudonym | {IDENTITY_REMOVED: YES, tag: (vr, b"")}) == []
    assert codes(pseudonym | {IDENTITY_REMOVED: NO, tag: (vr, value)}) == []
    assert codes(pseudonym | {tag: (vr, value)}) == []


def test_a_whole_name_is_a_remark_where_identity_is_said_to_be_removed() -> None:
    [finding] = findings({IDENTITY_REMOVED: YES, 0x00100010: ("PN", b"Doe^Jane")})

    assert (finding.code, finding.severity) == ("safety.name-not-removed", Severity.INFO)
    assert finding.found == "a family and a given name"
    for name in (b"", b"P001", b"Anonymous^", b"^^^^", b"=P1 "):
        assert codes({IDENTITY_REMOVED: YES, 0x00100010: ("PN", name)}) == []


def test_a_birth_date_is_a_remark_where_identity_is_said_to_be_removed() -> None:
    date = {0x00100030: ("DA", b"19800102")}
    pseudonym = {0x00100010: ("PN", b"P001")}
    [finding] = findings(pseudonym | {IDENTITY_REMOVED: YES} | date)

    assert (finding.code, finding.severity) == ("safety.birth-date-not-removed", Severity.INFO)
    assert codes(date) == []
    for dummy in (b"", b"19800101", b"1980.01.01", b"19000101", b"11111111", b"00000000"):
        assert "safety.birth-date-not-removed" not in codes(
            {IDENTITY_REMOVED: YES, 0x00100030: ("DA", dummy)}
        )


def test_a_patient_id_may_be_empty_where_identity_is_said_to_be_removed() -> None:
    empty = {0x00100020: ("LO", b"  ")}
    pseudonym = {0x00100010: ("PN", b"P001")}

    def of_element(dataset: dicom.DataSet) -> list[str]:
        report = examine(dicom.part10(dicom.ct() | pseudonym | dataset), Profile())
        return [one.code for one in report.findings if one.code.startswith("element.")]

    assert of_element(empty) == ["element.patient-id-empty"]
    assert of_element(empty | {IDENTITY_REMOVED: NO}) == ["element.patient-id-empty"]
    assert of_element(empty | {IDENTITY_REMOVED: YES}) == []


def test_terabytes_of_pixels_claimed_by_a_few_kilobytes_are_an_error() -> None:
    claimed = {
        0x00280008: ("IS", b"1000"),
        0x00280010: ("US", dicom.us(65535)),
        0x00280011: ("US", dicom.us(65535)),
    }
    image = dicom.encapsulated_ct(dicom.fragments(b"\xff\xd8\xff\xd9"))

    found = findings_in(dicom.part10(image | claimed, dicom.JPEG), "safety")

    # 65535 x 65535 pixels of one byte, 1000 times
    assert [(finding.code, finding.found) for finding in found] == [
        ("safety.declared-size", "4294836225000 bytes"),
        ("safety.compression-ratio", "4 bytes"),
    ]


def test_the_limit_of_declared_pixels_is_the_profiles() -> None:
    assert codes({}, max_pixel_bytes=48) == []
    assert codes({}, max_pixel_bytes=47) == ["safety.declared-size"]


@pytest.mark.parametrize(("fragment", "expected"), [(200_000, []), (2_000, ["ratio"])])
def test_compression_that_no_image_reaches_is_found(fragment: int, expected: list[str]) -> None:
    image = dicom.encapsulated_ct(dicom.fragments(b"\xff\xd8" + bytes(fragment)))
    large = {0x00280010: ("US", dicom.us(30_000)), 0x00280011: ("US", dicom.us(30_000))}

    found = findings_in(dicom.part10(image | large, dicom.JPEG), "safety")

    assert [finding.code.rpartition("-")[2] for finding in found] == expected


def test_small_images_and_video_may_compress_as_they_will() -> None:
    image = dicom.encapsulated_ct(dicom.fragments(b"\xff\xd8\xff\xd9"))
    large = {0x00280010: ("US", dicom.us(30_000)), 0x00280011: ("US", dicom.us(30_000))}
    thousand = {0x00280010: ("US", dicom.us(1000)), 0x00280011: ("US", dicom.us(1000))}

    assert findings_in(dicom.part10(image | large, dicom.MPEG), "safety") == []
    assert findings_in(dicom.part10(image | thousand, dicom.JPEG), "safety") == []


PROGRAMS = [
    (WINDOWS, b"MZ" + bytes(200), "Windows executable"),
    (b"\x7fELF\x02\x01", b"\x7fELK\x02\x01", "ELF executable"),
    (b"\xcf\xfa\xed\xfe\x07\0", b"\xcf\xfa\xed\xff\x07\0", "Mach-O executable"),
    (b"#!/bin/sh\n", b"#! a note ", "script"),
    (b"#! /usr/bin/env python3\n", b"##/usr/bin/", "script"),
]


@pytest.mark.parametrize(("program", "other", "kind"), PROGRAMS)
@pytest.mark.parametrize("tag", [DOCUMENT, 0x00091001])
@pytest.mark.parametrize("vr", ["OB", "OW", "UN"])
def test_a_program_in_a_value_is_found(
    program: bytes,
    other: bytes,
    kind: str,
    tag: int,
    vr: str,
) -> None:
    creator = {0x00090010: ("LO", b"OURS")}
    program, other = (value + b"\0" * (len(value) % 2) for value in (program, other))

    [finding] = findings(creator | {tag: (vr, program)})

    assert (finding.code, finding.severity) == ("safety.embedded-executable", Severity.ERROR)
    assert finding.found == kind
    assert codes(creator | {tag: (vr, other)}) == []


def test_a_program_in_an_item_is_found_and_pixels_are_left_alone() -> None:
    item = dicom.item(
        dicom.element(0x00090010, "LO", b"OURS") + dicom.element(0x00091001, "OB", WINDOWS)
    )
    [finding] = findings({0x00081140: ("SQ", item)})
    assert finding.path == "(0008,1140)[0]>(0009,1001)"

    pixels = changed(dicom.ct(), {0x7FE00010: ("OB", b"\x7fELF".ljust(48, b"\0"))})
    assert findings_in(dicom.part10(pixels), "safety") == []


@pytest.mark.parametrize(
    ("media_type", "right", "wrong"),
    [
        (b"application/pdf ", b"%PDF-1.7\n ", b"PK\3\4"),
        (b"application/pdf ", b"\0" * 1000 + b"%PDF-1.7", b"\0" * 2000 + b"%PDF-1.7"),
        (b"text/XML", b'<?xml version="1.0"?>\n', b"Dear colleague"),
        (b"text/XML", b"\xef\xbb\xbf\n<a/>", b"{}"),
        (b"text/XML", "<a/>".encode("utf-16"), b"%PDF-1.7"),
    ],
)
def test_a_document_of_another_type_is_found(media_type: bytes, right: bytes, wrong: bytes) -> None:
    def document(content: bytes) -> dicom.DataSet:
        content += b"\0" * (len(content) % 2)
        return {DOCUMENT: ("OB", content), MIME_TYPE: ("LO", media_type)}

    [finding] = findings(document(wrong))

    assert (finding.code, finding.severity) == ("safety.document-format", Severity.WARNING)
    assert codes(document(right)) == []
    assert codes(document(b"")) == []


def test_nothing_is_expected_of_a_type_that_does_not_show() -> None:
    assert codes({DOCUMENT: ("OB", b"solid"), MIME_TYPE: ("LO", b"model/stl ")}) == []
    assert codes({DOCUMENT: ("OB", b"solid ")}) == []
