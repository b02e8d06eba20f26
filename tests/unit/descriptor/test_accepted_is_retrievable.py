"""Whatever the validator accepts is described completely, or says why not; it keeps its identity.

The validator and the descriptor examine the same bytes, one after the other: all real files of the
packages that the tests use, the valid files and the seeds of the engine's tests, and damaged ones.
"""

import io
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
import pydicom
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.model import is_uid
from contracts.report import Outcome
from descriptor.description import describe_bytes
from descriptor.instance_description import InstanceDescription, identified
from engine.encoding.reading import read
from engine.examination import examine
from engine.profile_files.loading import load_profile
from engine.report import Report
from engine.tags import ITEM
from unit.engine import dicom_writer as dicom
from unit.engine.clean import images
from unit.engine.clean.catalogue import CLEAN
from unit.engine.clean.notation import Of
from unit.engine.test_defects import DEFECTS
from unit.engine.test_real_files import FILES

PROFILES = {name: load_profile(name) for name in ("default", "lenient")}
REASONS = {None, "structure", "depth", "elements", "inflated-size"}


def accepted(data: bytes, profile: str = "default") -> Report | None:
    report = examine(data, PROFILES[profile])
    return report if report.outcome is Outcome.ACCEPTED else None


def described(data: bytes, report: Report) -> InstanceDescription:
    return identified(describe_bytes(data, "original.dcm"), report.identity)


def require_retrievable(data: bytes, report: Report) -> None:
    """What the archive finds an instance by is there, and its data set is described."""
    identity = report.identity
    uids = (identity.study_instance_uid, identity.series_instance_uid, identity.sop_instance_uid)
    assert all(map(is_uid, uids))
    description = described(data, report)
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    assert tuple(description.values[keyword] for keyword in keywords) == uids
    assert description.values["SOPClassUID"] == identity.sop_class_uid
    assert description.transfer_syntax_uid == identity.transfer_syntax_uid
    assert description.incomplete in REASONS
    attributes = orjson.loads(description.dataset)
    if description.incomplete is None:
        assert sorted(trails(attributes)) == sorted(set(expected_trails(data)))
        for keyword, tag in zip(keywords, ("0020000D", "0020000E", "00080018"), strict=True):
            assert attributes[tag]["Value"] == [description.values[keyword]]


def trails(attributes: dict[str, Any], above: str = "") -> Iterator[str]:
    """The path of each attribute in the JSON."""
    for tag, attribute in attributes.items():
        yield above + tag
        if attribute["vr"] == "SQ":
            for index, item in enumerate(attribute.get("Value", [])):
                yield from trails(item, f"{above}{tag}/{index}/")


def expected_trails(data: bytes) -> Iterator[str]:
    """The path of each element that the validator has seen, group lengths left out."""
    file = read(data, PROFILES["default"].limits, lambda _: None)
    assert file
    table = file.dataset
    paths: dict[int, str] = {-1: ""}
    counts: dict[int, int] = {}
    for row, (tag, parent) in enumerate(zip(table.tags, table.parents, strict=True)):
        if tag == ITEM:
            index = counts.get(parent, 0)
            counts[parent] = index + 1
            paths[row] = f"{paths.get(parent, '')}/{index}/"
        elif tag & 0xFFFF:
            paths[row] = f"{paths[parent]}{tag:08X}"
            yield paths[row]


@cache
def seeds() -> dict[str, bytes]:
    clean = {f"clean {name}": file.encode() for name, file in CLEAN.items()}
    return clean | {str(defect): defect.data for defect in DEFECTS}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file(name: str) -> None:
    data = FILES[name].read_bytes()
    for profile in PROFILES:
        if report := accepted(data, profile):
            require_retrievable(data, report)


def test_the_seeds_of_the_engine() -> None:
    checked = 0
    for name, data in seeds().items():
        if report := accepted(data) or accepted(data, "lenient"):
            checked += 1
            try:
                require_retrievable(data, report)
            except AssertionError as error:
                raise AssertionError(name) from error
    assert checked > 300


@settings(deadline=None, max_examples=100)
@given(
    name=st.sampled_from(["clean ct", "clean mr", "clean us"]),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=3),
)
def test_damaged_files(name: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(seeds()[name])
    for position, byte in changes:
        data[position % len(data)] = byte
    report = accepted(bytes(data))
    assume(report is not None)
    assert report
    require_retrievable(bytes(data), report)


def test_pydicom_finds_the_same_identity() -> None:
    """By a second reader: the identity is that of the file, not only the same in two places."""
    for name, path in FILES.items():
        data = path.read_bytes()
        report = accepted(data)
        if report is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
            uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
        identity = report.identity
        found = identity.study_instance_uid, identity.series_instance_uid, identity.sop_instance_uid
        assert found == uids, name


@pytest.mark.parametrize("syntax", [dicom.EXPLICIT, dicom.BIG_ENDIAN])
def test_items_of_unknown_representation_are_little_endian_in_any_file(syntax: str) -> None:
    identifier = dicom.element(0x00181009, "UT", b"(01)0084", dicom.IMPLICIT)
    file = images.ct().put("0018100A", Of("UN", dicom.item(identifier)))
    data = replace(file, syntax=syntax).encode()
    report = accepted(data)
    assert report is not None

    require_retrievable(data, report)

    attributes = orjson.loads(described(data, report).dataset)
    [item] = attributes["0018100A"]["Value"]
    assert item["00181009"]["Value"] == ["(01)0084"]
