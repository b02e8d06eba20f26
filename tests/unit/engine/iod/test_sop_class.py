"""The IOD layer with the facts of the standard: SOP classes, and one defect in each valid file."""

import re

import pytest

from engine.findings import Findings
from engine.iod.check import check_iod
from engine.iod.plan import plans
from engine.profiles.profile import Profile
from engine.rules.catalogue import RULES
from unit.engine import dicom_writer as dicom
from unit.engine.clean.catalogue import CLEAN
from unit.engine.layers import instance_of

PROFILE = Profile()
SOP_CLASS_UID = 0x00080016


def codes(data: bytes) -> list[tuple[str, str | None]]:
    findings = Findings(PROFILE)
    instance = instance_of(data)
    assert instance is not None
    check_iod(instance, findings)
    return [(finding.code, finding.keyword) for finding in findings.in_order()]


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        ("1.2.840.10008.5.1.4.1.1.2.999", "iod.sop-class-unknown"),
        ("1.2.840.10008.1.1", "iod.sop-class-unknown"),
        ("1.2.840.10008.1.2", "iod.sop-class-unknown"),
        ("1.2.826.0.1.3680043.8.498.7", "iod.sop-class-private"),
        ("1.2.840.10008.5.1.4.1.1.6", "iod.sop-class-retired"),
        ("1.2.840.10008.5.1.4.1.1.2", None),
        ("", None),
    ],
)
def test_sop_classes(uid: str, expected: str | None) -> None:
    data = dicom.part10(dicom.ct() | {SOP_CLASS_UID: ("UI", dicom.uid(uid))})

    found = [code for code, _ in codes(data) if code.startswith("iod.sop-class")]

    assert found == ([expected] if expected else [])


def test_a_media_directory_is_left_alone() -> None:
    directory = dicom.uid("1.2.840.10008.1.3.10")
    group_2 = dicom.with_length(dicom.encode(dicom.meta(sop_class=directory)))

    assert codes(dicom.part10({0x00041130: ("CS", b"A ")}, group_2=group_2)) == []


def test_a_plan_can_be_made_for_every_storage_sop_class() -> None:
    known = plans()
    uids = list(known.facts.sop_classes)

    assert len(uids) > 170
    for uid in uids:
        plan = known.of_sop_class(uid)
        assert plan is not None
        level, _ = plan.top(frozenset(plan.modules), frozenset())
        assert level.attributes


def test_a_finding_names_the_module_and_its_section() -> None:
    data = dicom.part10(dicom.ct())
    findings = Findings(PROFILE)
    instance = instance_of(data)
    assert instance is not None
    check_iod(instance, findings)

    (finding,) = (one for one in findings.in_order() if one.keyword == "RescaleSlope")

    assert finding.code == "iod.type-1-missing"
    assert finding.expected == "Type 1 in the CT Image module"
    assert finding.section == "PS3.3 C.8.2.1"


@pytest.mark.parametrize("name", CLEAN)
def test_nothing_is_found_in_a_valid_file(name: str) -> None:
    assert codes(CLEAN[name].encode()) == []


@pytest.mark.parametrize("name", [name for name in CLEAN if "deflated" not in name])
def test_no_attribute_is_said_to_be_missing_where_a_file_breaks_off(name: str) -> None:
    data = CLEAN[name].encode()

    for end in range(400, len(data), max(1, len(data) // 40)):
        findings = Findings(PROFILE)
        instance = instance_of(data[:end])
        if instance is not None and not instance.dataset.complete:
            check_iod(instance, findings)
            assert findings.in_order() == (), end


ROI = "ROIContourSequence[0]>ContourSequence[0]>"
POINT = "BeamSequence[0]>ControlPointSequence[0]>"
CHANNEL = "WaveformSequence[0]>ChannelDefinitionSequence[0]>"
SHARED = "SharedFunctionalGroupsSequence[0]>"
FRAME = "PerFrameFunctionalGroupsSequence[1]>"


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("ct", "RescaleSlope", "1"),
        ("ct", "ImageType", "1"),
        ("ct", "KVP", "2"),
        ("ct", "PatientName", "2"),
        ("mr", "ScanningSequence", "1"),
        ("us_multiframe", "FrameIncrementPointer", "1"),
        ("dx", "AnatomicRegionSequence[0]>CodeMeaning", "1"),
        ("structure_set", "StructureSetLabel", "1"),
        ("structure_set", ROI + "ContourGeometricType", "1"),
        ("plan", POINT + "ControlPointIndex", "1"),
        ("plan", POINT + "CumulativeMetersetWeight", "2"),
        ("plan", POINT + "NominalBeamEnergy", "3"),
        ("ecg", CHANNEL + "WaveformBitsStored", "1"),
        ("ecg", CHANNEL + "ChannelSensitivityCorrectionFactor", "1c"),
        ("segmentation", "SegmentSequence[0]>SegmentLabel", "1"),
        ("segmentation", FRAME + "SegmentIdentificationSequence[0]>ReferencedSegmentNumber", "1"),
        ("enhanced_mr", SHARED + "FrameAnatomySequence[0]>FrameLaterality", "1"),
        ("enhanced_ct", SHARED + "CTImageFrameTypeSequence[0]>PixelPresentation", "1"),
        ("structured_report", "CompletionFlag", "1"),
        ("structured_report", "ContentSequence[0]>RelationshipType", "1"),
    ],
)
def test_a_defect_in_a_valid_file(name: str, path: str, kind: str) -> None:
    file, keyword = CLEAN[name], path.rpartition(">")[2]

    missing = codes(file.without(path).encode())
    empty = codes(file.put(path, b"").encode())

    assert missing == ([] if kind == "3" else [(f"iod.type-{kind}-missing", keyword)])
    assert empty == ([] if kind in "23" else [(f"iod.type-{kind}-empty", keyword)])


@pytest.mark.parametrize(
    ("name", "path", "value", "code"),
    [
        ("enhanced_ct", "Modality", "MR", "iod.value-not-allowed"),
        ("ct", "PatientSex", "X", "iod.value-not-allowed"),
        ("ct", "LossyImageCompression", "YES", "iod.value-not-allowed"),
        ("mr", "ScanOptions", "HOMEMADE", "iod.value-unexpected"),
        ("structured_report", "CompletionFlag", "MAYBE", "iod.value-not-allowed"),
    ],
)
def test_a_value_that_is_not_listed(name: str, path: str, value: str, code: str) -> None:
    assert codes(CLEAN[name].put(path, value).encode()) == [(code, path)]


def test_a_binary_number_is_shown() -> None:
    findings = Findings(PROFILE)
    data = CLEAN["ct"].put("PixelRepresentation", 7).encode()
    instance = instance_of(data)
    assert instance is not None
    check_iod(instance, findings)

    (finding,) = findings.in_order()

    assert (finding.code, finding.found) == ("iod.value-not-allowed", "7")


def test_of_a_long_list_of_terms_the_first_are_named_and_the_others_counted() -> None:
    findings = Findings(PROFILE)
    instance = instance_of(CLEAN["ct"].put("Modality", "BIPED").encode())
    assert instance is not None
    check_iod(instance, findings)

    (finding,) = findings.in_order()

    assert finding.expected
    assert re.fullmatch(r"one of AR, ASMT, ([A-Z]+, )+[A-Z]+ and \d+ more", finding.expected)


def test_every_rule_of_the_layer_says_why_and_how_to_fix_it() -> None:
    rules = [rule for rule in RULES.values() if rule.layer == "iod"]

    assert len(rules) >= 18
    assert all(rule.why and rule.fix for rule in rules)
