"""Defects that harm readers or patients: programs, sizes, identity."""

from collections.abc import Iterator

from engine.profiles.profile import Limits, Profile
from unit.engine.clean import compressed, documents, images
from unit.engine.clean.modules import patient_study_series
from unit.engine.clean.notation import File, Fragments, Of
from unit.engine.defects.defect import Defect, put

_PROGRAM = b"MZ\x90\0" + bytes(56) + b"\x40\0\0\0" + b"PE\0\0" + bytes(200)
_ELF = b"\x7fELF\x02\x01\x01" + bytes(249)
_HUGE = 65535


def cases() -> Iterator[Defect]:
    """Defects that a conformant file can have."""
    for base in (images.photo(), images.us()):
        yield put("safety.burned-in-annotation", base, "BurnedInAnnotation", "YES")
    photo = images.photo()
    yield put("safety.recognizable-features", photo, "RecognizableVisualFeatures", "YES")
    document = documents.pdf().without("EncapsulatedDocumentLength")
    yield put(
        "safety.embedded-executable",
        document,
        "EncapsulatedDocument",
        _PROGRAM,
        along=("safety.document-format",),
    )
    owned = images.ct().put("00090010", Of("LO", "MAKER"))
    yield put("safety.embedded-executable", owned, "00091001", Of("OB", _ELF))
    html = b"<html><body>Report</body></html>"
    yield put("safety.document-format", document, "EncapsulatedDocument", html)
    removed = _de_identified()
    yield put("safety.identity-not-removed", removed, "OtherPatientNames", "Doe")
    yield put("safety.name-not-removed", removed, "PatientName", "Doe^Jane")
    yield put("safety.birth-date-not-removed", removed, "PatientBirthDate", "19700131")
    yield from _sizes()


def _sizes() -> Iterator[Defect]:
    small = Profile(limits=Limits(max_pixel_bytes=200))
    for base, consequence in (
        (images.mr(), "pixel.length-short"),
        (compressed.jpeg_2000(), "codestream.dimensions"),
    ):
        yield put(
            "safety.declared-size",
            base,
            "Rows",
            60,
            at="PixelData",
            along=(consequence,),
            profile=small,
            note=base.syntax,
        )
    yield _bomb()
    vast = images.us_multiframe().put("Rows", _HUGE).put("Columns", _HUGE)
    yield Defect(
        "safety.declared-size",
        images.us_multiframe(),
        vast.put("NumberOfFrames", 1024),
        "PixelData",
        along=frozenset({"pixel.length-short"}),
        note="4 T pixels in 1 KB",
    )


def _de_identified() -> File:
    patient = patient_study_series("CT") | {
        "PatientName": "SUBJECT-1",
        "PatientBirthDate": "",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "By hand",
        "LongitudinalTemporalInformationModified": "UNMODIFIED",
    }
    return File(images.ct().dataset | patient)


def _bomb() -> Defect:
    # A header of JPEG 2000 that declares what a kilobyte cannot hold; nothing decodes it.
    base = compressed.jpeg_2000()
    frame = bytearray(base.get("PixelData").contents[0])
    size = _HUGE.to_bytes(4, "big")
    frame[8:16] = size * 2
    frame[24:32] = size * 2
    bomb = base.put("Rows", _HUGE).put("Columns", _HUGE)
    bomb = bomb.put("PixelData", Fragments((bytes(frame),)))
    generous = Profile(limits=Limits(max_pixel_bytes=1 << 40))
    return Defect("safety.compression-ratio", base, bomb, "PixelData", profile=generous)
