"""Content of structured reports: what is legal gives no finding; large reports take linear time."""

import time

import pytest

from engine.examination import examine
from engine.profiles.profile import Profile
from unit.engine.clean import documents, reports
from unit.engine.clean.modules import code
from unit.engine.clean.notation import DataSet, File
from unit.engine.layers import findings_in

SECONDS = 6.0
FINDINGS = "ContentSequence[1]>ContentSequence"
OUTLINE = "ContentSequence[1]>ContentSequence[2]>ContentSequence[0]"


def found(file: File) -> list[str]:
    return [finding.code for finding in findings_in(file.encode(), "sr")]


def reference(*numbers: int) -> DataSet:
    return {"RelationshipType": "INFERRED FROM", "ReferencedContentItemIdentifier": numbers}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("POLYLINE", (1, 1, 5, 1, 5, 5, 1, 1)),
        ("MULTIPOINT", (1, 1)),
        ("CIRCLE", (5, 5, 8, 5)),
        ("ELLIPSE", (0, 30, 60, 30, 30, 10, 30, 50)),
        ("ELLIPSE", (0, 30, 60, 30, 30, 10, 30.9, 50)),
        ("ELLIPSE", (5, 5, 5, 5, 5, 5, 5, 5)),
    ],
)
def test_graphics_may_be_drawn_in_many_ways(kind: str, data: tuple[float, ...]) -> None:
    report = documents.structured_report()
    assert (
        found(report.put(f"{OUTLINE}>GraphicType", kind).put(f"{OUTLINE}>GraphicData", data)) == []
    )


@pytest.mark.parametrize(
    "data",
    [
        (0, 0, 0, 9, 0, 0, 0, 9, 9, 0, 0, 0),
        (0, 0, 0, 9, 0, 0.01, 9, 9, 0, 0, 9, 0, 0, 0, 0),
        (0, 0, 0, 5, 5, 5, 9, 9, 9, 0, 0, 0),
    ],
    ids=["triangle", "almost flat", "on a line"],
)
def test_polygons_in_a_plane_are_no_finding(data: tuple[float, ...]) -> None:
    item = "ContentSequence[1]>ContentSequence[0]"
    report = reports.comprehensive_3d().put(f"{item}>GraphicType", "POLYGON")
    assert found(report.put(f"{item}>GraphicData", data)) == []


def test_an_item_may_stand_for_another_that_is_not_above_it() -> None:
    report = documents.structured_report()
    for numbers in ((1, 2, 3), (1, 2, 3, 1), (1, 2, 1)):
        assert found(report.put(f"{FINDINGS}[1]>ContentSequence", [reference(*numbers)])) == []


def test_other_templates_and_private_ones_are_not_known() -> None:
    report = documents.structured_report()
    for resource, number in (("99OURS", "MY-TEMPLATE"), ("DCMR", "1400"), ("DCMR", "5301")):
        template = {"MappingResource": resource, "TemplateIdentifier": number}
        assert found(report.put("ContentTemplateSequence", [template])) == []


def test_a_report_with_many_references_takes_linear_time() -> None:
    count = 3000
    text = reports.item("CONTAINS", "TEXT", code("121071", "DCM", "Finding"))
    texts = [
        text | {"TextValue": "x", "ContentSequence": [reference(1, count - number)]}
        for number in range(count)
    ]
    report = documents.structured_report().put("ContentSequence", texts)
    content = report.encode()
    started = time.process_time()

    examine(content, Profile())

    assert time.process_time() - started < SECONDS
