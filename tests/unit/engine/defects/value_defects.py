"""Defects of single values: format, length, number, characters, at the top and in items."""

from collections.abc import Iterator

from unit.engine import dicom_writer as dicom
from unit.engine.clean import documents, enhanced, images, radiotherapy, waveforms
from unit.engine.clean.notation import File, Of, Raw
from unit.engine.defects.defect import Defect, put

_OBSERVER = "VerifyingObserverSequence[0]"
_CONTENT = "ContentSequence[1]>ContentSequence"
_CONTOURS = "ROIContourSequence[0]>ContourSequence"
_FRAMES = "PerFrameFunctionalGroupsSequence"


def cases() -> Iterator[Defect]:
    """Defects that a reader meets when it converts what it has read."""
    yield from _dates_and_times()
    yield from _numbers()
    yield from _strings()
    yield from _characters()
    yield from _uids()
    yield from _dictionary()
    yield from _private()


def _dates_and_times() -> Iterator[Defect]:
    ct, mr, pet = images.ct(), images.mr(), images.pet()
    report, ecg = documents.structured_report(), waveforms.ecg()
    for value in ("2024-13-45", "20241345", "20230229", "202402", "20240229-20240301"):
        yield put("value.date", ct, "StudyDate", value, note=value)
    yield put("value.date-old-form", ct, "StudyDate", "2024.02.29")
    yield put("value.date", report, f"{_CONTENT}[4]>Date", "29022024")
    for value in ("2515", "10.15", "101560.1234567"):
        yield put("value.time", mr, "StudyTime", value, note=value)
    yield put("value.time-old-form", mr, "StudyTime", "10:15:00")
    tracer = "RadiopharmaceuticalInformationSequence[0]>RadiopharmaceuticalStartTime"
    yield put("value.time", pet, tracer, "9 o'clock")
    yield put("value.date-time", report, f"{_OBSERVER}>VerificationDateTime", "2024-02-29T11:00")
    yield put("value.date-time", ecg, "AcquisitionDateTime", "20240229101500+2500")
    frame = f"{_FRAMES}[2]>FrameContentSequence[0]>FrameReferenceDateTime"
    yield put("value.date-time", enhanced.enhanced_mr(), frame, "20240229251500")
    yield put("value.age", images.us(), "PatientAge", "42")


def _numbers() -> Iterator[Defect]:
    ct, plan = images.ct(), radiotherapy.plan()
    structures, mr = radiotherapy.structure_set(), enhanced.enhanced_mr()
    yield put("value.integer", ct, "SeriesNumber", "1.5")
    yield put("value.integer", ct, "AcquisitionNumber", "9999999999")
    points = f"{_CONTOURS}[1]>NumberOfContourPoints"
    yield put("value.integer", structures, points, "three")
    yield put("value.decimal", ct, "KVP", "120 kV")
    yield put("value.decimal", ct, "SliceThickness", "2.00000000000000001")
    yield put(
        "value.decimal", structures, f"{_CONTOURS}[1]>ContourData", "0\\0\\2\\5\\0\\NaN\\5\\5\\2"
    )
    position = f"{_FRAMES}[1]>PlanePositionSequence[0]>ImagePositionPatient"
    yield put("value.decimal", mr, position, "-10\\-10\\2,5")
    duration = f"{_FRAMES}[0]>FrameContentSequence[0]>FrameAcquisitionDuration"
    yield put("value.not-finite", mr, duration, float("inf"))
    point = "BeamSequence[0]>ControlPointSequence[1]>CumulativeMetersetWeight"
    yield put("value.decimal", plan, point, "1/2")
    pitch = "BeamSequence[0]>ControlPointSequence[0]>TableTopPitchAngle"
    yield put("value.length", plan, pitch, Of("FL", bytes(6)))
    yield put(
        "value.length", images.us(), "SequenceOfUltrasoundRegions[0]>PhysicalDeltaX", bytes(4)
    )


def _strings() -> Iterator[Defect]:
    ct, report = images.ct(), documents.structured_report()
    segments, state = enhanced.segmentation(), documents.presentation_state()
    yield put("value.text-too-long", ct, "StudyDescription", "x" * 65)
    yield put("value.text-too-long", ct, "AccessionNumber", "A" * 17)
    meaning = "ConceptNameCodeSequence[0]>CodeMeaning"
    yield put("value.text-too-long", report, f"{_CONTENT}[2]>{meaning}", "m" * 65)
    yield put("value.text-too-long", images.sc(), "PatientName", "N" * 65)
    label = "GraphicAnnotationSequence[0]>TextObjectSequence[0]>UnformattedTextValue"
    yield put("value.text-too-long", state, label, "n" * 1025)
    yield put("value.code-string", ct, "BodyPartExamined", "Head", note="small letters")
    yield put("value.code-string", ct, "BodyPartExamined", "HEAD-NECK", note="hyphen")
    yield put("value.code-string", ct, "BodyPartExamined", "A" * 17, note="17 characters")
    yield put("value.code-string", segments, "ContentLabel", "head")
    title = (
        "CurrentRequestedProcedureEvidenceSequence[0]>ReferencedSeriesSequence[0]>RetrieveAETitle"
    )
    yield put("value.application-entity", report, title, "A" * 17)
    for name in ("A^B^C^D^E^F", "A=B=C=D"):
        yield put("value.name", ct, "PatientName", name, note=name)
    observer = f"{_OBSERVER}>VerifyingObserverName"
    yield put("value.name", report, observer, "Roe^Richard^^^^MD")
    yield put("value.padding", ct, "StudyDescription", b"Head\0\0")
    urn = f"{_CONTENT}[1]>ConceptCodeSequence[0]"
    named = report.without(f"{urn}>CodeValue", f"{urn}>CodingSchemeDesignator")
    named = named.put(f"{urn}>URNCodeValue", "urn:oid:1.2.3")
    yield put("value.uri", named, f"{urn}>URNCodeValue", "urn:oid:no spaces")


def _characters() -> Iterator[Defect]:
    ct, report = images.ct(), documents.structured_report()
    yield put("value.control-character", ct, "StudyDescription", b"Head\r\nNeck")
    text = f"{_CONTENT}[0]>TextValue"
    yield put("value.control-character", report, text, b"Nothing\x07 unusual")
    yield put("value.character-set-unknown", ct, "SpecificCharacterSet", "LATIN1")
    yield put("value.character-set-unknown", report, "SpecificCharacterSet", "ISO-8859-1")
    utf8_twice = ("ISO_IR 192", "ISO 2022 IR 100")
    yield put("value.character-set-combination", ct, "SpecificCharacterSet", utf8_twice)
    plain = ct.without("SpecificCharacterSet")
    yield put("value.character-set-missing", plain, "PatientName", b"M\xfcller")
    plain = report.without("SpecificCharacterSet")
    yield put("value.character-set-missing", plain, text, "Größen".encode())
    utf8 = ct.put("SpecificCharacterSet", "ISO_IR 192")
    yield put("value.undecodable", utf8, "PatientName", b"M\xfcller")
    greek = ct.put("SpecificCharacterSet", "ISO_IR 126")
    yield put("value.undecodable", greek, "StudyDescription", b"\xff\xd2")
    japanese = ct.put("SpecificCharacterSet", ("", "ISO 2022 IR 87"))
    unclosed = b"Yamada=\x1b$B;3ED"
    yield put("value.character-set-left-open", japanese, "PatientName", unclosed)
    yield put(
        "value.undecodable", japanese, "PatientName", b"Yamada=\x1b$B;\xff\x1b(B=", note="Kanji"
    )
    utf8 = report.put(f"{_CONTENT}[0]>SpecificCharacterSet", "ISO_IR 192")
    yield put("value.undecodable", utf8, text, b"Gr\xf6\xdfen", note="in an item")


def _uids() -> Iterator[Defect]:
    ct, dose, report = images.ct(), radiotherapy.dose(), documents.structured_report()
    yield put("uid.leading-zero", ct, "StudyInstanceUID", "1.2.03.4")
    yield put("uid.malformed", dose, "SeriesInstanceUID", "1.2.3." + "4" * 60)
    yield put("uid.malformed-elsewhere", dose, "FrameOfReferenceUID", "1..2")
    plan = "ReferencedRTPlanSequence[0]>ReferencedSOPInstanceUID"
    yield put("uid.malformed-elsewhere", dose, plan, "plan.1")
    yield put("uid.malformed-elsewhere", report, f"{_CONTENT}[5]>UID", "1.2.")
    yield put("uid.padding", dose, "FrameOfReferenceUID", b"1.2.3 ")
    yield put("uid.root-invalid", dose, "FrameOfReferenceUID", "3.1.2")
    yield put("uid.root-reserved", ct, "SeriesInstanceUID", "1.2.840.10008.1.9")
    yield put("uid.reused", ct, "SeriesInstanceUID", ct.get("StudyInstanceUID"))


def _dictionary() -> Iterator[Defect]:
    ct, segments, ecg = images.ct(), enhanced.segmentation(), waveforms.ecg()
    yield put("value.multiplicity", ct, "PixelSpacing", 0.5)
    yield put("value.multiplicity", ct, "ImagePositionPatient", (-10, -10))
    yield put("value.multiplicity", ct, "PatientID", "JD\\42")
    yield put("value.multiplicity", ct, "Rows", (4, 4))
    yield put("value.multiplicity", segments, "SegmentSequence[1]>SegmentNumber", (2, 2))
    channel = "WaveformSequence[0]>ChannelDefinitionSequence[11]>ChannelSensitivity"
    yield put("value.multiplicity", ecg, channel, (1, 2))
    contour = f"{_CONTOURS}[0]>ContourData"
    points = ("relation.contour-points",)
    structures = radiotherapy.structure_set()
    yield put("value.multiplicity", structures, contour, (0, 0, 0, 5, 0), along=points)
    yield put("structure.vr-mismatch", ct, "PatientID", Of("SH", "JD-42"))
    yield put("structure.vr-mismatch", ct, "Rows", Of("UL", 4))
    region = "SequenceOfUltrasoundRegions[0]>PhysicalDeltaX"
    yield put("structure.vr-mismatch", images.us(), region, Of("FL", 0.01))
    yield put("value.retired-element", ct, "StudyComments", "None")
    yield put("value.unknown-element", ct, "00081FFE", Of("LO", "x"))
    yield put("value.unknown-element", segments, "SegmentSequence[0]>00621FFE", Of("LO", "x"))


def _private() -> Iterator[Defect]:
    ct, report = images.ct(), documents.structured_report()
    owned = ct.put("00091000", Of("LO", "x")).put("00090010", Of("LO", "MAKER"))
    yield put("private.creator-missing", ct, "00091000", Of("LO", "x"))
    yield put("private.creator-missing", owned, "00091100", Of("LO", "x"))
    item = f"{_CONTENT}[0]>00091000"
    yield put("private.creator-missing", report, item, Of("LO", "x"))
    yield put("private.creator-invalid", ct, "00090010", Of("SH", "MAKER"))
    yield put("private.creator-duplicate", owned, "00090011", Of("LO", "MAKER"))
    yield put("private.group-forbidden", ct, "00071010", Of("LO", "x"))
    yield put("private.number-forbidden", ct, "00090001", Of("LO", "x"))
    yield from _group_lengths(ct)


def _group_lengths(ct: File) -> Iterator[Defect]:
    patient = {name: value for name, value in ct.dataset.items() if name.startswith("Patient")}
    del patient["PatientPosition"]
    length = len(File(patient).encode_dataset())
    right, wrong = (
        Raw(dicom.element(0x00100000, "UL", number.to_bytes(4, "little")))
        for number in (length, length + 2)
    )
    yield put("structure.group-length-retired", ct, "00100000", right)
    retired = ("structure.group-length-retired",)
    yield put("structure.group-length-wrong", ct, "00100000", wrong, along=retired)
