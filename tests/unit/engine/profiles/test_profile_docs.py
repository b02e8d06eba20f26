"""The guide to site profiles: its example works, and it leaves out no key."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from contracts.report import Severity
from engine.examination import examine
from engine.profile_files.loading import load_profile
from engine.profiles.profile import Limits, Profile, SeverityChange
from engine.profiles.site_rule import SiteRule
from engine.rules.catalogue import RULES
from unit.engine import dicom_writer as dicom

GUIDE = (Path(__file__).parents[4] / "docs" / "site-profiles.md").read_text(encoding="utf-8")

SUBJECT = {
    0x00100020: ("LO", b"ABC-042 "),
    0x00100030: ("DA", b""),
    0x00180015: ("CS", b"HEAD"),
    0x00180050: ("DS", b"1.5 "),
}


@pytest.fixture
def example(tmp_path: Path) -> Profile:
    [text] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    path = tmp_path / "trial.yaml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def violations(profile: Profile, changes: dicom.DataSet) -> list[tuple[str, str]]:
    """The rules of the site that a CT image of the trial breaks, with the codes."""
    findings = examine(dicom.part10(dicom.ct() | SUBJECT | changes), profile).findings
    return [
        (str(finding.expected).partition(":")[0], finding.code)
        for finding in findings
        if finding.code.startswith("site.")
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({0x00100020: ("LO", b"DOE-1 ")}, [("subject", "site.value-format")]),
        ({0x00100020: ("LO", b"")}, [("subject", "site.element-empty")]),
        ({0x00100030: ("DA", b"19700101")}, [("no-birth-date", "site.value-present")]),
        ({0x00101000: ("LO", b"")}, [("no-other-ids", "site.element-present")]),
        ({0x00180015: ("CS", b"KNEE")}, [("head-or-neck", "site.value-not-allowed")]),
        ({0x00180050: ("DS", b"5 ")}, [("thin-slices", "site.value-out-of-range")]),
        ({0x00080008: ("CS", b"DERIVED\\PRIMARY ")}, [("original", "site.value-not-allowed")]),
    ],
)
def test_the_example_finds_what_it_says(
    example: Profile, changes: dicom.DataSet, expected: list[tuple[str, str]]
) -> None:
    assert violations(example, changes) == expected


def test_the_example_looks_into_the_functional_groups_of_every_frame(example: Profile) -> None:
    sop_class = {0x00080016: ("UI", dicom.uid("1.2.840.10008.5.1.4.1.1.2.1"))}
    code = "site.element-missing"
    assert violations(example, sop_class) == [("thin-slices-enhanced", code)]
    for thickness, expected in ((b"1 ", []), (b"5 ", ["site.value-out-of-range"])):
        measures = dicom.element(0x00180050, "DS", thickness)
        groups = dicom.element(0x00289110, "SQ", dicom.item(measures))
        per_frame = {0x52009230: ("SQ", dicom.item(groups) * 2)}
        assert [code for _, code in violations(example, sop_class | per_frame)] == expected


def test_the_example_changes_severities_as_it_says(example: Profile) -> None:
    assert example.severity_of(RULES["uid.padding"]) is None
    missing = RULES["iod.type-1-missing"]
    assert example.severity_of(missing, "", "MR") is Severity.ERROR
    assert example.severity_of(missing, "", "CT") is missing.severity


@pytest.mark.parametrize("model", [Profile, SeverityChange, SiteRule, Limits])
def test_the_guide_names_every_key(model: type[BaseModel]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert [key for key in keys if f"`{key}`" not in GUIDE] == []


def test_the_guide_names_every_code_of_site_rules() -> None:
    codes = [code for code in RULES if code.startswith("site.")]
    assert [code for code in codes if f"`{code}`" not in GUIDE] == []
