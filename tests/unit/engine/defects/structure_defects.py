"""Defects of the encoding: lengths, order, delimiters, truncation, at the top and nested."""

from collections.abc import Iterator
from dataclasses import replace

from engine.profiles.profile import Limits, Profile
from unit.engine import dicom_writer as dicom
from unit.engine.clean import documents, enhanced, images, radiotherapy, waveforms
from unit.engine.clean.notation import File, Fragments, Of, Raw
from unit.engine.defects.defect import Defect, put, raw

_TEXT = 0x0040A160
_NAME = 0x00100010
_DOCUMENT = "EncapsulatedDocument"
_NOTE = "ContentSequence[1]>ContentSequence[0]>TextValue"


def cases() -> Iterator[Defect]:
    """Defects that hide from readers which only look elements up."""
    yield from _truncation()
    yield from _headers()
    yield from _sequences()
    yield from _rest()


def _truncation() -> Iterator[Defect]:
    ct, ecg = images.ct(), waveforms.ecg()
    yield raw("structure.truncated", ct, ct.encode()[:-1], "PixelData", note="by one byte")
    yield raw("structure.truncated", ecg, ecg.encode()[:-20], "WaveformSequence")
    for base, path in (
        (documents.structured_report(), _NOTE),
        (radiotherapy.structure_set(), "ROIContourSequence[0]>ContourSequence[1]>ContourData"),
        (
            enhanced.enhanced_mr(),
            "PerFrameFunctionalGroupsSequence[2]>PlanePositionSequence[0]>ImagePositionPatient",
        ),
        (images.us(), "SequenceOfUltrasoundRegions[0]>PhysicalDeltaX"),
    ):
        # Only where lengths are undefined the outer sequences do not show the truncation first.
        open_ended = replace(base, undefined=True)
        end = open_ended.put(path, Raw(_MARK)).encode().index(_MARK) + 14
        yield raw("structure.truncated", open_ended, open_ended.encode()[:end], path, note="nested")


_MARK = b"<the element is here>"


def _headers() -> Iterator[Defect]:
    mr, report = images.mr(), documents.structured_report()
    odd = dicom.element(_NAME, "PN", b"Doe")
    yield put("structure.length-odd", mr, "PatientName", Raw(odd))
    odd = dicom.element(_TEXT, "UT", b"odd")
    yield put("structure.length-odd", report, _NOTE, Raw(odd))
    unknown = dicom.element(_NAME, "PN", b"Doe^", letters=b"QQ")
    yield put("structure.vr-invalid", mr, "PatientName", Raw(unknown))
    endless = dicom.element(_TEXT, "UT", b"Text", length=dicom.UNDEFINED)
    yield put("structure.length-undefined", report, _NOTE, Raw(endless))
    beyond = dicom.element(_TEXT, "UT", b"Text", length=400)
    yield put("structure.overrun", report, _NOTE, Raw(beyond))
    twice = dicom.element(_NAME, "PN", b"Doe^Jane") * 2
    yield put("structure.duplicate", mr, "PatientName", Raw(twice))
    label = dicom.element(0x00620005, "LO", b"Skull ")
    yield put(
        "structure.duplicate",
        enhanced.segmentation(),
        "SegmentSequence[1]>SegmentLabel",
        Raw(label + label),
    )
    yield put("structure.vr-un", mr, "StudyDescription", Of("UN", b"Head"))
    along = ("structure.vr-un",)
    reference = {
        0x00081150: ("UI", dicom.uid(dicom.CT_IMAGE_STORAGE)),
        0x00081155: ("UI", dicom.uid("1.2.826.0.1.3680043.8.498.9")),
    }
    items = dicom.item(dicom.encode(reference))
    yield put("structure.un-explicit", mr, "ReferencedImageSequence", Of("UN", items), along=along)
    removed = Of("UN", b"REMOVED ")
    yield put("structure.un-without-items", mr, "ReferencedImageSequence", removed, along=along)
    reserved = dicom.element(_TEXT, "UT", b"Text").replace(b"UT\0\0", b"UT\1\0")
    yield put("structure.reserved-bytes", report, _NOTE, Raw(reserved))
    late = dicom.element(0x00081030, "LO", b"Head")
    yield put("structure.order", mr, "00101010", Raw(late), at="StudyDescription")
    frame = "PerFrameFunctionalGroupsSequence[1]>FrameContentSequence[0]"
    early = dicom.element(0x00189220, "FD", bytes(8)) + dicom.element(0x00189074, "DT", b"2024")
    yield put(
        "structure.order",
        enhanced.enhanced_ct().without(f"{frame}>FrameAcquisitionDuration"),
        f"{frame}>FrameAcquisitionDateTime",
        Raw(early),
    )


def _sequences() -> Iterator[Defect]:
    plan, report = radiotherapy.plan(), documents.structured_report()
    item = dicom.item(dicom.element(0x300C0006, "IS", b"1 "))
    sequence = "FractionGroupSequence[0]>ReferencedBeamSequence"

    def of(value: bytes, length: int | None = None) -> Raw:
        return Raw(dicom.element(0x300C0004, "SQ", value, length=length))

    yield put("structure.item-expected", plan, sequence, of(item[8:]))
    endless = of(item, dicom.UNDEFINED)
    yield put("structure.delimiter-missing", plan, sequence, endless)
    yield put("structure.delimiter-unexpected", plan, sequence, of(item + dicom.SEQUENCE_END))
    end = dicom.delimiter(0xE0DD, length=4)
    yield put("structure.delimiter-length", plan, sequence, of(item + end, dicom.UNDEFINED))
    stray = Raw(dicom.element(_TEXT, "UT", b"Text") + dicom.ITEM_END)
    yield put(
        "structure.delimiter-unexpected",
        report,
        _NOTE,
        stray,
        at="ContentSequence[1]>ContentSequence[0]",
    )
    deep = b""
    for _ in range(900):
        deep = dicom.item(
            dicom.element(0x0040A730, "SQ", deep + dicom.SEQUENCE_END, length=dicom.UNDEFINED),
            length=dicom.UNDEFINED,
        )
    yield put("structure.depth", report, "ContentSequence[0]>ContentSequence", of(deep), at=None)


def _rest() -> Iterator[Defect]:
    dose, pdf, ecg = radiotherapy.dose(), documents.pdf(), waveforms.ecg()
    yield raw("structure.trailing-padding", pdf, pdf.encode() + bytes(512))
    yield raw("structure.trailing-bytes", dose, dose.encode() + b"</html>\n\r\n")
    deflated = File(ecg.dataset, dicom.DEFLATED)
    yield raw("structure.deflate-corrupt", deflated, deflated.encode()[:-30])
    yield raw("structure.deflate-trailing", deflated, deflated.encode() + b"more")
    yield raw(
        "structure.deflate-too-large",
        deflated,
        File(ecg.put("StudyDescription", "x" * 64).dataset, dicom.DEFLATED).encode(),
        profile=Profile(limits=Limits(max_inflated_bytes=len(ecg.encode_dataset()))),
    )
    plan = radiotherapy.plan()
    few = Profile(limits=Limits(max_elements=60))
    yield Defect("structure.too-many-elements", images.sc(), plan, None, profile=few)
    yield put("structure.group-misplaced", plan, "00041500", Of("CS", "FILE"))
    yield put("structure.fragments-unexpected", pdf, _DOCUMENT, Fragments((pdf.get(_DOCUMENT),)))
