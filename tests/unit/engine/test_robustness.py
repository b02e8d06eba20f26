"""Hostile bytes: whatever comes in, a report comes out."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.report import Finding, Outcome, Severity
from engine.examination import examine
from engine.profiles.profile import Limits, Profile
from engine.report import Report
from unit.engine import dicom_writer as dicom
from unit.engine.clean.catalogue import CLEAN
from unit.engine.test_real_files import FILES

PROFILE = Profile(limits=Limits(max_inflated_bytes=1_000_000))
SYNTAXES = (dicom.EXPLICIT, dicom.IMPLICIT, dicom.BIG_ENDIAN, dicom.DEFLATED)
SMALL_FILES = [
    content
    for path in FILES.values()
    if len(content := path.read_bytes()) < 6000 and content[128:132] == b"DICM"
]
CLEAN_FILES = [file.encode() for file in CLEAN.values()]
"""Each kind of document, video, compressed image and report is among them."""
QUICKLY = settings(max_examples=300, deadline=2000)


def examined(content: bytes) -> Report:
    report = examine(content, PROFILE)
    # What a report holds can always be written.
    for finding in report.findings:
        assert json.loads(finding.to_json())["code"] == finding.code
    return report


def errors(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.severity is Severity.ERROR]


@QUICKLY
@given(st.binary(max_size=2000))
def test_random_bytes_are_rejected(content: bytes) -> None:
    assert examined(content).outcome is Outcome.REJECTED


@QUICKLY
@given(st.sampled_from(SYNTAXES), st.binary(max_size=2000))
def test_random_bytes_behind_valid_meta_information_are_rejected(
    syntax: str, content: bytes
) -> None:
    file = dicom.part10(b"", syntax)[: -2 if syntax == dicom.DEFLATED else None]
    assert examined(file + content).outcome is Outcome.REJECTED


@QUICKLY
@given(st.sampled_from(SMALL_FILES), st.integers(min_value=0), st.integers(0, 255))
def test_a_real_file_with_one_other_byte_gives_a_report(
    content: bytes, position: int, value: int
) -> None:
    position %= len(content)
    examined(content[:position] + bytes([value]) + content[position + 1 :])


@QUICKLY
@given(st.sampled_from(CLEAN_FILES), st.data())
def test_a_clean_file_with_other_bytes_gives_a_report(content: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(132, len(content) - 1))
    changed = data.draw(st.binary(min_size=1, max_size=8))
    examined(content[:position] + changed + content[position + len(changed) :])


@QUICKLY
@given(st.sampled_from(SMALL_FILES), st.integers(min_value=0))
def test_a_real_file_cut_anywhere_gives_a_report(content: bytes, length: int) -> None:
    examined(content[: length % len(content)])


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_image_cut_anywhere_is_rejected(syntax: str) -> None:
    file = dicom.part10(dicom.ct(), syntax)
    # The last byte of a deflated file is padding.
    lengths = range(len(file) - (syntax == dicom.DEFLATED))

    accepted = [length for length in lengths if examined(file[:length]).outcome != "rejected"]

    assert accepted == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_lengths_of_zero_everywhere_are_no_obstacle(syntax: str) -> None:
    dataset = {tag: (vr, b"") for tag, (vr, _) in dicom.ct().items()}

    found = {finding.code for finding in errors(examined(dicom.part10(dataset, syntax)))}

    assert found == {"element.empty", "pixel.attribute-missing"}


def test_summaries_show_no_values_even_where_the_report_may() -> None:
    secret = b"Doe^Jane"
    dataset = dicom.ct()
    dataset |= {tag: (vr, secret) for tag, (vr, _) in dataset.items() if vr in {"UI", "CS", "IS"}}
    dataset[0x00280008] = ("IS", secret)
    file = dicom.part10(dataset)

    hidden, shown = examine(file, PROFILE), examine(file, Profile(show_values=True))

    assert any("Doe^Jane" in (finding.found or "") for finding in shown.findings)
    assert not any("Doe" in finding.model_dump_json() for finding in hidden.findings)
    for finding in shown.findings:
        assert b"Doe" not in finding.summary().to_json()


def test_what_a_finding_shows_is_short_and_printable() -> None:
    dataset = dicom.ct() | {0x0020000D: ("UI", b"1.2\x1b[31m\n" + b"\xff" * 5001)}

    [finding] = errors(examine(dicom.part10(dataset), Profile(show_values=True)))

    assert finding.found is not None
    assert finding.found.startswith(r"1.2\x1b[31m\x0a\xff")
    assert len(finding.found) <= 120
    assert finding.found.isprintable()


@pytest.mark.parametrize("field", ["required_elements", "may_be_empty"])
def test_a_profile_with_a_keyword_that_is_none_names_it(field: str) -> None:
    with pytest.raises(ValueError, match="PatientNumber"):
        Profile.model_validate({field: ["PatientID", "PatientNumber"]})


def test_a_profile_may_ask_for_other_elements() -> None:
    profile = Profile(required_elements=("SOPClassUID", "AccessionNumber"))

    [finding] = errors(examine(dicom.part10(dicom.ct()), profile))

    assert (finding.code, finding.keyword) == ("element.missing", "AccessionNumber")
