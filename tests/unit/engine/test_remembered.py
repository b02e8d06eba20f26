"""What a process remembers of the files before changes no report of the files after."""

import sys
from collections.abc import Callable, Iterator

import pytest

from engine.examination import examine
from engine.iod.plan import plans
from engine.profiles.profile import Profile
from engine.report import Report
from engine.values import check as values
from unit.engine.clean.catalogue import CLEAN
from unit.engine.defects.defect import DEFAULT
from unit.engine.dicom_writer import DataSet, ct, part10
from unit.engine.test_defects import DEFECTS

_TABLES = {"load", "plans", "_dictionary"}
"""What is remembered of the standard, not of files."""


def test_a_report_is_the_same_whatever_was_examined_before() -> None:
    files = [
        *((file.encode(), DEFAULT) for file in CLEAN.values()),
        *((data, defect.profile) for defect in DEFECTS for data in (defect.valid, defect.data)),
    ]
    alone = [_alone(*file) for file in files]
    assert [examine(*file) for file in files] == alone
    assert [examine(*file) for file in reversed(files)] == alone[::-1]


def _alone(data: bytes, profile: Profile) -> Report:
    for forget in _memories():
        forget()
    return examine(data, profile)


def _memories() -> Iterator[Callable[[], None]]:
    """What empties each memory that values of files are in."""
    for name, module in list(sys.modules.items()):
        if name.startswith("engine."):
            for attribute, remembered in vars(module).items():
                if hasattr(remembered, "cache_clear") and attribute not in _TABLES:
                    yield remembered.cache_clear
    yield plans().top.cache_clear
    yield plans().terms._judged.cache_clear
    yield values._KNOWN.clear


def _codes(dataset: DataSet) -> set[tuple[str, str | None]]:
    findings = examine(part10(ct() | dataset), DEFAULT).findings
    return {(finding.code, finding.keyword) for finding in findings if "value" in finding.code}


def test_a_text_that_is_valid_in_one_place_is_judged_again_in_another() -> None:
    description, name = 0x00081030, 0x00100010
    text = "M\xe4rz".encode("latin-1")
    latin, utf8 = ("CS", b"ISO_IR 100"), ("CS", b"ISO_IR 192")
    wrong = ("value.undecodable", "StudyDescription")
    for _ in range(2):
        assert not _codes({0x00080005: latin, description: ("LO", text)})
        assert _codes({0x00080005: utf8, description: ("LO", text)}) == {wrong}
    several = b"A\\B "
    for _ in range(2):
        assert not _codes({0x00101001: ("PN", several)})
        assert _codes({name: ("PN", several)}) == {("value.multiplicity", "PatientName")}


def test_only_so_many_texts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_MOST_KNOWN", 10)
    for number in range(50):
        examine(part10(ct() | {0x00081030: ("LO", b"%06d" % number)}), DEFAULT)
        assert len(values._KNOWN) <= 10
