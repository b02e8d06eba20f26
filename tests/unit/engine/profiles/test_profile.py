"""A profile at work: what an examination reports, and how much it weighs."""

from typing import Any

import pytest

from contracts.report import Finding, Outcome, Severity
from engine.examination import examine
from engine.profile_files.loading import load_profile
from engine.profiles.profile import Profile
from unit.engine import dicom_writer as dicom

PADDED = dicom.part10(dicom.ct() | {0x0020000D: ("UI", b"1.2.3 ")})
NO_MODALITY = dicom.part10({tag: one for tag, one in dicom.ct().items() if tag != 0x00080060})


def findings(data: bytes, *codes: str, **profile: Any) -> list[Finding]:
    found = examine(data, Profile.model_validate(profile)).findings
    return [finding for finding in found if finding.code in codes]


def changed(severity: str, **selection: Any) -> dict[str, Any]:
    return {"severities": [{"code": "uid.padding", "severity": severity, **selection}]}


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_a_finding_weighs_what_the_profile_says(severity: str) -> None:
    [finding] = findings(PADDED, "uid.padding", **changed(severity))
    assert finding.severity == severity


def test_a_muted_rule_is_not_reported() -> None:
    assert findings(PADDED, "uid.padding", **changed("mute")) == []


@pytest.mark.parametrize(
    ("selection", "applies"),
    [
        ({"modality": "CT"}, True),
        ({"modality": "MR"}, False),
        ({"sop_class": "CTImageStorage"}, True),
        ({"sop_class": "CTImageStorage", "modality": "MR"}, False),
        ({"sop_class": "MRImageStorage"}, False),
    ],
)
def test_what_it_weighs_can_depend_on_the_instance(
    selection: dict[str, Any], applies: bool
) -> None:
    assert (findings(PADDED, "uid.padding", **changed("mute", **selection)) == []) is applies


def test_errors_of_the_profile_decide_the_outcome() -> None:
    def outcome(profile: Profile) -> Outcome:
        return examine(PADDED, profile).outcome

    mute = {"severities": [{"code": "iod.*", "severity": "mute"}]}
    assert outcome(Profile.model_validate(mute)) is Outcome.ACCEPTED
    assert outcome(load_profile("strict")) is Outcome.REJECTED


def test_required_elements_are_those_of_the_profile() -> None:
    codes = ("element.missing", "element.empty", "element.patient-id-empty")
    assert findings(NO_MODALITY, *codes) == []
    [finding] = findings(NO_MODALITY, *codes, required_elements=["Modality"])
    assert (finding.code, finding.keyword) == ("element.missing", "Modality")
    empty, required = dicom.part10(dicom.ct() | {0x00100020: ("LO", b"")}), ["PatientID"]
    [finding] = findings(empty, *codes)
    assert (finding.code, finding.severity) == ("element.patient-id-empty", Severity.WARNING)
    assert findings(empty, *codes, required_elements=required, may_be_empty=required) == []
    [finding] = findings(empty, *codes, required_elements=required)
    assert (finding.code, finding.keyword) == ("element.empty", "PatientID")
