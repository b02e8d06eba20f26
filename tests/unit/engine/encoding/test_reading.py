"""The file around the data set: preamble, file meta information, transfer syntaxes."""

import pytest

from contracts.report import Finding, Severity
from unit.engine import dicom_writer as dicom
from unit.engine.layers import findings_in, instance_of


def findings(
    *, preamble: bytes = b"", elements: dicom.DataSet | None = None, **meta: bytes | None
) -> list[Finding]:
    group_2 = dicom.meta(**meta) | (elements or {})
    file = dicom.part10(
        dicom.ct(),
        preamble=preamble.ljust(128, b"\0"),
        group_2=dicom.with_length(dicom.encode(group_2)),
    )
    return findings_in(file, "file", "meta", "value", "structure", "uid")


def test_a_valid_file_gives_nothing() -> None:
    assert findings() == []


@pytest.mark.parametrize("magic", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_a_preamble_may_be_that_of_tiff(magic: bytes) -> None:
    assert findings(preamble=magic + b"\x10\0\0\0") == []


@pytest.mark.parametrize(
    ("magic", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\3\4", "ZIP"),
        (b"<html>", "HTML"),
        (b"GIF89a", "GIF"),
    ],
)
def test_a_preamble_of_another_format_is_found(magic: bytes, kind: str) -> None:
    [finding] = findings(preamble=magic)

    assert (finding.code, finding.severity) == ("file.preamble-format", Severity.WARNING)
    assert finding.found == kind


def test_a_preamble_of_a_program_is_an_error_and_nothing_else() -> None:
    [finding] = findings(preamble=b"MZ\x90\0")

    assert (finding.code, finding.severity) == ("file.executable-preamble", Severity.ERROR)


def test_other_bytes_in_the_preamble_are_a_remark() -> None:
    [finding] = findings(preamble=b"made by us")

    assert (finding.code, finding.severity) == ("file.preamble-used", Severity.INFO)


def test_a_file_without_a_preamble_is_not_blamed_for_its_content() -> None:
    found = findings_in(dicom.encode(dicom.ct()), "file")

    assert [finding.code for finding in found] == ["file.no-preamble"]


def test_a_prefix_without_its_preamble_is_seen() -> None:
    found = findings_in(dicom.part10(dicom.ct())[128:], "file", "structure", "element")

    assert [finding.code for finding in found] == ["file.no-preamble"]


def test_lengths_in_implicit_vr_may_look_like_vrs() -> None:
    """The first length is that of the letters LO; so read, the value has further elements."""
    inside = dicom.encode(dict.fromkeys((524544, 524546, 524548, 524550), ("LO", b"text")))
    value = inside.ljust(int.from_bytes(b"LO\0\0", "little"))
    dataset = {0x00080001: ("LO", value)} | dicom.ct()
    file = dicom.part10(dicom.encode(dataset, dicom.IMPLICIT), dicom.IMPLICIT)

    assert findings_in(file, "meta", "structure") == []
    instance = instance_of(file)
    assert instance
    assert instance.dataset.text(0x00100020) == "JD-42"


@pytest.mark.parametrize("declared", [dicom.IMPLICIT, dicom.EXPLICIT, dicom.BIG_ENDIAN])
@pytest.mark.parametrize("actual", [dicom.IMPLICIT, dicom.EXPLICIT, dicom.BIG_ENDIAN])
def test_the_data_set_is_read_however_it_is_written(declared: str, actual: str) -> None:
    file = dicom.part10(dicom.encode(dicom.ct(), actual), declared)

    is_other = [finding.code for finding in findings_in(file, "meta")].count(
        "meta.transfer-syntax-mismatch"
    )
    instance = instance_of(file)
    assert instance
    assert instance.dataset.text(0x00100020) == "JD-42"
    assert is_other == (declared != actual)


@pytest.mark.parametrize("version", [b"\0\2", b"\1\0", b"\0\1\0\0"])
def test_an_unknown_version_is_found(version: bytes) -> None:
    [finding] = findings(version=version)

    assert (finding.code, finding.path) == ("meta.version-unknown", "(0002,0001)")


def test_later_versions_that_keep_the_first_are_legal() -> None:
    assert findings(version=b"\0\3") == []


@pytest.mark.parametrize(
    ("uid", "code", "severity"),
    [
        ("1.2.840.10008.1.2.77", "meta.transfer-syntax-unknown", Severity.ERROR),
        (dicom.CT_IMAGE_STORAGE, "meta.transfer-syntax-unknown", Severity.ERROR),
        ("1.2.840.113619.5.2", "meta.transfer-syntax-private", Severity.WARNING),
    ],
)
def test_an_unknown_transfer_syntax_is_an_error_a_private_one_a_warning(
    uid: str, code: str, severity: Severity
) -> None:
    [finding] = findings(transfer_syntax=dicom.uid(uid))

    assert (finding.code, finding.severity) == (code, severity)


def test_a_retired_transfer_syntax_is_a_remark() -> None:
    for syntax, expected in (
        (dicom.BIG_ENDIAN, ["meta.transfer-syntax-retired"]),
        (dicom.IMPLICIT, []),
        (dicom.DEFLATED, []),
    ):
        found = findings_in(dicom.part10(dicom.ct(), syntax), "meta")
        assert [finding.code for finding in found] == expected


def test_private_information_needs_a_creator() -> None:
    information = {0x00020102: ("OB", b"\1\2")}
    [finding] = findings(elements=information)
    assert (finding.code, finding.path) == (
        "meta.private-information-creator-missing",
        "(0002,0100)",
    )

    creator = {0x00020100: ("UI", dicom.uid("1.2.3"))}
    assert findings(elements=information | creator) == []


def test_values_of_the_file_meta_information_are_judged_too() -> None:
    [finding] = findings(elements={0x00020013: ("SH", b"SEVENTEEN_LETTERS ")})
    assert (finding.code, finding.path) == ("value.text-too-long", "(0002,0013)")

    [finding] = findings(elements={0x00020077: ("LO", b"what")})
    assert finding.code == "value.unknown-element"


@pytest.mark.parametrize("uid", ["3.1.2", "0.40.1", "1.99.1", "1", "999.1"])
def test_a_root_that_cannot_be_registered_is_found(uid: str) -> None:
    for elements in ({0x00081155: uid}, {0x0020000D: uid}):
        dataset = dicom.ct() | {tag: ("UI", dicom.uid(text)) for tag, text in elements.items()}
        found = findings_in(dicom.part10(dataset), "uid")
        assert [finding.code for finding in found] == ["uid.root-invalid"]


@pytest.mark.parametrize("uid", ["0.39.1", "1.0", "2.25.329800735698586629295641978511506172918"])
def test_roots_that_can_be_registered_are_legal(uid: str) -> None:
    dataset = dicom.ct() | {0x0020000D: ("UI", dicom.uid(uid))}

    assert findings_in(dicom.part10(dataset), "uid") == []


@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E])
def test_the_root_of_the_standard_is_not_for_instances(tag: int) -> None:
    dataset = dicom.ct() | {tag: ("UI", dicom.uid(dicom.CT_IMAGE_STORAGE))}

    codes = [finding.code for finding in findings_in(dicom.part10(dataset), "uid")]

    assert "uid.root-reserved" in codes
    assert findings_in(dicom.part10(dicom.ct()), "uid") == []
