"""Relations of enhanced multi-frame images, segmentations and slides (PS3.3 C.7.6.16, C.8)."""

from engine.relations.notation import absence, agreement, count, order, reference, value
from engine.relations.relation import LeftOut, Module, Relation

_DESCRIPTIONS = {
    "pixel-presentation": "PixelPresentation",
    "volumetric-properties": "VolumetricProperties",
    "volume-technique": "VolumeBasedCalculationTechnique",
    "complex-component": "ComplexImageComponent",
    "acquisition-contrast": "AcquisitionContrast",
}


def _frame_types() -> tuple[Relation, ...]:
    """What an image says of all its frames is what each frame says, unless it says MIXED."""
    types = tuple(
        agreement(
            f"frame-type-{position}",
            f"FrameType[{position}] == dataset.ImageType[{position}]",
            when=f"dataset.ImageType[{position}] != 'MIXED'"
            + " and FrameType[1] in ('ORIGINAL', 'DERIVED')" * (position == 1),
            section="C.8.16.1",
            says=f"Value {position} of a FrameType is not that of ImageType, which is not MIXED.",
            fix="Write MIXED into ImageType where frames differ, else the value of the frames.",
        )
        for position in (1, 2, 3, 4)
    )
    descriptions = tuple(
        agreement(
            f"frame-{name}",
            f"{keyword} == dataset.{keyword}",
            when=f"dataset.{keyword} != 'MIXED' and present(FrameType)",
            section="C.8.16.2",
            says=f"{keyword} of a frame is not that of the image, which is not MIXED.",
            fix="Write MIXED for the image where frames differ, else the value of the frames.",
        )
        for name, keyword in _DESCRIPTIONS.items()
    )
    return types + descriptions


FRAME_TYPES = Module(
    "Common CT/MR and Photoacoustic Image Description",
    "C.8.16",
    relations=_frame_types(),
    left_out=(
        LeftOut(
            "ImageType is MIXED only if frames differ",
            "a concatenation may have the other frames in another instance",
        ),
    ),
)
FRAME_CONTENT = Module(
    "Frame Content",
    "C.7.6.16.2.2",
    relations=(
        value("dimension-index-start", "DimensionIndexValues >= 1", section="C.7.6.17"),
        value("in-stack-position-start", "InStackPositionNumber >= 1"),
        value("temporal-position-start", "TemporalPositionIndex >= 1"),
        value("frame-duration-negative", "FrameAcquisitionDuration >= 0"),
    ),
)
REAL_WORLD = Module(
    "Real World Value Mapping",
    "C.7.6.16.2.11",
    relations=(
        value("real-world-slope-zero", "RealWorldValueSlope != 0"),
        order(
            "real-world-range",
            "RealWorldValueFirstValueMapped <= RealWorldValueLastValueMapped",
            when="absent(dataset.PixelRepresentation) or dataset.PixelRepresentation == 0",
        ),
        order(
            "real-world-float-range",
            "DoubleFloatRealWorldValueFirstValueMapped <= DoubleFloatRealWorldValueLastValueMapped",
        ),
        count(
            "real-world-lut",
            "values(RealWorldValueLUTData) == "
            "RealWorldValueLastValueMapped - RealWorldValueFirstValueMapped + 1",
            when="RealWorldValueFirstValueMapped <= RealWorldValueLastValueMapped",
        ),
        absence(
            "real-world-twice",
            "absent(RealWorldValueLUTData)",
            when="present(RealWorldValueSlope)",
        ),
        absence(
            "real-world-slope-alone",
            "present(RealWorldValueIntercept)",
            when="present(RealWorldValueSlope)",
        ),
    ),
)
_POINTERS = (
    "filled(dataset.PerFrameFunctionalGroupsSequence) and "
    "(absent(dataset.DimensionOrganizationType) or "
    "dataset.DimensionOrganizationType not in ('TILED_FULL', '3D_TEMPORAL'))"
)
DIMENSIONS = Module(
    "Multi-frame Dimension",
    "C.7.6.17",
    relations=(
        reference(
            "dimension-organization",
            "DimensionOrganizationUID in "
            "dataset.DimensionOrganizationSequence.DimensionOrganizationUID",
            within="DimensionIndexSequence",
        ),
        reference(
            "dimension-pointer",
            "exists(DimensionIndexPointer)",
            when=f"absent(DimensionIndexPrivateCreator) and {_POINTERS}",
            within="DimensionIndexSequence",
        ),
        reference(
            "dimension-group-pointer",
            "exists(FunctionalGroupPointer)",
            when=f"absent(FunctionalGroupPrivateCreator) and {_POINTERS}",
            within="DimensionIndexSequence",
        ),
        order(
            "dimension-organization-repeated",
            "unique(DimensionOrganizationSequence.DimensionOrganizationUID)",
            within="dataset",
        ),
    ),
    left_out=(
        LeftOut("each frame has an index for each dimension", "`reference.dimension-count`"),
        LeftOut(
            "two frames have different indices",
            "the text allows equal ones where a further dimension is not given",
        ),
    ),
)
CONVERSION = Module(
    "SC Equipment",
    "C.8.6.1",
    of=("sc-equipment",),
    relations=(
        value(
            "scanned-spacing-conversion",
            "ConversionType in ('DF', 'SI', 'SD')",
            when="filled(NominalScannedPixelSpacing)",
            within="dataset",
            section="C.8.6.2",
        ),
    ),
)
SEGMENTATION = Module(
    "Segmentation Image",
    "C.8.20.2",
    of=("segmentation-image",),
    relations=(
        value(
            "segmentation-binary-bits",
            "BitsAllocated == 1 and BitsStored == 1 and HighBit == 0",
            when="SegmentationType == 'BINARY'",
            within="dataset",
        ),
        value(
            "segmentation-fractional-bits",
            "BitsAllocated == 8 and BitsStored == 8 and HighBit == 7",
            when="SegmentationType == 'FRACTIONAL'",
            within="dataset",
        ),
        value(
            "segmentation-label-bits",
            "BitsAllocated in (8, 16) and BitsStored == BitsAllocated",
            when="SegmentationType == 'LABELMAP'",
            within="dataset",
        ),
        value(
            "segmentation-fraction-maximum",
            "MaximumFractionalValue >= 1 and MaximumFractionalValue <= 255",
            within="dataset",
        ),
        absence(
            "segmentation-fraction-type",
            "absent(SegmentationFractionalType)",
            when="SegmentationType != 'FRACTIONAL'",
            within="dataset",
        ),
        absence(
            "segmentation-fraction-unneeded",
            "absent(MaximumFractionalValue)",
            when="SegmentationType != 'FRACTIONAL'",
            within="dataset",
        ),
        order(
            "segment-numbers",
            "numbered(SegmentSequence.SegmentNumber)",
            when="SegmentationType in ('BINARY', 'FRACTIONAL')",
            within="dataset",
        ),
        order(
            "segment-label-numbers",
            "unique(SegmentSequence.SegmentNumber)",
            when="SegmentationType == 'LABELMAP'",
            within="dataset",
        ),
        value(
            "segmentation-image-type",
            "ImageType[1] == 'DERIVED' and ImageType[2] == 'PRIMARY'",
            within="dataset",
        ),
        absence(
            "segment-tracking-id", "present(TrackingID)", when="present(TrackingUID)",
            within="SegmentSequence",
        ),
        absence(
            "segment-tracking-uid", "present(TrackingUID)", when="present(TrackingID)",
            within="SegmentSequence",
        ),
        order("segment-tracking-repeated", "unique(SegmentSequence.TrackingUID)"),
        absence(
            "segment-of-labels",
            "absent(SegmentIdentificationSequence)",
            when="dataset.SegmentationType == 'LABELMAP'",
            section="C.8.20.3",
        ),
    ),
)  # fmt: skip
_TILES = "ceil(TotalPixelMatrixColumns / Columns) * ceil(TotalPixelMatrixRows / Rows)"
WHOLE_SLIDE = Module(
    "Whole Slide Microscopy Image",
    "C.8.12.4",
    of=("whole-slide-microscopy-image",),
    relations=(
        count("optical-paths", "NumberOfOpticalPaths == items(OpticalPathSequence)",
              within="dataset", section="C.8.12.5"),
        order("optical-path-repeated", "unique(OpticalPathSequence.OpticalPathIdentifier)",
              within="dataset", section="C.8.12.5"),
        reference(
            "optical-path",
            "OpticalPathIdentifier in dataset.OpticalPathSequence.OpticalPathIdentifier",
            within="OpticalPathIdentificationSequence",
            section="C.8.12.6.2",
        ),
        count(
            "slide-tiles",
            f"NumberOfFrames == {_TILES} * NumberOfOpticalPaths * TotalPixelMatrixFocalPlanes",
            when="DimensionOrganizationType == 'TILED_FULL' and absent(ConcatenationUID)",
            within="dataset",
            section="C.7.6.17.3",
            says="NumberOfFrames is not the number of tiles times focal planes times optical "
            "paths.",
        ),
        value("slide-image-type-3", "present(ImageType[3])", when="filled(ImageType)",
              within="dataset", section="C.8.12.4.1.1"),
        value("slide-image-type-4", "present(ImageType[4])", when="present(ImageType[3])",
              within="dataset", section="C.8.12.4.1.1"),
        value("slide-label-burned-in", "SpecimenLabelInImage == 'YES'",
              when="ImageType[3] in ('LABEL', 'OVERVIEW')", within="dataset",
              section="C.8.12.4.1.1"),
        value("slide-volume-label", "SpecimenLabelInImage == 'NO'",
              when="ImageType[3] in ('VOLUME', 'THUMBNAIL')", within="dataset",
              section="C.8.12.4.1.1"),
        value("slide-tile-column",
              "ColumnPositionInTotalImagePixelMatrix >= 1 and "
              "ColumnPositionInTotalImagePixelMatrix <= dataset.TotalPixelMatrixColumns",
              within="PlanePositionSlideSequence", section="C.8.12.6"),
        value("slide-tile-row",
              "RowPositionInTotalImagePixelMatrix >= 1 and "
              "RowPositionInTotalImagePixelMatrix <= dataset.TotalPixelMatrixRows",
              within="PlanePositionSlideSequence", section="C.8.12.6"),
        value("slide-volume-width", "ImagedVolumeWidth > 0", within="dataset"),
        value("slide-volume-height", "ImagedVolumeHeight > 0", within="dataset"),
        value("slide-volume-depth", "ImagedVolumeDepth > 0", within="dataset",
              section="C.8.12.4.1.2"),
        value("slide-bits-stored", "BitsStored == BitsAllocated", within="dataset"),
        value("slide-wavelength", "IlluminationWaveLength > 0", section="C.8.12.5"),
    ),
    left_out=(
        LeftOut(
            "the imaged volume is as wide as its pixels", "edges of tiles may be outside of it"
        ),
    ),
)  # fmt: skip
TOMOSYNTHESIS = Module(
    "X-Ray 3D Reconstruction",
    "C.8.21.4",
    relations=(
        reference(
            "x-ray-3d-reconstruction",
            "ReconstructionIndex >= 1 and "
            "ReconstructionIndex <= items(dataset.XRay3DReconstructionSequence)",
            within="XRay3DFrameTypeSequence",
            section="C.8.21.5",
        ),
        reference(
            "x-ray-3d-acquisition",
            "AcquisitionIndex >= 1 and "
            "AcquisitionIndex <= items(dataset.XRay3DAcquisitionSequence)",
            within="XRay3DReconstructionSequence",
        ),
    ),
)
_POINTS = "Rows * Columns * NumberOfFrames * DataPointRows * DataPointColumns"
SPECTROSCOPY = Module(
    "MR Spectroscopy Data",
    "C.8.14.4",
    of=("mr-spectroscopy-data",),
    relations=(
        count(
            "spectroscopy-complex",
            f"values(SpectroscopyData) == 2 * {_POINTS}",
            when="DataRepresentation == 'COMPLEX'",
            within="dataset",
        ),
        count(
            "spectroscopy-real",
            f"values(SpectroscopyData) == {_POINTS}",
            when="DataRepresentation in ('REAL', 'IMAGINARY', 'MAGNITUDE')",
            within="dataset",
        ),
    ),
)
_GRADIENT = "DiffusionGradientOrientation"
DIFFUSION = Module(
    "MR Diffusion",
    "C.8.13.5.9",
    relations=(
        value("diffusion-b-value", "DiffusionBValue >= 0"),
        value(
            "diffusion-direction",
            " + ".join(f"{_GRADIENT}[{axis}] * {_GRADIENT}[{axis}]" for axis in (1, 2, 3))
            + " > 0.98 and "
            + " + ".join(f"{_GRADIENT}[{axis}] * {_GRADIENT}[{axis}]" for axis in (1, 2, 3))
            + " < 1.02",
            when="outer.DiffusionBValue > 0",
            within="DiffusionGradientDirectionSequence",
            says="The direction of the diffusion gradient is no unit vector.",
        ),
    ),
)
PIXEL_SHIFT = Module(
    "Frame Pixel Shift",
    "C.7.6.16.2.14",
    relations=(
        order("subtraction-repeated", "unique(MaskSubtractionSequence.SubtractionItemID)",
              section="C.7.6.10"),
        reference("subtraction-item",
                  "SubtractionItemID in dataset.MaskSubtractionSequence.SubtractionItemID",
                  within="FramePixelShiftSequence", section="C.7.6.16.2.14.1"),
    ),
)  # fmt: skip

MODULES = (
    CONVERSION,
    FRAME_TYPES,
    FRAME_CONTENT,
    REAL_WORLD,
    DIMENSIONS,
    WHOLE_SLIDE,
    SEGMENTATION,
    TOMOSYNTHESIS,
    SPECTROSCOPY,
    DIFFUSION,
    PIXEL_SHIFT,
)
