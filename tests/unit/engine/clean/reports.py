"""Clean structured reports beside the comprehensive one: text, doses, space and time."""

from unit.engine.clean import documents
from unit.engine.clean.modules import ROOT, code, reference
from unit.engine.clean.notation import DataSet, File

_SR = "1.2.840.10008.5.1.4.1.1.88"
_FINDING = code("121071", "DCM", "Finding")
_LENGTH = code("410668003", "SCT", "Length")
_PROCEDURE = code("121058", "DCM", "Procedure reported")


def basic_text() -> File:
    """A report of texts alone (PS3.3 A.35.1)."""
    content = [
        item("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"))
        | {"PersonName": "Roe^Richard"},
        item("CONTAINS", "TEXT", _FINDING)
        | {
            "TextValue": "Nothing unusual.",
            "ContentSequence": [
                item("INFERRED FROM", "IMAGE") | {"ReferencedSOPSequence": [reference()]}
            ],
        },
    ]
    return _changed(f"{_SR}.11", content)


def comprehensive_3d() -> File:
    """A measurement report with a region in space (PS3.3 A.35.13, PS3.16 TID 1500)."""
    region = item("INFERRED FROM", "SCOORD3D") | {
        "GraphicType": "POINT",
        "GraphicData": (1, 2, 3),
        "ReferencedFrameOfReferenceUID": f"{ROOT}.9",
    }
    measured = {"NumericValue": 12.5, "MeasurementUnitsCodeSequence": code("mm", "UCUM", "mm")}
    content = [
        item("HAS CONCEPT MOD", "CODE", _PROCEDURE)
        | {"ConceptCodeSequence": code("77477000", "SCT", "CT")},
        item("CONTAINS", "NUM", _LENGTH)
        | {"MeasuredValueSequence": [measured], "ContentSequence": [region]},
    ]
    return _with_template(_changed(f"{_SR}.34", content), "1500", "126000", "Measurements")


def timed() -> File:
    """A report on a part of a recording."""
    source = item("SELECTED FROM", "WAVEFORM") | {
        "ReferencedSOPSequence": [reference("1.2.840.10008.5.1.4.1.1.9.1.1", f"{ROOT}.77")]
    }
    region = item("INFERRED FROM", "TCOORD") | {
        "TemporalRangeType": "SEGMENT",
        "ReferencedSamplePositions": (10, 20),
        "ContentSequence": [source],
    }
    content = [
        item("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"))
        | {"PersonName": "Roe^Richard"},
        item("CONTAINS", "TEXT", _FINDING)
        | {"TextValue": "Nothing unusual.", "ContentSequence": [region]},
    ]
    report = _changed(f"{_SR}.33", content)
    path = "CurrentRequestedProcedureEvidenceSequence[0]>ReferencedSeriesSequence[0]"
    listed = f"{path}>ReferencedSOPSequence"
    return report.put(listed, [*report.get(listed), source["ReferencedSOPSequence"][0]])


def ct_dose() -> File:
    """A dose report of one acquisition in CT (PS3.3 A.35.8, PS3.16 TID 10011)."""
    study = item("HAS PROPERTIES", "UIDREF", code("110180", "DCM", "Study Instance UID"))
    content = [
        item("HAS CONCEPT MOD", "CODE", _PROCEDURE)
        | {"ConceptCodeSequence": code("77477000", "SCT", "CT")},
        item("HAS OBS CONTEXT", "DATETIME", code("113809", "DCM", "Start of X-Ray Irradiation"))
        | {"DateTime": "20240229101500"},
        item("HAS OBS CONTEXT", "DATETIME", code("113810", "DCM", "End of X-Ray Irradiation"))
        | {"DateTime": "20240229101600"},
        item("HAS OBS CONTEXT", "CODE", code("113705", "DCM", "Scope of Accumulation"))
        | {
            "ConceptCodeSequence": code("113014", "DCM", "Study"),
            "ContentSequence": [study | {"UID": f"{ROOT}.1"}],
        },
        item("CONTAINS", "CODE", code("113854", "DCM", "Source of Dose Information"))
        | {"ConceptCodeSequence": code("113856", "DCM", "Automated Data Collection")},
        item("CONTAINS", "CONTAINER", code("113811", "DCM", "CT Accumulated Dose Data"))
        | {
            "ContinuityOfContent": "SEPARATE",
            "ContentSequence": [
                _number("113812", "Total Number of Irradiation Events", 1, "{events}"),
                _number("113813", "CT Dose Length Product Total", 300, "mGy.cm"),
            ],
        },
        item("CONTAINS", "CONTAINER", code("113819", "DCM", "CT Acquisition"))
        | {
            "ContinuityOfContent": "SEPARATE",
            "ContentSequence": [
                item("CONTAINS", "CODE", code("113820", "DCM", "CT Acquisition Type"))
                | {"ConceptCodeSequence": code("116152004", "SCT", "Spiral Acquisition")},
                item("CONTAINS", "UIDREF", code("113769", "DCM", "Irradiation Event UID"))
                | {"UID": f"{ROOT}.5"},
                item("CONTAINS", "CONTAINER", code("113822", "DCM", "CT Acquisition Parameters"))
                | {"ContinuityOfContent": "SEPARATE"},
            ],
        },
    ]
    report = _changed(f"{_SR}.67", content)
    report = report.put("ManufacturerModelName", "Scanner").put("DeviceSerialNumber", "1")
    report = report.put("SoftwareVersions", "1.0")
    return _with_template(report, "10011", "113701", "X-Ray Radiation Dose Report")


def item(relationship: str, value_type: str, name: list[DataSet] | None = None) -> DataSet:
    """A content item without its value."""
    named = {} if name is None else {"ConceptNameCodeSequence": name}
    return {"RelationshipType": relationship, "ValueType": value_type} | named


def _number(value: str, meaning: str, number: float, unit: str) -> DataSet:
    measured = {"NumericValue": number, "MeasurementUnitsCodeSequence": code(unit, "UCUM", unit)}
    return item("CONTAINS", "NUM", code(value, "DCM", meaning)) | {
        "MeasuredValueSequence": [measured]
    }


def _changed(sop_class: str, content: list[DataSet]) -> File:
    report = documents.structured_report()
    return report.put("SOPClassUID", sop_class).put("ContentSequence", content)


def _with_template(report: File, template: str, value: str, title: str) -> File:
    named = {"MappingResource": "DCMR", "TemplateIdentifier": template}
    report = report.put("ContentTemplateSequence", [named])
    return report.put("ConceptNameCodeSequence", code(value, "DCM", title))
