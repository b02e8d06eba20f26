"""Clean objects without pixels: structured reports, key objects, presentation states, documents."""

from struct import pack

from unit.engine.clean.modules import (
    CT_SERIES,
    ROOT,
    code,
    content_date,
    evidence,
    patient_study_series,
    reference,
    sop_common,
)
from unit.engine.clean.notation import DataSet, File

_FINDING = code("121071", "DCM", "Finding")
_LENGTH = code("410668003", "SCT", "Length")


def structured_report() -> File:
    """A comprehensive report with items of every usual kind, nested (PS3.3 A.35.3)."""
    source = _item("SELECTED FROM", "IMAGE") | {"ReferencedSOPSequence": [reference()]}
    outline = _item("INFERRED FROM", "SCOORD") | {
        "GraphicType": "POLYLINE",
        "GraphicData": (1, 1, 3, 1),
        "ContentSequence": [source],
    }
    measured = {"NumericValue": 12.5, "MeasurementUnitsCodeSequence": code("mm", "UCUM", "mm")}
    content = [
        _item("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"))
        | {"PersonName": "Roe^Richard"},
        _item("CONTAINS", "CONTAINER", code("121070", "DCM", "Findings"))
        | {
            "ContinuityOfContent": "SEPARATE",
            "ContentSequence": [
                _item("CONTAINS", "TEXT", _FINDING) | {"TextValue": "Nothing unusual."},
                _item("CONTAINS", "CODE", _FINDING)
                | {"ConceptCodeSequence": code("17621005", "SCT", "Normal")},
                _item("CONTAINS", "NUM", _LENGTH)
                | {"MeasuredValueSequence": [measured], "ContentSequence": [outline]},
                _item("CONTAINS", "IMAGE") | {"ReferencedSOPSequence": [reference()]},
                _item("CONTAINS", "DATE", code("111060", "DCM", "Study Date"))
                | {"Date": "20240229"},
                _item("CONTAINS", "UIDREF", code("112040", "DCM", "Tracking Unique Identifier"))
                | {"UID": f"{ROOT}.7"},
            ],
        },
    ]
    return File(
        patient_study_series("SR")
        | sop_common("1.2.840.10008.5.1.4.1.1.88.33")
        | content_date()
        | _document(code("18748-4", "LN", "Diagnostic imaging report"), content)
        | {
            "CompletionFlag": "COMPLETE",
            "VerificationFlag": "VERIFIED",
            "VerifyingObserverSequence": [
                {
                    "VerifyingObserverName": "Roe^Richard",
                    "VerifyingObserverIdentificationCodeSequence": [],
                    "VerifyingOrganization": "Clinic",
                    "VerificationDateTime": "20240229110000",
                }
            ],
            "PerformedProcedureCodeSequence": [],
        }
    )


def key_objects() -> File:
    """A key object selection of one image (PS3.3 A.35.4)."""
    content = [
        _item("CONTAINS", "TEXT", code("113012", "DCM", "Key Object Description"))
        | {"TextValue": "See here."},
        _item("CONTAINS", "IMAGE") | {"ReferencedSOPSequence": [reference()]},
    ]
    return File(
        patient_study_series("KO")
        | sop_common("1.2.840.10008.5.1.4.1.1.88.59")
        | content_date()
        | _document(code("113000", "DCM", "Of Interest"), content)
        | {"ContentTemplateSequence": [{"MappingResource": "DCMR", "TemplateIdentifier": "2010"}]}
    )


def presentation_state() -> File:
    """A grayscale presentation state with a note on one image (PS3.3 A.33.1)."""
    area = {
        "DisplayedAreaTopLeftHandCorner": (1, 1),
        "DisplayedAreaBottomRightHandCorner": (6, 4),
        "PresentationSizeMode": "SCALE TO FIT",
        "PresentationPixelAspectRatio": (1, 1),
    }
    text = {
        "BoundingBoxAnnotationUnits": "PIXEL",
        "UnformattedTextValue": "Note",
        "BoundingBoxTopLeftHandCorner": (1.0, 1.0),
        "BoundingBoxBottomRightHandCorner": (3.0, 2.0),
        "BoundingBoxTextHorizontalJustification": "LEFT",
    }
    line = {
        "GraphicAnnotationUnits": "PIXEL",
        "GraphicDimensions": 2,
        "NumberOfGraphicPoints": 2,
        "GraphicData": (1, 1, 3, 1),
        "GraphicType": "POLYLINE",
        "GraphicFilled": "N",
    }
    note = {
        "GraphicLayer": "NOTES",
        "TextObjectSequence": [text],
        "GraphicObjectSequence": [line],
    }
    return File(
        patient_study_series("PR")
        | sop_common("1.2.840.10008.5.1.4.1.1.11.1")
        | {
            "BodyPartExamined": "HEAD",
            "PresentationCreationDate": "20240229",
            "PresentationCreationTime": "103000",
            "ContentLabel": "NOTES",
            "ContentDescription": "",
            "ContentCreatorName": "Roe^Richard",
            "ReferencedSeriesSequence": [
                {"SeriesInstanceUID": CT_SERIES, "ReferencedImageSequence": [reference()]}
            ],
            "DisplayedAreaSelectionSequence": [area],
            "GraphicLayerSequence": [{"GraphicLayer": "NOTES", "GraphicLayerOrder": 1}],
            "GraphicAnnotationSequence": [note],
            "SoftcopyVOILUTSequence": [{"WindowCenter": 40, "WindowWidth": 400}],
            "PresentationLUTShape": "IDENTITY",
        }
    )


def pdf() -> File:
    """An encapsulated PDF document (PS3.3 A.45.1)."""
    return _encapsulated("DOC", "1.2.840.10008.5.1.4.1.1.104.1", "application/pdf", PDF)


def cda() -> File:
    """An encapsulated clinical document (PS3.3 A.45.2)."""
    file = _encapsulated("DOC", "1.2.840.10008.5.1.4.1.1.104.2", "text/XML", CDA)
    return file.put("HL7InstanceIdentifier", f"{ROOT}.8^1")


def stl() -> File:
    """A model for printing, of two triangles (PS3.3 A.85.1)."""
    return _model("1.2.840.10008.5.1.4.1.1.104.3", "model/stl", STL)


def obj() -> File:
    """A model of one face (PS3.3 A.85.2)."""
    return _model("1.2.840.10008.5.1.4.1.1.104.4", "model/obj", OBJ)


def mtl() -> File:
    """The library of materials of such a model (PS3.3 A.85.3)."""
    library = _model("1.2.840.10008.5.1.4.1.1.104.5", "model/mtl", MTL)
    return library.without("FrameOfReferenceUID", "PositionReferenceIndicator")


def _pdf() -> bytes:
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>",
    )
    document, offsets = b"%PDF-1.4\n", [0]
    for number, content in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % each for each in offsets[1:])
    trailer = b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(document)
    return document + b"xref\n0 4\n" + table + trailer


PDF = _pdf()
CDA = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3">\n'
    b"<title>Caf\xc3\xa9</title><component><structuredBody/></component>\n</ClinicalDocument>\n"
)
STL = bytes(80) + pack("<I", 2) + pack("<12fH", *[0.0, 0.0, 1.0] * 4, 0) * 2
OBJ = b"# one face\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvn 0 0 1\nf 1/1/1 2/1/1 -1/-1/-1\n"
MTL = b"newmtl bone\nKd 0.9 0.9 0.8\n"


def _encapsulated(modality: str, sop_class: str, media_type: str, document: bytes) -> File:
    return File(
        patient_study_series(modality)
        | sop_common(sop_class)
        | content_date()
        | {
            "ConversionType": "WSD",
            "AcquisitionDateTime": "20240229101500",
            "BurnedInAnnotation": "NO",
            "DocumentTitle": "Report",
            "ConceptNameCodeSequence": code("18748-4", "LN", "Diagnostic imaging report"),
            "MIMETypeOfEncapsulatedDocument": media_type,
            "EncapsulatedDocument": document + b"\0" * (len(document) % 2),
            "EncapsulatedDocumentLength": len(document),
        }
    )


def _model(sop_class: str, media_type: str, document: bytes) -> File:
    file = _encapsulated("M3D", sop_class, media_type, document).without("ConversionType")
    return File(
        file.dataset
        | {
            "ManufacturerModelName": "Modeller",
            "DeviceSerialNumber": "1",
            "SoftwareVersions": "1.0",
            "ICCProfile": bytes(132),
            "ContentDescription": "A model",
            "FrameOfReferenceUID": f"{ROOT}.9",
            "PositionReferenceIndicator": "",
            "MeasurementUnitsCodeSequence": code("mm", "UCUM", "mm"),
            "ModelModification": "NO",
            "ModelMirroring": "NO",
            "ModelUsageCodeSequence": code("129013", "DCM", "Planning Intent"),
        }
    )


def _document(title: list[DataSet], content: list[DataSet]) -> DataSet:
    return {
        "ReferencedPerformedProcedureStepSequence": [],
        "CurrentRequestedProcedureEvidenceSequence": evidence(),
        "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": title,
        "ContinuityOfContent": "SEPARATE",
        "ContentSequence": content,
    }


def _item(relationship: str, value_type: str, name: list[DataSet] | None = None) -> DataSet:
    named = {} if name is None else {"ConceptNameCodeSequence": name}
    return {"RelationshipType": relationship, "ValueType": value_type} | named
