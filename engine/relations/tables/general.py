"""Relations of images in general: time, windows, frames, masks and shutters (PS3.3 C.7, C.11)."""

from contracts.report import Severity
from engine.relations.notation import absence, agreement, count, order, reference, value
from engine.relations.relation import LeftOut, Module

_BIPED = "absent(AnatomicalOrientationType) or AnatomicalOrientationType == 'BIPED'"
_DIRECTIONS = {1: ("L", "R"), 2: ("P", "A"), 3: ("H", "F")}
"""The letters of the patient's directions along and against each axis (PS3.3 C.7.6.1.1.1)."""


def _letter(value_of_orientation: int, first: int) -> str:
    """The first letter of a direction is that of the axis that it mostly follows."""
    parts = []
    for axis, (along, against) in _DIRECTIONS.items():
        cosine = f"ImageOrientationPatient[{first + axis}]"
        letter = f"initial(PatientOrientation[{value_of_orientation}])"
        parts += [f"({letter} == '{along}' or {cosine} <= 0.8)"]
        parts += [f"({letter} == '{against}' or {cosine} >= -0.8)"]
    return " and ".join(parts)


GENERAL_IMAGE = Module(
    "General Image",
    "C.7.6.1",
    relations=(
        value(
            "image-type-1-empty",
            "ImageType[1] != ''",
            within="dataset",
            section="C.7.6.1.1.2",
            says="Value 1 of ImageType is empty.",
            why="It is not known whether the pixels are original or derived.",
        ),
        value(
            "image-type-2-empty",
            "ImageType[2] != ''",
            within="dataset",
            section="C.7.6.1.1.2",
            says="Value 2 of ImageType is empty.",
        ),
        agreement(
            "patient-orientation-row",
            _letter(1, 0),
            when=f"present(ImageOrientationPatient) and ({_BIPED})",
            within="dataset",
            section="C.7.6.1.1.1",
            says="The direction of rows in PatientOrientation is not that of "
            "ImageOrientationPatient.",
        ),
        agreement(
            "patient-orientation-column",
            _letter(2, 3),
            when=f"present(ImageOrientationPatient) and ({_BIPED})",
            within="dataset",
            section="C.7.6.1.1.1",
            says="The direction of columns in PatientOrientation is not that of "
            "ImageOrientationPatient.",
        ),
        count(
            "lossy-ratio-method",
            "values(LossyImageCompressionMethod) == values(LossyImageCompressionRatio)",
            within="dataset",
            section="C.7.6.1.1.5",
        ),
        agreement(
            "lossy-method-of-lossless",
            "LossyImageCompression != '00'",
            when="filled(LossyImageCompressionMethod)",
            within="dataset",
            section="C.7.6.1.1.5",
            says="LossyImageCompressionMethod is there, although LossyImageCompression says that "
            "there was none.",
        ),
    ),
    left_out=(
        LeftOut(
            "value 2 of ImageType is there", "its multiplicity in the data dictionary demands it"
        ),
        LeftOut(
            "an image that was derived keeps its own SOP Instance UID only if the meaning of the "
            "pixels is the same",
            "only the maker knows",
        ),
    ),
)
IMAGE_PLANE = Module(
    "Image Plane",
    "C.7.6.2",
    relations=(
        value(
            "spacing-between-slices-negative",
            "SpacingBetweenSlices >= 0",
            when="absent(dataset.Modality) or dataset.Modality != 'NM'",
        ),
        value(
            "slice-thickness-negative",
            "SliceThickness >= 0",
            severity=Severity.INFO,
            violation=False,
        ),
    ),
)
IMAGE_PIXEL = Module(
    "Image Pixel",
    "C.7.6.3",
    relations=(
        absence(
            "padding-limit-alone",
            "present(PixelPaddingValue)",
            when="present(PixelPaddingRangeLimit)",
            section="C.7.5.1.1.2",
        ),
        value(
            "padding-range-dark",
            "PixelPaddingRangeLimit >= PixelPaddingValue",
            when="PhotometricInterpretation == 'MONOCHROME2' and PixelRepresentation == 0",
            section="C.7.5.1.1.2",
        ),
        value(
            "padding-range-bright",
            "PixelPaddingRangeLimit <= PixelPaddingValue",
            when="PhotometricInterpretation == 'MONOCHROME1' and PixelRepresentation == 0",
            section="C.7.5.1.1.2",
        ),
        absence(
            "palette-twice",
            "absent(RedPaletteColorLookupTableData)",
            when="present(SegmentedRedPaletteColorLookupTableData)",
            section="C.7.9",
        ),
    ),
    left_out=(
        LeftOut(
            "bits, samples, photometric interpretation and planar configuration fit each other",
            "the rules `pixel.*` check it",
        ),
        LeftOut(
            "padding values of signed pixels are in order",
            "in implicit VR the sign of a value of US or SS is not in the file",
        ),
    ),
)
CINE = Module(
    "Cine",
    "C.7.6.5",
    relations=(
        value(
            "frame-time-vector-start",
            "FrameTimeVector[1] == 0",
            within="dataset",
            section="C.7.6.5.1.2",
        ),
        value("frame-time-vector-negative", "FrameTimeVector >= 0", section="C.7.6.5.1.2"),
        value("frame-time-negative", "FrameTime >= 0", within="dataset", section="C.7.6.5.1.1"),
        order("trim-order", "StartTrim <= StopTrim", within="dataset"),
        reference("start-trim", "StartTrim >= 1 and StartTrim <= NumberOfFrames", within="dataset"),
        reference("stop-trim", "StopTrim >= 1 and StopTrim <= NumberOfFrames", within="dataset"),
    ),
    left_out=(
        LeftOut("FrameTime is the time between frames as shown", "it may differ from acquisition"),
    ),
)
MULTI_FRAME = Module(
    "Multi-frame",
    "C.7.6.6",
    relations=(),
    left_out=(
        LeftOut(
            "FrameIncrementPointer names an attribute that is there", "`multiframe.pointer` does"
        ),
        LeftOut("a vector has a value for each frame", "`multiframe.vector` does"),
    ),
)
CONTRAST = Module(
    "Contrast/Bolus",
    "C.7.6.4",
    relations=(count("contrast-flow", "values(ContrastFlowRate) == values(ContrastFlowDuration)"),),
)
FRAME_POINTERS = Module(
    "Frame Pointers",
    "C.7.6.9",
    relations=(
        reference(
            "representative-frame",
            "RepresentativeFrameNumber >= 1 and RepresentativeFrameNumber <= NumberOfFrames",
            within="dataset",
        ),
        reference(
            "frames-of-interest",
            "FrameNumbersOfInterest >= 1 and FrameNumbersOfInterest <= NumberOfFrames",
            within="dataset",
        ),
        count(
            "frames-of-interest-descriptions",
            "values(FrameOfInterestDescription) == values(FrameNumbersOfInterest)",
            within="dataset",
        ),
        count(
            "frames-of-interest-types",
            "values(FrameOfInterestType) == values(FrameNumbersOfInterest)",
            within="dataset",
        ),
    ),
)
MASK = Module(
    "Mask",
    "C.7.6.10",
    relations=(
        reference(
            "mask-frames",
            "MaskFrameNumbers >= 1 and MaskFrameNumbers <= dataset.NumberOfFrames",
            within="MaskSubtractionSequence",
        ),
        reference(
            "mask-frame-range",
            "ApplicableFrameRange >= 1 and ApplicableFrameRange <= dataset.NumberOfFrames",
            within="MaskSubtractionSequence",
        ),
        order(
            "mask-frame-range-order",
            "ApplicableFrameRange[1] <= ApplicableFrameRange[2]",
            within="MaskSubtractionSequence",
        ),
    ),
)
SHUTTER = Module(
    "Display Shutter",
    "C.7.6.11",
    relations=(
        order("shutter-edges", "ShutterLeftVerticalEdge < ShutterRightVerticalEdge"),
        order("shutter-upper-edge", "ShutterUpperHorizontalEdge < ShutterLowerHorizontalEdge"),
        value("shutter-radius", "RadiusOfCircularShutter > 0"),
        count("shutter-vertices", "values(VerticesOfThePolygonalShutter) >= 6"),
    ),
)
SPECIMEN = Module(
    "Specimen",
    "C.7.6.22",
    relations=(
        order("specimen-uid-repeated", "unique(SpecimenDescriptionSequence.SpecimenUID)"),
        order(
            "specimen-identifier-repeated",
            "unique(SpecimenDescriptionSequence.SpecimenIdentifier)",
        ),
    ),
)
MODALITY_LUT = Module(
    "Modality LUT",
    "C.11.1",
    relations=(
        value(
            "rescale-slope-zero",
            "RescaleSlope != 0",
            severity=Severity.ERROR,
            why="All pixels come out as the same value: nothing of the image is left.",
            fix="Write the slope that pixels are to be multiplied by; 1 if they are values.",
            refusal="Nothing of the image is left: all pixels come out as one value.",
        ),
        absence(
            "modality-lut-twice",
            "absent(RescaleIntercept)",
            when="filled(ModalityLUTSequence)",
        ),
    ),
)
VOI_LUT = Module(
    "VOI LUT",
    "C.11.2",
    relations=(
        count(
            "window-pairs",
            "values(WindowCenter) == values(WindowWidth)",
            section="C.11.2.1.2",
            why="It is not known which width belongs to which center.",
        ),
        value(
            "window-width-linear",
            "WindowWidth >= 1",
            when="absent(VOILUTFunction) or VOILUTFunction == 'LINEAR'",
            section="C.11.2.1.2",
        ),
        value(
            "window-width-exact",
            "WindowWidth > 0",
            when="VOILUTFunction in ('LINEAR_EXACT', 'SIGMOID')",
            section="C.11.2.1.3",
        ),
        count(
            "window-explanations",
            "values(WindowCenterWidthExplanation) == values(WindowCenter)",
            section="C.11.2.1.2",
        ),
    ),
)
COMMON_REFERENCES = Module(
    "Common Instance Reference",
    "C.12.2",
    relations=(
        reference(
            "other-study-own",
            "StudyInstanceUID != dataset.StudyInstanceUID",
            within="StudiesContainingOtherReferencedInstancesSequence",
        ),
        order(
            "referenced-series-repeated",
            "unique(ReferencedSeriesSequence.SeriesInstanceUID)",
            within="dataset",
            of=("common-instance-reference",),
        ),
    ),
)
CONCATENATION = Module(
    "Multi-frame Functional Groups: concatenations",
    "C.7.6.16.2.2.4",
    relations=(
        value("concatenation-number", "InConcatenationNumber >= 1", within="dataset"),
        value(
            "concatenation-total",
            "InConcatenationNumber <= InConcatenationTotalNumber",
            within="dataset",
        ),
        reference(
            "concatenation-source",
            "SOPInstanceUIDOfConcatenationSource != SOPInstanceUID",
            within="dataset",
        ),
        value(
            "concatenation-start",
            "ConcatenationFrameOffsetNumber == 0",
            when="InConcatenationNumber == 1",
            within="dataset",
        ),
    ),
)

MODULES = (
    GENERAL_IMAGE,
    IMAGE_PLANE,
    IMAGE_PIXEL,
    CONTRAST,
    CINE,
    MULTI_FRAME,
    FRAME_POINTERS,
    MASK,
    SHUTTER,
    CONCATENATION,
    SPECIMEN,
    MODALITY_LUT,
    VOI_LUT,
    COMMON_REFERENCES,
)
