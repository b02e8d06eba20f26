"""Each seeded defect gives the finding that it must give and no other; its clean twin none."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from contracts.report import Finding, Outcome, Severity
from engine.comparison.compare import Compared, compare
from engine.examination import examine
from engine.relations.catalogue import RELATIONS
from engine.rules.catalogue import RULES
from unit.engine import dicom_writer as dicom
from unit.engine.clean.catalogue import CLEAN
from unit.engine.clean.notation import File
from unit.engine.defects import (
    codestream_defects,
    date_defects,
    document_defects,
    file_defects,
    geometry_defects,
    group_defects,
    iod_defects,
    pixel_defects,
    reference_defects,
    safety_defects,
    site_defects,
    small_file_defects,
    small_pixel_defects,
    small_structure_defects,
    sr_defects,
    structure_defects,
    study_defects,
    value_defects,
)
from unit.engine.defects.defect import DEFAULT, Defect
from unit.engine.defects.study_defects import StudyDefect

LAYERS = (
    file_defects,
    structure_defects,
    value_defects,
    iod_defects,
    group_defects,
    reference_defects,
    geometry_defects,
    pixel_defects,
    codestream_defects,
    date_defects,
    document_defects,
    safety_defects,
    site_defects,
    sr_defects,
    small_file_defects,
    small_structure_defects,
    small_pixel_defects,
)
DEFECTS = [defect for layer in LAYERS for defect in layer.cases()]
SMALL = [defect for defect in DEFECTS if isinstance(defect.base, bytes)]
STUDY_DEFECTS = list(study_defects.cases())


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_a_seeded_defect_is_found_and_nothing_else(defect: Defect) -> None:
    assert examine(defect.valid, defect.valid_under or defect.profile).findings == ()

    report = examine(defect.data, defect.profile)

    [finding, *others] = sorted(
        report.findings,
        key=lambda finding: (finding.code != defect.code, finding.path != defect.path),
    )
    assert finding.code == defect.code
    assert {other.code for other in others} == defect.along
    if defect.at is not None:
        assert finding.path == defect.path
    assert finding.count == defect.count
    severities = {found.severity for found in report.findings}
    assert report.outcome is (
        Outcome.REJECTED if Severity.ERROR in severities else Outcome.ACCEPTED
    )


@pytest.mark.parametrize("defect", SMALL, ids=str)
def test_a_finding_has_what_its_rule_says(defect: Defect) -> None:
    [finding] = examine(defect.data, defect.profile).findings
    rule = RULES[defect.code]
    found = (finding.severity, finding.message, finding.section)
    assert found == (rule.severity, rule.message, rule.section)


@pytest.mark.parametrize(
    ("syntax", "undefined"),
    [(dicom.IMPLICIT, True), (dicom.BIG_ENDIAN, False), (dicom.DEFLATED, False)],
)
def test_the_same_is_found_however_the_data_set_is_written(syntax: str, undefined: bool) -> None:
    for file, found in _found_in_explicit_vr():
        assert _found(replace(file, syntax=syntax, undefined=undefined)) == found


@cache
def _found_in_explicit_vr() -> list[tuple[File, set[tuple[str, str | None, int]]]]:
    layers = (iod_defects, group_defects, reference_defects, geometry_defects)
    files = [defect.file for layer in layers for defect in layer.cases()]
    return [(file, _found(file)) for file in files if isinstance(file, File)]


def _found(file: File) -> set[tuple[str, str | None, int]]:
    return {
        (finding.code, finding.path, finding.count)
        for finding in examine(file.encode(), DEFAULT).findings
        if finding.code != "meta.transfer-syntax-retired"
    }


@pytest.mark.parametrize("name", ["ct", "jpeg_2000", "ct deflated"])
def test_a_truncation_anywhere_is_an_error(name: str) -> None:
    # The last byte may be padding of the deflated stream.
    data = CLEAN[name].encode()[:-1]
    for length in range(0, len(data), 3):
        report = examine(data[:length], DEFAULT)
        assert report.outcome is Outcome.REJECTED, f"{length} of {len(data)} bytes"


@pytest.mark.parametrize("defect", STUDY_DEFECTS, ids=str)
def test_what_is_wrong_with_a_study_is_found_and_nothing_else(defect: StudyDefect) -> None:
    assert _compared(defect.clean, defect.expected) == ()

    findings = _compared(defect.files, defect.expected)

    assert {finding.code for finding in findings} == {defect.code} | defect.along


def _compared(files: Sequence[File], expected: int | None = None) -> tuple[Finding, ...]:
    instances = []
    for number, file in enumerate(files):
        data = file.encode()
        report = examine(data, DEFAULT)
        assert report.findings == ()
        assert report.summary
        instances.append(Compared(f"{number}.dcm", report.summary))
    return compare(instances, DEFAULT, expected_instances=expected)


def test_every_rule_has_a_seeded_defect() -> None:
    found = {defect.code for defect in (*DEFECTS, *STUDY_DEFECTS)}

    # What cannot be examined comes up outside `examine`: see test_validator_examiner.py. What is
    # held against other uploads, or what the sender said, see test_validator_study.py. Relations
    # have seeds of their own, see relations/test_relations.py.
    elsewhere = {
        "file.unreadable",
        "study.failed-with-others",
        "study.instance-archived",
        "study.too-many",
        "study.uid-unexpected",
    }
    relations = {rule.code for rule in RELATIONS}
    assert sorted(set(RULES) - elsewhere - relations - found) == []


def test_there_are_many_of_all_kinds() -> None:
    assert len(DEFECTS) + len(STUDY_DEFECTS) >= 150
    bases = [defect.base for defect in DEFECTS if isinstance(defect.base, File)]
    modalities = {base.dataset["Modality"] for base in bases}
    assert modalities >= {"CT", "MR", "US", "OT", "SR", "SEG", "RTSTRUCT", "RTPLAN", "ECG"}


def test_each_defect_is_seeded_once() -> None:
    names = [str(defect) for defect in (*DEFECTS, *STUDY_DEFECTS)]
    assert sorted(names) == sorted(set(names))
