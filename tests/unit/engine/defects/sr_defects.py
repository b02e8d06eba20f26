"""Defects of the content of structured reports."""

from collections.abc import Iterator

from unit.engine.clean import documents, reports
from unit.engine.clean.modules import code
from unit.engine.clean.notation import File
from unit.engine.defects.defect import Defect, absent, put

_FINDINGS = "ContentSequence[1]"
_CODE = f"{_FINDINGS}>ContentSequence[1]"
_NUMBER = f"{_FINDINGS}>ContentSequence[2]"
_OUTLINE = f"{_NUMBER}>ContentSequence[0]"
_TEMPLATE = "ContentTemplateSequence[0]>TemplateIdentifier"


def cases() -> Iterator[Defect]:
    """Of reports, key object selections and doses."""
    yield from _single_items()
    yield from _relationships()
    yield from _flat_graphics()
    yield from _spatial_graphics()
    yield from _times()
    yield from _templates()


def _single_items() -> Iterator[Defect]:
    report = documents.structured_report()
    for path in (
        "ConceptNameCodeSequence",
        f"{_CODE}>ConceptCodeSequence",
        f"{_CODE}>ConceptNameCodeSequence",
        f"{_NUMBER}>MeasuredValueSequence",
        f"{_NUMBER}>MeasuredValueSequence[0]>MeasurementUnitsCodeSequence",
        f"{_OUTLINE}>ContentSequence[0]>ReferencedSOPSequence",
    ):
        yield put("sr.single-item", report, path, report.get(path) * 2)
    text = {"ValueType": "TEXT", "TextValue": "All of it."}
    bare = report.without("ContinuityOfContent", "ContentSequence")
    yield Defect("sr.root", report, File(bare.dataset | text), "ValueType", along=frozenset())
    selection = documents.key_objects()
    only_text = selection.get("ContentSequence")[:1]
    yield put("sr.nothing-selected", selection, "ContentSequence", only_text)


def _relationships() -> Iterator[Defect]:
    report, basic, dose = documents.structured_report(), reports.basic_text(), reports.ct_dose()
    for base, item, relationship in (
        (report, _CODE, "SELECTED FROM"),
        (report, _OUTLINE, "CONTAINS"),
        (report, f"{_OUTLINE}>ContentSequence[0]", "INFERRED FROM"),
        (report, f"{_FINDINGS}>ContentSequence[3]", "HAS CONCEPT MOD"),
        (basic, "ContentSequence[1]", "HAS PROPERTIES"),
        (basic, "ContentSequence[1]>ContentSequence[0]", "HAS ACQ CONTEXT"),
        (dose, "ContentSequence[5]>ContentSequence[0]", "INFERRED FROM"),
        (documents.key_objects(), "ContentSequence[1]", "HAS CONCEPT MOD"),
    ):
        yield put("sr.relationship", base, f"{item}>RelationshipType", relationship)
    identifier = f"{_CODE}>ContentSequence[0]>ReferencedContentItemIdentifier"
    base = report.put(f"{_CODE}>ContentSequence", [_reference("INFERRED FROM", 1, 2, 3)])
    for numbers in ((1, 2, 9), (1, 9), (1, 2, 0), (2,), (1, 2, 3, 1, 1, 1)):
        yield put("sr.reference-dangling", base, identifier, numbers, note=str(numbers))
    for numbers in ((1, 2, 2), (1, 2), (1,)):
        yield put("sr.reference-loop", base, identifier, numbers, note=str(numbers))
    by_reference = f"{_CODE}>ContentSequence[0]>RelationshipType"
    yield put("sr.relationship", base, by_reference, "HAS CONCEPT MOD", note="by reference")
    enhanced = [_reference("INFERRED FROM", 1, 1)]
    at = "ContentSequence[1]>ContentSequence[1]"
    yield put(
        "sr.relationship",
        basic,
        "ContentSequence[1]>ContentSequence",
        [*basic.get("ContentSequence[1]>ContentSequence"), *enhanced],
        at=f"{at}>ReferencedContentItemIdentifier",
        note="no references in basic text",
    )


def _reference(relationship: str, *numbers: int) -> dict[str, object]:
    return {"RelationshipType": relationship, "ReferencedContentItemIdentifier": numbers}


def _flat_graphics() -> Iterator[Defect]:
    report = documents.structured_report()
    data = f"{_OUTLINE}>GraphicData"
    for kind, right, wrongs in (
        ("POINT", (1, 1), ((1, 1, 2, 2), (1, 2, 3))),
        ("MULTIPOINT", (1, 1, 2, 2), ((1, 2, 3),)),
        ("POLYLINE", (1, 1, 2, 2), ((1, 1), (1, 2, 3))),
        ("CIRCLE", (3, 3, 4, 3), ((3, 3), (1, 1, 2, 2, 3, 3))),
        ("ELLIPSE", (0, 3, 6, 3, 3, 1, 3, 5), ((0, 3, 6, 3), (0, 3, 6, 3, 3, 1))),
    ):
        base = report.put(f"{_OUTLINE}>GraphicType", kind).put(data, right)
        for wrong in wrongs:
            yield put("sr.graphic-points", base, data, wrong, note=f"{kind} {wrong}")
        outside = tuple(each - 10 for each in right)
        yield put("sr.graphic-outside", base, data, outside, note=kind)
    ellipse = report.put(f"{_OUTLINE}>GraphicType", "ELLIPSE")
    ellipse = ellipse.put(data, (0, 30, 60, 30, 30, 10, 30, 50))
    skewed = (0, 30, 60, 30, 30, 10, 55, 50)
    yield put("sr.graphic-axes", ellipse, data, skewed, note="another center")
    parallel = (0, 30, 60, 30, 10, 30, 50, 30)
    yield put("sr.graphic-axes", ellipse, data, parallel, note="parallel")


def _spatial_graphics() -> Iterator[Defect]:
    report = reports.comprehensive_3d()
    item = "ContentSequence[1]>ContentSequence[0]"
    data = f"{item}>GraphicData"
    square = (0, 0, 5, 10, 0, 5, 10, 10, 5, 0, 10, 5, 0, 0, 5)
    ellipse = (0, 0, 5, 20, 0, 5, 10, -5, 5, 10, 5, 5)
    ellipsoid = (*ellipse, 10, 0, 0, 10, 0, 10)
    for kind, right, wrongs in (
        ("POINT", (1, 1, 1), ((1, 1), (1, 1, 1, 2, 2, 2))),
        ("MULTIPOINT", (1, 1, 1), ((1, 1, 1, 2),)),
        ("POLYLINE", (1, 1, 1, 2, 2, 2), ((1, 1, 1),)),
        ("POLYGON", square, (square[:9], square[:8])),
        ("ELLIPSE", ellipse, (ellipse[:6], (*ellipse, 1, 1, 1))),
        ("ELLIPSOID", ellipsoid, (ellipsoid[:12],)),
    ):
        base = report.put(f"{item}>GraphicType", kind).put(data, right)
        for wrong in wrongs:
            yield put("sr.graphic-points", base, data, wrong, note=f"{kind} {len(wrong)}")
    polygon = report.put(f"{item}>GraphicType", "POLYGON").put(data, square)
    yield put("sr.graphic-open", polygon, data, square[:12])
    bent = (*square[:8], 9, *square[9:])
    yield put("sr.graphic-plane", polygon, data, bent, note="POLYGON")
    flat = report.put(f"{item}>GraphicType", "ELLIPSE").put(data, ellipse)
    twisted = (*ellipse[:8], 0, *ellipse[9:11], 14)
    yield put("sr.graphic-plane", flat, data, twisted, note="ELLIPSE", along=("sr.graphic-axes",))
    body = report.put(f"{item}>GraphicType", "ELLIPSOID").put(data, ellipsoid)
    yield put("sr.graphic-axes", body, data, (*ellipsoid[:12], 10, 0, 0, 18, 0, 3))


def _times() -> Iterator[Defect]:
    report = reports.timed()
    item = "ContentSequence[1]>ContentSequence[0]"
    positions = f"{item}>ReferencedSamplePositions"
    for kind, right, wrong in (
        ("POINT", (10,), (10, 20)),
        ("SEGMENT", (10, 20), (10,)),
        ("MULTISEGMENT", (10, 20, 30, 40), (10, 20, 30)),
        ("BEGIN", (10,), (10, 20)),
        ("END", (10,), (10, 20)),
    ):
        base = report.put(f"{item}>TemporalRangeType", kind).put(positions, right)
        yield put("sr.temporal", base, positions, wrong, note=kind)
    offsets = report.without(positions).put(f"{item}>ReferencedTimeOffsets", (1.5, 2.5))
    yield put("sr.temporal", offsets, f"{item}>ReferencedTimeOffsets", 1.5, note="offsets")


def _templates() -> Iterator[Defect]:
    selection, dose = documents.key_objects(), reports.ct_dose()
    measured = reports.comprehensive_3d()
    for number in ("TID 1500", "01500", "99999", "1_500"):
        yield put("sr.template-unknown", measured, _TEMPLATE, number, note=number)
    yield put("sr.root-template", selection, _TEMPLATE, "2000")
    yield put("sr.root-template", dose, _TEMPLATE, "1400")
    finding = code("121071", "DCM", "Finding")
    name = "ConceptNameCodeSequence"
    yield put("sr.template-title", measured, name, finding, note="TID 1500")
    yield put("sr.template-title", dose, name, finding, note="dose")
    for index in range(len(dose.get("ContentSequence"))):
        rest = [each for at, each in enumerate(dose.get("ContentSequence")) if at != index]
        yield put("sr.template-row", dose, "ContentSequence", rest, note=str(index))
    for path in ("ContentSequence[5]", "ContentSequence[6]"):
        children = dose.get(f"{path}>ContentSequence")
        for index in range(len(children)):
            rest = [each for at, each in enumerate(children) if at != index]
            inside = f"{path}>ContentSequence"
            yield put("sr.template-row", dose, inside, rest, note=str(index))
    yield absent(
        "sr.template-row",
        dose,
        "ContentSequence[5]>ContentSequence",
        at="ContentSequence[5]>ContentSequence",
        count=2,
    )
    rest = measured.get("ContentSequence")[1:]
    yield put("sr.template-row", measured, "ContentSequence", rest)
