"""Defects of what refers to something else in the same file."""

from collections.abc import Iterator

from unit.engine.clean import documents, enhanced, images, radiotherapy
from unit.engine.clean.modules import ROOT
from unit.engine.defects.defect import Defect, put


def cases() -> Iterator[Defect]:
    """Numbers and UIDs that lead nowhere, or to two things."""
    structures, plan = radiotherapy.structure_set(), radiotherapy.plan()
    segments, report = enhanced.segmentation(), documents.structured_report()
    for path in (
        "ROIContourSequence[1]>ReferencedROINumber",
        "RTROIObservationsSequence[0]>ReferencedROINumber",
    ):
        yield put("reference.dangling", structures, path, 7)
    beam = "FractionGroupSequence[0]>ReferencedBeamSequence[0]>ReferencedBeamNumber"
    yield put("reference.dangling", plan, beam, 2)
    yield put("reference.dangling", plan, "BeamSequence[0]>ReferencedPatientSetupNumber", 9)
    frame = "PerFrameFunctionalGroupsSequence[2]"
    segment = f"{frame}>SegmentIdentificationSequence[0]>ReferencedSegmentNumber"
    yield put("reference.dangling", segments, segment, 7)
    setup = {"PatientSetupNumber": 1, "PatientPosition": "HFP"}
    setups = [*plan.get("PatientSetupSequence"), setup]
    second = "PatientSetupSequence[1]>PatientSetupNumber"
    yield put("reference.number-repeated", plan, "PatientSetupSequence", setups, at=second)
    image = "ContentSequence[1]>ContentSequence[3]>ReferencedSOPSequence[0]"
    yield put(
        "reference.evidence-missing", report, f"{image}>ReferencedSOPInstanceUID", f"{ROOT}.4.2"
    )
    yield put("reference.frame-number", report, f"{image}>ReferencedFrameNumber", 2)
    selected = "ContentSequence[1]>ReferencedSOPSequence[0]>ReferencedSOPInstanceUID"
    yield put("reference.evidence-missing", documents.key_objects(), selected, f"{ROOT}.4.2")
    indices = f"{frame}>FrameContentSequence[0]>DimensionIndexValues"
    yield put("reference.dimension-count", enhanced.enhanced_mr(), indices, (1, 2))
    yield put("reference.dimension-count", segments, indices, 1)
    yield put("reference.birth-after-study", images.us(), "PatientBirthDate", "20250101")
