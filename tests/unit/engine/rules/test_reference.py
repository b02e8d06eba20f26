"""What refers to something that is not there, and UIDs that are used twice."""

from struct import pack

import pytest

from contracts.report import Finding
from engine.findings import Findings
from engine.profiles.profile import Profile
from engine.rules import reference
from engine.rules.catalogue import RULES
from unit.engine import dicom_writer as dicom
from unit.engine.layers import instance_of

PROFILE = Profile()
assert reference  # its rules are in the registry


def sequence(*items: bytes) -> tuple[str, bytes]:
    return "SQ", b"".join(map(dicom.item, items))


def nested(tag: int, *items: bytes) -> bytes:
    return dicom.element(tag, *sequence(*items))


def number(tag: int, value: int) -> bytes:
    return dicom.element(tag, "IS", f"{value:<2}".encode())


def found(elements: dicom.DataSet, code: str) -> list[Finding]:
    findings = Findings(PROFILE)
    instance = instance_of(dicom.part10({**dicom.ct(), **elements}))
    rule = RULES[code]
    assert instance
    assert rule.check
    for violation in rule.check(instance):
        findings.add(rule, violation)
    return list(findings.in_order())


def regions(*numbers: int, referenced: int) -> dicom.DataSet:
    return {
        0x30060020: sequence(*(number(0x30060022, n) for n in numbers)),
        0x30060039: sequence(number(0x30060084, referenced)),
    }


def test_a_contour_belongs_to_a_region() -> None:
    assert found(regions(1, 2, referenced=2), "reference.dangling") == []
    (finding,) = found(regions(1, 2, referenced=3), "reference.dangling")
    assert (finding.path, finding.found) == ("(3006,0039)[0]>(3006,0084)", "3")


def test_a_dose_refers_to_a_beam_of_either_kind() -> None:
    def plan(beams: int, referenced: int) -> dicom.DataSet:
        beam = nested(0x300C0004, number(0x300C0006, referenced))
        return {
            0x300A0070: sequence(beam),
            beams: sequence(number(0x300A00C0, 7)),
        }

    for beams in (0x300A00B0, 0x300A03A2):
        assert found(plan(beams, 7), "reference.dangling") == []
        assert len(found(plan(beams, 8), "reference.dangling")) == 1


def test_a_reference_to_another_instance_is_none_within() -> None:
    beam = nested(0x300C0004, number(0x300C0006, 7))
    dose = {0x300C0002: sequence(nested(0x300C0020, beam))}
    assert found(dose, "reference.dangling") == []


def test_numbers_of_items_are_unique() -> None:
    assert found(regions(1, 2, referenced=1), "reference.number-repeated") == []
    (finding,) = found(regions(1, 1, referenced=1), "reference.number-repeated")
    assert finding.path == "(3006,0020)[1]>(3006,0022)"


def test_what_a_report_refers_to_is_listed_as_evidence() -> None:
    def report(listed: bytes) -> dicom.DataSet:
        image = nested(0x00081199, dicom.element(0x00081155, "UI", dicom.uid("1.2.77")))
        evidence = nested(0x00081199, dicom.element(0x00081155, "UI", dicom.uid(listed.decode())))
        series = nested(0x00081115, evidence)
        return {
            0x0040A375: sequence(series),
            0x0040A730: sequence(nested(0x0040A730, image)),
        }

    assert found(report(b"1.2.77"), "reference.evidence-missing") == []
    assert len(found(report(b"1.2.78"), "reference.evidence-missing")) == 1


@pytest.mark.parametrize(("indices", "count"), [(2, 0), (1, 1), (3, 1)])
def test_a_frame_has_an_index_in_each_dimension(indices: int, count: int) -> None:
    pointer = dicom.element(0x00209165, "AT", pack("<HH", 0x20, 0x32))
    content = dicom.element(0x00209157, "UL", pack(f"<{indices}I", *range(indices)))
    frames = {
        0x00209222: sequence(pointer, pointer),
        0x52009230: sequence(nested(0x00209111, content)),
    }
    assert len(found(frames, "reference.dimension-count")) == count


def test_a_uid_names_one_thing() -> None:
    study = dicom.ct()[0x0020000D][1]
    (finding,) = found({0x00200052: ("UI", study)}, "uid.reused")
    assert finding.keyword == "FrameOfReferenceUID"
    assert found({0x00200052: ("UI", dicom.uid("1.2.3.4"))}, "uid.reused") == []


def test_a_patient_is_not_examined_before_birth() -> None:
    def dates(birth: bytes, study: bytes) -> dicom.DataSet:
        return {0x00100030: ("DA", birth), 0x00080020: ("DA", study)}

    code = "reference.birth-after-study"
    assert found(dates(b"20240102", b"20240102"), code) == []
    assert found(dates(b"", b"20240102"), code) == []
    (finding,) = found(dates(b"20240103", b"20240102"), code)
    assert "2024" not in finding.model_dump_json()
