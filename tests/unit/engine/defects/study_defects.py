"""Defects of studies: what several instances have wrong together."""

from collections.abc import Iterator
from dataclasses import dataclass

from unit.engine.clean import documents, enhanced, images, radiotherapy
from unit.engine.clean.modules import ROOT
from unit.engine.clean.notation import File

Files = tuple[File, ...]


@dataclass(frozen=True)
class StudyDefect:
    """Files that are clean each by itself, and wrong together.

    Attributes:
        code: what the comparison must find.
        files: the study with the defect.
        clean: the same study without it.
        along: other codes that cannot but be found too.
        expected: how many instances the sender stated.
        note: distinguishes it from others with the same code.
    """

    code: str
    files: Files
    clean: Files
    along: frozenset[str] = frozenset()
    expected: int | None = None
    note: str = ""

    def __str__(self) -> str:
        """For the name of the test."""
        return f"{self.code} {self.note}".rstrip()


def cases() -> Iterator[StudyDefect]:
    """Identity, numbers, consistency and geometry."""
    yield from _identity()
    yield from _consistency()
    yield from _geometry()
    yield from _references()


def slices(count: int = 6) -> Files:
    """A series of CT images, 2 mm apart."""
    return tuple(images.ct(number) for number in range(1, count + 1))


def _identity() -> Iterator[StudyDefect]:
    clean = slices()
    yield StudyDefect("study.instance-duplicate", (*clean, clean[2]), clean)
    other = clean[2].put("PixelData", b"\1" + bytes(47))
    yield StudyDefect("study.instance-conflict", (*clean, other), clean)
    # Without the last slice nothing but the count says that one is missing.
    yield StudyDefect("study.instances-missing", clean[:-1], clean, expected=6)
    yield StudyDefect("study.instances-extra", slices(7), clean, expected=6)
    yield _changed(
        "study.several", "StudyInstanceUID", f"{ROOT}.99", along=("series.in-several-studies",)
    )
    series = images.ct(6).put("SeriesInstanceUID", f"{ROOT}.98")
    yield StudyDefect(
        "series.in-several-studies",
        (*clean[:-1], clean[-1].put("StudyInstanceUID", f"{ROOT}.99")),
        (*clean[:-1], series),
        along=frozenset({"study.several"}),
    )


def _consistency() -> Iterator[StudyDefect]:
    yield _changed("study.patient-differs", "PatientID", "JD-43")
    yield _changed("study.patient-attribute-differs", "PatientName", "Doe^John")
    yield _changed("study.patient-attribute-differs", "PatientBirthDate", "19700130")
    yield _changed("study.patient-attribute-differs", "PatientSex", "M")
    yield _changed("study.attribute-differs", "StudyDate", "20240301")
    yield _changed("study.attribute-differs", "AccessionNumber", "A2")
    # Secondary captures may be of any modality.
    captures = tuple(
        images.sc().put("SOPInstanceUID", f"{ROOT}.1.{number}").put("InstanceNumber", number)
        for number in (1, 2)
    )
    other = captures[1].put("Modality", "CT")
    yield StudyDefect("series.modality-differs", (captures[0], other), captures)
    yield _changed("series.frame-of-reference-differs", "FrameOfReferenceUID", f"{ROOT}.97")
    yield _changed("series.attribute-differs", "SeriesNumber", 2)
    yield _changed("series.attribute-differs", "BodyPartExamined", "NECK")
    yield _changed("series.size-mixed", "PixelSpacing", (0.7, 0.7))
    yield _changed("series.instance-number-repeated", "InstanceNumber", 5)
    yield _changed("series.instance-number-gap", "InstanceNumber", 9)


def _geometry() -> Iterator[StudyDefect]:
    clean = slices()
    gap = frozenset({"series.instance-number-gap"})
    yield StudyDefect("series.slice-missing", (*clean[:2], *clean[3:]), clean, gap, note="one")
    yield StudyDefect("series.slice-missing", (*clean[:2], *clean[4:]), clean, gap, note="two")
    shifted = clean[3].put("ImagePositionPatient", (-10, -10, 8.7))
    yield StudyDefect("series.spacing-uneven", (*clean[:3], shifted, *clean[4:]), clean)
    tilted = clean[5].put("ImageOrientationPatient", (1, 0, 0, 0, 0, -1))
    yield StudyDefect("series.orientation-mixed", (*clean[:5], tilted), clean)
    volume = enhanced.enhanced_ct()
    position = "PerFrameFunctionalGroupsSequence[2]>PlanePositionSequence[0]>ImagePositionPatient"
    far = volume.put(position, (-10, -10, 11))
    yield StudyDefect("series.spacing-uneven", (far,), (volume,), note="in one instance")


def _references() -> Iterator[StudyDefect]:
    place = "ReferencedSeriesSequence[0]>ReferencedImageSequence"
    state = _apart(documents.presentation_state())
    image = images.ct().put("SOPInstanceUID", state.get(f"{place}[0]>ReferencedSOPInstanceUID"))
    other_class = state.put(f"{place}[0]>ReferencedSOPClassUID", "1.2.840.10008.5.1.4.1.1.4")
    yield StudyDefect("study.reference-class", (image, other_class), (image, state))
    loop = images.us_multiframe().put("SOPInstanceUID", image.get("SOPInstanceUID"))
    framed = state.put(f"{place}[0]>ReferencedSOPClassUID", loop.get("SOPClassUID"))
    framed = framed.put(f"{place}[0]>ReferencedFrameNumber", loop.get("NumberOfFrames"))
    beyond = framed.put(f"{place}[0]>ReferencedFrameNumber", 99)
    yield StudyDefect("study.reference-frame", (loop, beyond), (loop, framed))
    to_image = state.get(place)
    series = {"SeriesInstanceUID": image.get("SeriesInstanceUID"), "ContourImageSequence": to_image}
    study = {
        "ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.1",
        "ReferencedSOPInstanceUID": image.get("StudyInstanceUID"),
        "RTReferencedSeriesSequence": [series],
    }
    spaces = {
        "FrameOfReferenceUID": image.get("FrameOfReferenceUID"),
        "RTReferencedStudySequence": [study],
    }
    structures = _apart(radiotherapy.structure_set())
    listed = structures.put("ReferencedFrameOfReferenceSequence", [spaces])
    for index in range(len(listed.get("StructureSetROISequence"))):
        of_region = f"StructureSetROISequence[{index}]>ReferencedFrameOfReferenceUID"
        listed = listed.put(of_region, spaces["FrameOfReferenceUID"])
    far = image.put("FrameOfReferenceUID", f"{ROOT}.97")
    yield StudyDefect("study.reference-frame-of-reference", (far, listed), (image, listed))


def _apart(file: File) -> File:
    """In a series of its own."""
    apart = file.put("SOPInstanceUID", f"{ROOT}.1.77").put("SeriesInstanceUID", f"{ROOT}.96")
    return apart.put("StudyInstanceUID", images.ct().get("StudyInstanceUID"))


def _changed(code: str, path: str, value: object, *, along: tuple[str, ...] = ()) -> StudyDefect:
    """A series of which the last instance has another value."""
    clean = slices()
    changed = (*clean[:-1], clean[-1].put(path, value))
    return StudyDefect(code, changed, clean, frozenset(along), note=path)
