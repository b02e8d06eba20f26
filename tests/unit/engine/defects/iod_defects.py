"""Defects of the IOD: elements that are missing, empty, out of place, or have another value."""

from collections.abc import Iterator
from typing import Any

from unit.engine.clean import (
    documents,
    enhanced,
    images,
    microscopy,
    nuclear,
    projections,
    radiotherapy,
    waveforms,
)
from unit.engine.clean.modules import code
from unit.engine.clean.notation import File
from unit.engine.defects.defect import Defect, absent, put

_CONTENT = "ContentSequence[1]>ContentSequence"
_CONTOUR = "ROIContourSequence[0]>ContourSequence[1]"
_CHANNEL = "WaveformSequence[0]>ChannelDefinitionSequence[11]"


def cases() -> Iterator[Defect]:
    """Defects at the top, in items, in macros; those of functional groups have their own module."""
    for path, base in _MISSING_TYPE_1:
        yield absent("iod.type-1-missing", base, path)
    for path, base in _MISSING_TYPE_1C:
        yield absent("iod.type-1c-missing", base, path)
    for path, base in _MISSING_TYPE_2:
        yield absent("iod.type-2-missing", base, path)
    for path, base in _MISSING_TYPE_2C:
        yield absent("iod.type-2c-missing", base, path)
    for path, base in _SINGLE:
        yield put("iod.single-item", base, path, base.get(path) * 2)
    for path, base, value in _EMPTY:
        yield put("iod.type-1-empty", base, path, value)
    for path, base, value in _ENUMERATED:
        yield put("iod.value-not-allowed", base, path, value)
    for path, base, value in _DEFINED:
        yield put("iod.value-unexpected", base, path, value)
    for path, base, value in _OUT_OF_PLACE:
        yield put("iod.not-allowed", base, path, value)
    yield from _with_consequences()
    yield from _without_identity()
    yield from _sop_classes()


_ECG = waveforms.ecg()
_CT = images.ct()
_DOSE = radiotherapy.dose()
_DX = images.dx()
_KEY_OBJECTS = documents.key_objects()
_LOSSY = _DX.put("LossyImageCompression", "01").put("LossyImageCompressionRatio", 10)
_MR = images.mr()
_PDF = documents.pdf()
_PET = images.pet()
_PHOTO = images.photo()
_PLAN = radiotherapy.plan()
_REPORT = documents.structured_report()
_SC = images.sc()
_SEGMENTS = enhanced.segmentation()
_STATE = documents.presentation_state()
_STRUCTURES = radiotherapy.structure_set()
_TRUE_COLOR = images.sc_true_color()
_US = images.us()
_LOOP = images.us_multiframe()
_CR = projections.cr()
_MG = projections.mammography()
_XA = projections.angiography()
_NM = nuclear.nm()
_SLIDE = microscopy.whole_slide()

_MISSING_TYPE_1 = (
    ("ImageType", _CT),
    ("PixelSpacing", _CT),
    ("ImagePositionPatient", _CT),
    ("RescaleSlope", _CT),
    ("FrameOfReferenceUID", _MR),
    ("ScanningSequence", _MR),
    ("ConversionType", _SC),
    ("BurnedInAnnotation", _TRUE_COLOR),
    ("PresentationIntentType", _DX),
    ("ImagerPixelSpacing", _DX),
    ("Units", _PET),
    ("DecayCorrection", _PET),
    ("SequenceOfUltrasoundRegions[0]>RegionSpatialFormat", _US),
    ("SequenceOfUltrasoundRegions[0]>PhysicalDeltaY", _US),
    ("CompletionFlag", _REPORT),
    (f"{_CONTENT}[0]>RelationshipType", _REPORT),
    (f"{_CONTENT}[2]>MeasuredValueSequence[0]>NumericValue", _REPORT),
    (f"{_CONTENT}[2]>MeasuredValueSequence[0]>MeasurementUnitsCodeSequence", _REPORT),
    ("ConceptNameCodeSequence[0]>CodeMeaning", _REPORT),
    ("CurrentRequestedProcedureEvidenceSequence[0]>StudyInstanceUID", _REPORT),
    ("ReferencedSeriesSequence", _STATE),
    ("ReferencedSeriesSequence[0]>ReferencedImageSequence[0]>ReferencedSOPClassUID", _STATE),
    ("DisplayedAreaSelectionSequence[0]>PresentationSizeMode", _STATE),
    ("GraphicAnnotationSequence[0]>GraphicObjectSequence[0]>GraphicData", _STATE),
    ("MIMETypeOfEncapsulatedDocument", _PDF),
    ("StructureSetLabel", _STRUCTURES),
    ("StructureSetROISequence[1]>ReferencedFrameOfReferenceUID", _STRUCTURES),
    (f"{_CONTOUR}>NumberOfContourPoints", _STRUCTURES),
    (f"{_CONTOUR}>ContourImageSequence[0]>ReferencedSOPInstanceUID", _STRUCTURES),
    ("BeamSequence[0]>BeamType", _PLAN),
    ("BeamSequence[0]>ControlPointSequence[1]>ControlPointIndex", _PLAN),
    ("FractionGroupSequence[0]>NumberOfBeams", _PLAN),
    ("DoseUnits", _DOSE),
    ("AcquisitionDateTime", _ECG),
    ("WaveformSequence[0]>SamplingFrequency", _ECG),
    (f"{_CHANNEL}>ChannelSourceSequence", _ECG),
    (f"{_CHANNEL}>ChannelSourceSequence[0]>CodeMeaning", _ECG),
    ("SegmentSequence[1]>SegmentLabel", _SEGMENTS),
    ("SegmentSequence[1]>SegmentedPropertyTypeCodeSequence[0]>CodeMeaning", _SEGMENTS),
    ("DimensionOrganizationSequence", _SEGMENTS),
    ("FrameIncrementPointer", _LOOP),
    ("PixelIntensityRelationship", _XA),
    ("NumberOfEnergyWindows", _NM),
    ("ContainerIdentifier", _SLIDE),
    ("SpecimenDescriptionSequence[0]>SpecimenUID", _SLIDE),
    ("OpticalPathSequence[0]>IlluminationTypeCodeSequence", _SLIDE),
)
_MISSING_TYPE_1C = (
    ("LossyImageCompressionRatio", _LOSSY),
    ("WindowWidth", _DX),
    ("VerifyingObserverSequence", _REPORT),
    (f"{_CONTENT}[0]>TextValue", _REPORT),
    (f"{_CONTENT}[1]>ConceptCodeSequence", _REPORT),
    (f"{_CONTENT}[3]>ReferencedSOPSequence", _REPORT),
    (f"{_CONTENT}[4]>Date", _REPORT),
    ("ContentSequence[0]>PersonName", _REPORT),
    ("ContentSequence[1]>ContinuityOfContent", _REPORT),
    ("ConceptNameCodeSequence[0]>CodingSchemeDesignator", _REPORT),
    ("GraphicAnnotationSequence[0]>TextObjectSequence[0]>BoundingBoxAnnotationUnits", _STATE),
    ("BeamSequence[0]>FinalCumulativeMetersetWeight", _PLAN),
    ("ReferencedStructureSetSequence", _PLAN),
    ("DoseGridScaling", _DOSE),
    ("ReferencedRTPlanSequence", _DOSE),
    (f"{_CHANNEL}>ChannelSensitivityUnitsSequence", _ECG),
    (f"{_CHANNEL}>ChannelBaseline", _ECG),
    ("ReferencedSeriesSequence", _SEGMENTS),
)
_MISSING_TYPE_2 = (
    ("PatientBirthDate", _MR),
    ("StudyID", _REPORT),
    ("KVP", _CT),
    ("KVP", _XA),
    ("PositionReferenceIndicator", _CT),
    ("EchoTime", _MR),
    ("CorrectedImage", _PET),
    ("PatientOrientationCodeSequence", _PET),
    ("AcquisitionContextSequence", _ECG),
    ("DocumentTitle", _PDF),
    ("StructureSetDate", _STRUCTURES),
    ("RTROIObservationsSequence[1]>ROIInterpreter", _STRUCTURES),
    ("ReferencedPerformedProcedureStepSequence", _REPORT),
    ("VerifyingObserverSequence[0]>VerifyingObserverIdentificationCodeSequence", _REPORT),
    ("BeamSequence[0]>TreatmentMachineName", _PLAN),
)
_MISSING_TYPE_2C = (
    ("PatientOrientation", _CR),
    ("PatientPosition", _CT),
    ("RepetitionTime", _MR),
    ("PatientOrientation", _SC),
)
_EMPTY: tuple[tuple[str, File, Any], ...] = (
    ("ImageType", _CT, ""),
    ("PixelSpacing", _MR, ""),
    ("ConversionType", _SC, ""),
    ("SegmentSequence[0]>SegmentLabel", _SEGMENTS, "  "),
    ("WaveformSequence[0]>ChannelDefinitionSequence[0]>ChannelSourceSequence", _ECG, []),
    ("StructureSetROISequence[0]>ReferencedFrameOfReferenceUID", _STRUCTURES, ""),
    ("BeamSequence[0]>NumberOfControlPoints", _PLAN, ""),
    (f"{_CONTENT}[1]>ConceptCodeSequence[0]>CodeMeaning", _REPORT, ""),
)
_ENUMERATED: tuple[tuple[str, File, Any], ...] = (
    ("PatientSex", _CT, "X"),
    ("ImageType", _CT, ("FIRST", "PRIMARY", "AXIAL")),
    ("BurnedInAnnotation", _TRUE_COLOR, "MAYBE"),
    ("PresentationIntentType", _DX, "FOR VIEWING"),
    ("PixelIntensityRelationshipSign", _DX, 0),
    ("MRAcquisitionType", _MR, "4D"),
    ("PartialView", _MG, "PERHAPS"),
    ("RadiationSetting", _XA, "XX"),
    ("ExtendedDepthOfField", _SLIDE, "DEEP"),
    ("ScanningSequence", _MR, ("XX", "SE")),
    ("LossyImageCompression", _US, "02"),
    ("CompletionFlag", _REPORT, "DONE"),
    ("ContentSequence[1]>ContinuityOfContent", _REPORT, "BOTH"),
    ("GraphicAnnotationSequence[0]>GraphicObjectSequence[0]>GraphicFilled", _STATE, "X"),
    ("GraphicAnnotationSequence[0]>GraphicObjectSequence[0]>GraphicAnnotationUnits", _STATE, "CM"),
    ("DisplayedAreaSelectionSequence[0]>PresentationSizeMode", _STATE, "FIT"),
    ("MIMETypeOfEncapsulatedDocument", _PDF, "text/html"),
    (f"{_CONTOUR}>ContourGeometricType", _STRUCTURES, "CIRCLE"),
    ("BeamSequence[0]>ControlPointSequence[0]>GantryRotationDirection", _PLAN, "UP"),
    ("DoseUnits", _DOSE, "GRAY"),
    ("WaveformSequence[0]>WaveformOriginality", _ECG, "COPY"),
    ("WaveformSequence[0]>WaveformSampleInterpretation", _ECG, "XX"),
    ("SegmentationType", _SEGMENTS, "BITS"),
    ("Modality", _SEGMENTS, "SR"),
)
_DEFINED: tuple[tuple[str, File, Any], ...] = (
    ("ConversionType", _SC, "CAMERA"),
    ("SequenceVariant", _MR, ("SK", "XX")),
    ("RescaleType", _CT, "HOUNSFIELD"),
    ("RTPlanGeometry", _PLAN, "PHANTOM"),
    ("RTROIObservationsSequence[0]>RTROIInterpretedType", _STRUCTURES, "BRAIN"),
    ("BeamSequence[0]>RadiationType", _PLAN, "LIGHT"),
)
_OUT_OF_PLACE: tuple[tuple[str, File, Any], ...] = (
    ("PlanarConfiguration", _CT, 0),
    ("PixelAspectRatio", _CT, (1, 1)),
    ("RedPaletteColorLookupTableDescriptor", _CT, (4, 0, 8)),
    ("LossyImageCompressionRatio", enhanced.enhanced_ct(), 10),
    (f"{_CONTENT}[0]>ConceptCodeSequence", _REPORT, code("1", "DCM", "One")),
    (f"{_CONTENT}[3]>ReferencedSOPSequence[0]>ReferencedSegmentNumber", _REPORT, 1),
)


def _with_consequences() -> Iterator[Defect]:
    """What other elements refer to cannot go without them."""
    dangling, pointer = ("reference.dangling",), ("multiframe.pointer",)
    number = "StructureSetROISequence[1]>ROINumber"
    yield absent("iod.type-1-missing", _STRUCTURES, number, along=dangling)
    yield put("iod.type-1-empty", _SEGMENTS, "SegmentSequence", [], along=dangling)
    evidence = "CurrentRequestedProcedureEvidenceSequence"
    unlisted = ("reference.evidence-missing",)
    relationship = f"{_CONTENT}[0]>RelationshipType"
    unknown_relationship = ("sr.relationship",)
    yield put("iod.value-not-allowed", _REPORT, relationship, "HAS", along=unknown_relationship)
    yield absent("iod.type-1-missing", _KEY_OBJECTS, evidence, along=unlisted)
    yield absent("iod.type-1c-missing", _LOOP, "FrameTime", along=pointer)
    yield absent("iod.type-1c-missing", _DOSE, "GridFrameOffsetVector", along=pointer)
    unknown = ("pixel.planar-configuration",)
    yield absent("iod.type-1c-missing", _PHOTO, "PlanarConfiguration", along=unknown)
    yield absent("iod.type-1-missing", _MG, "ImageLaterality")
    yield absent("iod.type-1-missing", _STATE, "GraphicLayerSequence")
    # Either the shape or the sequence is missing.
    either = ("iod.type-1c-missing",)
    yield absent("iod.type-1c-missing", _STATE, "PresentationLUTShape", along=either)


def _without_identity() -> Iterator[Defect]:
    """What a file is not filed without."""
    yield absent("element.missing", _MR, "StudyInstanceUID")
    yield absent("element.missing", _PLAN, "SeriesInstanceUID")
    yield absent("iod.type-2-missing", _REPORT, "PatientID")
    yield absent("iod.type-1-missing", _ECG, "Modality")
    yield put("element.patient-id-empty", _ECG, "PatientID", "")
    yield put("element.empty", _US, "StudyInstanceUID", "")
    yield put("iod.type-1-empty", _SEGMENTS, "Modality", "")


def _sop_classes() -> Iterator[Defect]:
    retired = "1.2.840.10008.5.1.4.1.1.6"
    yield put("iod.sop-class-retired", _US, "SOPClassUID", retired)
    yield put("iod.sop-class-private", _SC, "SOPClassUID", "1.2.3.4")
    yield put("iod.sop-class-unknown", _SC, "SOPClassUID", "1.2.840.10008.1.1")
    yield put("iod.attribute-unexpected", _SC, "EchoTime", 15)
    yield put("iod.type-1c-empty", _REPORT, f"{_CONTENT}[0]>TextValue", "")


_SINGLE: list[tuple[str, File]] = [
    ("AnatomicRegionSequence", projections.mammography()),
    ("PerFrameFunctionalGroupsSequence[0]>FrameContentSequence", enhanced.enhanced_mr()),
    ("TotalPixelMatrixOriginSequence", microscopy.whole_slide()),
]
"""Sequences that have one item."""
