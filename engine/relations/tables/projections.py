"""Relations of CT, MR, ultrasound, secondary capture and projection X-ray (PS3.3 C.8)."""

from contracts.report import Severity
from engine.relations.notation import absence, agreement, count, order, reference, value
from engine.relations.relation import LeftOut, Module, Relation

_DOSES = {
    "exposure": ("Exposure", "ExposureInuAs"),
    "exposure-time": ("ExposureTime", "ExposureTimeInuS"),
    "tube-current": ("XRayTubeCurrent", "XRayTubeCurrentInuA"),
}


def _same_in_micro() -> tuple[Relation, ...]:
    """What is given in whole units and in millionths is the same but for rounding."""
    return tuple(
        agreement(
            f"{name}-twice",
            f"{micro} / 1000 - {milli} < 1.01 and {micro} / 1000 - {milli} > -1.01",
            within="dataset",
            says=f"{milli} and {micro} say different things.",
            severity=Severity.INFO,
            violation=False,
        )
        for name, (milli, micro) in _DOSES.items()
    )


def _third_value(name: str, section: str) -> Relation:
    return value(
        f"{name}-image-type-3",
        "present(ImageType[3])",
        when="filled(ImageType)",
        within="dataset",
        section=section,
        says="ImageType has no value 3.",
        why="Software distinguishes the kinds of images of this modality by it.",
        fix="Write the kind of image as value 3.",
    )


CT_IMAGE = Module(
    "CT Image",
    "C.8.2.1",
    of=("ct-image",),
    relations=(
        agreement(
            "ct-pitch",
            "SpiralPitchFactor > 0.9 * TableFeedPerRotation / TotalCollimationWidth and "
            "SpiralPitchFactor < 1.1 * TableFeedPerRotation / TotalCollimationWidth",
            of=("ct-image", "enhanced-ct-image"),
            says="SpiralPitchFactor is not the table feed of a rotation divided by the width of "
            "the collimation.",
        ),
        order("ct-collimation", "SingleCollimationWidth <= TotalCollimationWidth"),
        _third_value("ct", "C.8.2.1.1.1"),
        value(
            "ct-rescale-type",
            "RescaleType == 'HU'",
            when="ImageType[1] == 'ORIGINAL' and ImageType[3] == 'AXIAL' and "
            "RescaleType in ('OD', 'US', 'MGML', 'Z_EFF', 'ED', 'EDW', 'HU_MOD', 'PCT') and "
            "(absent(MultienergyCTAcquisition) or "
            "MultienergyCTAcquisition == 'NO')",
            within="dataset",
            section="C.8.2.1.1.2",
        ),
        *_same_in_micro(),
    ),
    left_out=(
        LeftOut("bits and photometric interpretation are those of CT", "`iod.value-not-allowed`"),
        LeftOut(
            "the positions in the table and in the image agree",
            "table positions have no common origin",
        ),
    ),
)
MR_IMAGE = Module(
    "MR Image",
    "C.8.3.1",
    of=("mr-image",),
    relations=(
        count("mr-sequence-variant", "values(SequenceVariant) == 1",
              when="'NONE' in SequenceVariant", within="dataset",
              says="SequenceVariant is NONE, and names a variant as well."),
        value("mr-temporal-position", "TemporalPositionIdentifier <= NumberOfTemporalPositions",
              within="dataset"),
        _third_value("mr", "C.8.3.1.1.1"),
        value("mr-flip-angle", "FlipAngle >= 0", within="dataset", severity=Severity.INFO,
              violation=False),
    ),
)  # fmt: skip
US_REGIONS = Module(
    "US Region Calibration",
    "C.8.5.5",
    relations=(
        value(
            "us-region-width",
            "RegionLocationMaxX1 <= dataset.Columns",
            within="SequenceOfUltrasoundRegions",
            section="C.8.5.5.1.14",
        ),
        value(
            "us-region-height",
            "RegionLocationMaxY1 <= dataset.Rows",
            within="SequenceOfUltrasoundRegions",
            section="C.8.5.5.1.14",
        ),
        value("us-delta-x", "PhysicalDeltaX != 0", when="PhysicalUnitsXDirection > 0"),
        value("us-delta-y", "PhysicalDeltaY != 0", when="PhysicalUnitsYDirection > 0"),
        count("us-mapped-codes", "items(PixelValueMappingCodeSequence) == NumberOfTableEntries"),
        order("us-region-x", "RegionLocationMinX0 <= RegionLocationMaxX1"),
        order("us-region-y", "RegionLocationMinY0 <= RegionLocationMaxY1"),
        count("us-table-x", "NumberOfTableBreakPoints == values(TableOfXBreakPoints)"),
        count("us-table-y", "NumberOfTableBreakPoints == values(TableOfYBreakPoints)"),
        count("us-table-pixels", "NumberOfTableEntries == values(TableOfPixelValues)"),
        count("us-table-parameters", "NumberOfTableEntries == values(TableOfParameterValues)"),
        order("us-component-range", "PixelComponentRangeStart <= PixelComponentRangeStop"),
    ),
)
US_IMAGE = Module(
    "US Image",
    "C.8.5.6",
    of=("us-image",),
    relations=(
        reference(
            "us-pullback",
            "IVUSPullbackStartFrameNumber >= 1 and IVUSPullbackStopFrameNumber <= NumberOfFrames",
            within="dataset",
            section="C.8.5.6.1.24",
            of=("us-image", "ivus-image"),
        ),
        order(
            "us-pullback-order",
            "IVUSPullbackStartFrameNumber <= IVUSPullbackStopFrameNumber",
            within="dataset",
            section="C.8.5.6.1.24",
            of=("us-image", "ivus-image"),
        ),
        value("us-stage", "StageNumber <= NumberOfStages", within="dataset"),
        value("us-view", "ViewNumber <= NumberOfViewsInStage", within="dataset"),
        count("us-event-times", "NumberOfEventTimers == values(EventElapsedTimes)"),
        count("us-event-names", "NumberOfEventTimers == values(EventTimerNames)"),
    ),
)
_SC_BYTE = ("multi-frame-grayscale-byte-secondary-capture-image",)
_SC_WORD = ("multi-frame-grayscale-word-secondary-capture-image",)
_SC_COLOR = ("multi-frame-true-color-secondary-capture-image",)
_SC_BIT = ("multi-frame-single-bit-secondary-capture-image",)
SC_MULTI_FRAME = Module(
    "SC Multi-frame Image",
    "C.8.6.3",
    relations=(
        value("sc-bit-photometric", "PhotometricInterpretation == 'MONOCHROME2'", of=_SC_BIT,
              within="dataset", section="A.8.2.4"),
        value("sc-bit-bits", "BitsAllocated == 1 and BitsStored == 1", of=_SC_BIT,
              within="dataset", section="A.8.2.4"),
        value("sc-byte-photometric", "PhotometricInterpretation == 'MONOCHROME2'", of=_SC_BYTE,
              within="dataset", section="A.8.3.4"),
        value("sc-byte-bits", "BitsAllocated == 8 and BitsStored == 8", of=_SC_BYTE,
              within="dataset", section="A.8.3.4"),
        value("sc-byte-unsigned", "PixelRepresentation == 0", of=_SC_BYTE + _SC_WORD,
              within="dataset", section="A.8.3.4"),
        value("sc-word-photometric", "PhotometricInterpretation == 'MONOCHROME2'", of=_SC_WORD,
              within="dataset", section="A.8.4.4"),
        value("sc-word-bits", "BitsAllocated == 16 and BitsStored >= 9", of=_SC_WORD,
              within="dataset", section="A.8.4.4"),
        value("sc-color-photometric",
              "PhotometricInterpretation in ('RGB', 'YBR_FULL_422', 'YBR_PARTIAL_420', 'YBR_ICT', "
              "'YBR_RCT', 'XYB')", of=_SC_COLOR, within="dataset", section="A.8.5.4"),
        value("sc-color-bits", "BitsAllocated == 8 and BitsStored == 8", of=_SC_COLOR,
              within="dataset", section="A.8.5.4"),
        value("sc-color-unsigned", "PixelRepresentation == 0", of=_SC_COLOR, within="dataset",
              section="A.8.5.4"),
        value("sc-rescale-intercept", "RescaleIntercept == 0", of=_SC_BYTE + _SC_WORD,
              within="dataset"),
        value("sc-rescale-slope", "RescaleSlope == 1", of=_SC_BYTE + _SC_WORD, within="dataset"),
        value("sc-frame-pointer", "present(FrameIncrementPointer)", when="NumberOfFrames > 1",
              of=_SC_BIT + _SC_BYTE + _SC_WORD + _SC_COLOR, within="dataset"),
        count("sc-page-numbers", "values(PageNumberVector) == NumberOfFrames", within="dataset",
              section="C.8.6.4"),
    ),
)  # fmt: skip
XA_IMAGE = Module(
    "X-Ray Image",
    "C.8.7.1",
    of=("x-ray-image",),
    relations=(
        value(
            "xa-plane",
            "ImageType[3] in ('SINGLE PLANE', 'BIPLANE A', 'BIPLANE B')",
            within="dataset",
            section="C.8.7.1.1.1",
        ),
        value("xa-unsigned", "PixelRepresentation == 0", within="dataset"),
        value("xa-samples", "SamplesPerPixel == 1", within="dataset"),
        count("xa-frame-labels", "values(FrameLabelVector) == NumberOfFrames", within="dataset"),
        _third_value("xa", "C.8.7.1.1.1"),
        value(
            "xa-frame-pointer",
            "FrameIncrementPointer in tag(FrameTime, FrameTimeVector)",
            when="NumberOfFrames > 1",
            within="dataset",
            section="C.8.7.1.1.3",
        ),
    ),
)
_INCREMENTS = {
    "primary-angle": ("PositionerPrimaryAngleIncrement", "C.8.7.5"),
    "secondary-angle": ("PositionerSecondaryAngleIncrement", "C.8.7.5"),
    "table-vertical": ("TableVerticalIncrement", "C.8.7.4"),
    "table-lateral": ("TableLateralIncrement", "C.8.7.4"),
    "table-longitudinal": ("TableLongitudinalIncrement", "C.8.7.4"),
}
XA_MOTION = Module(
    "XA Positioner, X-Ray Table",
    "C.8.7.5",
    of=("x-ray-table", "xa-positioner"),
    relations=tuple(
        count(
            f"{name}-increments",
            f"values({keyword}) == NumberOfFrames",
            within="dataset",
            section=section,
        )
        for name, (keyword, section) in _INCREMENTS.items()
    ),
)
COLLIMATOR = Module(
    "X-Ray Collimator",
    "C.8.7.3",
    relations=(
        order("collimator-edges", "CollimatorLeftVerticalEdge < CollimatorRightVerticalEdge"),
        order("collimator-upper-edge",
              "CollimatorUpperHorizontalEdge < CollimatorLowerHorizontalEdge"),
        value("collimator-radius", "RadiusOfCircularCollimator > 0"),
        count("collimator-vertices", "values(VerticesOfThePolygonalCollimator) >= 6"),
    ),
)  # fmt: skip
XRAY_ACQUISITION = Module(
    "X-Ray Acquisition",
    "C.8.7.2",
    relations=(
        order(
            "source-distances",
            "DistanceSourceToPatient <= DistanceSourceToDetector",
            within="dataset",
            severity=Severity.INFO,
            violation=False,
            of=("x-ray-acquisition", "xa-positioner", "dx-positioning", "mammography-image"),
        ),
        count(
            "field-of-view-rectangle",
            "values(FieldOfViewDimensions) == 2",
            when="FieldOfViewShape == 'RECTANGLE'",
            within="dataset",
            section="C.8.7.2",
        ),
        count(
            "field-of-view-round",
            "values(FieldOfViewDimensions) == 1",
            when="FieldOfViewShape in ('ROUND', 'HEXAGONAL')",
            within="dataset",
            section="C.8.7.2",
        ),
    ),
)
DX_IMAGE = Module(
    "DX Image",
    "C.8.11.3",
    of=("dx-image",),
    relations=(
        count(
            "dx-active-rectangle",
            "values(DetectorActiveDimensions) == 2",
            when="DetectorActiveShape == 'RECTANGLE'",
            section="C.8.11.4",
        ),
        count(
            "dx-active-round",
            "values(DetectorActiveDimensions) == 1",
            when="DetectorActiveShape in ('ROUND', 'HEXAGONAL')",
            section="C.8.11.4",
        ),
        agreement(
            "dx-shape-bright",
            "PresentationLUTShape == 'INVERSE'",
            when="PhotometricInterpretation == 'MONOCHROME1'",
            within="dataset",
        ),
        agreement(
            "dx-shape-dark",
            "PresentationLUTShape == 'IDENTITY'",
            when="PhotometricInterpretation == 'MONOCHROME2'",
            within="dataset",
        ),
        agreement(
            "dx-intent-class-presentation",
            "PresentationIntentType != 'FOR PROCESSING'",
            when="SOPClassUID in ('1.2.840.10008.5.1.4.1.1.1.1', '1.2.840.10008.5.1.4.1.1.1.2', "
            "'1.2.840.10008.5.1.4.1.1.1.3')",
            within="dataset",
            section="C.8.11.1",
        ),
        agreement(
            "dx-intent-class-processing",
            "PresentationIntentType != 'FOR PRESENTATION'",
            when="SOPClassUID in ('1.2.840.10008.5.1.4.1.1.1.1.1', "
            "'1.2.840.10008.5.1.4.1.1.1.2.1', '1.2.840.10008.5.1.4.1.1.1.3.1')",
            within="dataset",
            section="C.8.11.1",
        ),
    ),
)
MAMMOGRAPHY = Module(
    "Mammography Image",
    "C.8.11.7",
    of=("mammography-image",),
    relations=(
        count("mammography-partial-views", "items(PartialViewCodeSequence) <= 2",
              within="dataset", section="C.8.11.7.1.3"),
        absence("mammography-partial-view", "PartialView != 'NO'",
                when="filled(PartialViewCodeSequence)", within="dataset",
                section="C.8.11.7.1.3"),
    ),
)  # fmt: skip
POSITIONER = Module(
    "XA Positioner",
    "C.8.7.5",
    of=("xa-positioner",),
    relations=(
        agreement(
            "xa-magnification",
            "EstimatedRadiographicMagnificationFactor > "
            "0.9 * DistanceSourceToDetector / DistanceSourceToPatient and "
            "EstimatedRadiographicMagnificationFactor < "
            "1.1 * DistanceSourceToDetector / DistanceSourceToPatient",
            when="DistanceSourceToPatient > 0 and DistanceSourceToDetector > 0",
            within="dataset",
            says="EstimatedRadiographicMagnificationFactor is not the distance to the detector "
            "divided by that to the patient.",
        ),
    ),
)

MODULES = (
    CT_IMAGE,
    MR_IMAGE,
    US_REGIONS,
    US_IMAGE,
    SC_MULTI_FRAME,
    XA_IMAGE,
    XRAY_ACQUISITION,
    COLLIMATOR,
    XA_MOTION,
    DX_IMAGE,
    MAMMOGRAPHY,
    POSITIONER,
)
