"""Seeds of enhanced multi-frame images, segmentations and slides."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import GONE, Seed, seeded

_SHARED = "SharedFunctionalGroupsSequence[0]"
_FRAME = "PerFrameFunctionalGroupsSequence[0]"


def seeds() -> Iterator[Seed]:
    """Frames, dimensions, segments, slides."""
    yield from _frames()
    yield from _segments()
    yield from _slide()
    yield from _others()


def _frames() -> Iterator[Seed]:
    kind = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")
    same = {
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
        "ComplexImageComponent": "MAGNITUDE",
        "AcquisitionContrast": "T1",
    }
    mapping = {
        "RealWorldValueFirstValueMapped": 0,
        "RealWorldValueLastValueMapped": 1,
        "RealWorldValueLUTData": (0.0, 1.0),
        "DoubleFloatRealWorldValueFirstValueMapped": 0.0,
        "DoubleFloatRealWorldValueLastValueMapped": 1.0,
    }
    linear = {
        "RealWorldValueFirstValueMapped": 0,
        "RealWorldValueLastValueMapped": 1,
        "RealWorldValueSlope": 1.0,
        "RealWorldValueIntercept": 0.0,
    }
    content = {
        "DimensionIndexValues": (1,),
        "InStackPositionNumber": 1,
        "TemporalPositionIndex": 1,
        "FrameAcquisitionDuration": 1.0,
    }
    dataset = same | {
        "ImageType": kind,
        "PixelRepresentation": 0,
        "DimensionOrganizationSequence": [
            {"DimensionOrganizationUID": "2.25.2"},
            {"DimensionOrganizationUID": "2.25.3"},
        ],
        "DimensionIndexSequence": [
            {
                "DimensionOrganizationUID": "2.25.2",
                "DimensionIndexPointer": "InStackPositionNumber",
                "FunctionalGroupPointer": "FrameContentSequence",
            }
        ],
        "SharedFunctionalGroupsSequence": [
            {
                "MRImageFrameTypeSequence": [same | {"FrameType": kind}],
                "RealWorldValueMappingSequence": [mapping, linear],
            }
        ],
        "PerFrameFunctionalGroupsSequence": [{"FrameContentSequence": [content]}],
    }
    frame_type = f"{_SHARED}>MRImageFrameTypeSequence[0]"
    mapped = f"{_SHARED}>RealWorldValueMappingSequence"
    frame = f"{_FRAME}>FrameContentSequence[0]"
    index = "DimensionIndexSequence[0]"
    yield from seeded(
        "enhanced-mr-image",
        dataset,
        {
            "frame-type-1": [
                (f"{frame_type}>FrameType", ("DERIVED", *kind[1:])),
                ("ImageType", ("DERIVED", *kind[1:])),
            ],
            "frame-type-2": (f"{frame_type}>FrameType", ("ORIGINAL", "SECONDARY", *kind[2:])),
            "frame-type-3": (f"{frame_type}>FrameType", (*kind[:2], "OTHER", "NONE")),
            "frame-type-4": (f"{frame_type}>FrameType", (*kind[:3], "RESAMPLED")),
            "frame-pixel-presentation": (f"{frame_type}>PixelPresentation", "COLOR"),
            "frame-volumetric-properties": (f"{frame_type}>VolumetricProperties", "SAMPLED"),
            "frame-volume-technique": (f"{frame_type}>VolumeBasedCalculationTechnique", "MPR"),
            "frame-complex-component": (f"{frame_type}>ComplexImageComponent", "PHASE"),
            "frame-acquisition-contrast": (f"{frame_type}>AcquisitionContrast", "T2"),
            "dimension-index-start": (f"{frame}>DimensionIndexValues", (0,)),
            "in-stack-position-start": (f"{frame}>InStackPositionNumber", 0),
            "temporal-position-start": (f"{frame}>TemporalPositionIndex", 0),
            "frame-duration-negative": (f"{frame}>FrameAcquisitionDuration", -1.0),
            "real-world-range": (f"{mapped}[0]>RealWorldValueFirstValueMapped", 2),
            "real-world-float-range": (
                f"{mapped}[0]>DoubleFloatRealWorldValueFirstValueMapped",
                2.0,
            ),
            "real-world-lut": (f"{mapped}[0]>RealWorldValueLUTData", (0.0,)),
            "real-world-twice": (f"{mapped}[1]>RealWorldValueLUTData", (0.0, 1.0)),
            "real-world-slope-alone": (f"{mapped}[1]>RealWorldValueIntercept", GONE),
            "dimension-organization": (f"{index}>DimensionOrganizationUID", "2.25.4"),
            "dimension-pointer": (f"{index}>DimensionIndexPointer", "StackID"),
            "dimension-group-pointer": (
                f"{index}>FunctionalGroupPointer",
                "PlanePositionSequence",
            ),
            "dimension-organization-repeated": (
                "DimensionOrganizationSequence[1]>DimensionOrganizationUID",
                "2.25.2",
            ),
        },
    )


def _segments() -> Iterator[Seed]:
    segments = [
        {"SegmentNumber": 1, "TrackingID": "A", "TrackingUID": "2.25.2"},
        {"SegmentNumber": 2, "TrackingID": "B", "TrackingUID": "2.25.3"},
    ]
    binary = {
        "ImageType": ("DERIVED", "PRIMARY"),
        "SegmentationType": "BINARY",
        "BitsAllocated": 1,
        "BitsStored": 1,
        "HighBit": 0,
        "SegmentSequence": segments,
    }
    yield from seeded(
        "segmentation",
        binary,
        {
            "segmentation-binary-bits": [("BitsAllocated", 8), ("BitsStored", 8, "HighBit", 7)],
            "segmentation-fraction-type": ("SegmentationFractionalType", "PROBABILITY"),
            "segmentation-fraction-unneeded": ("MaximumFractionalValue", 255),
            "segment-numbers": [
                ("SegmentSequence[0]>SegmentNumber", 2, "SegmentSequence[1]>SegmentNumber", 3),
                ("SegmentSequence[1]>SegmentNumber", 3),
                ("SegmentSequence[0]>SegmentNumber", 2, "SegmentSequence[1]>SegmentNumber", 1),
            ],
            "segmentation-image-type": ("ImageType", ("ORIGINAL", "PRIMARY")),
            "segment-tracking-id": ("SegmentSequence[0]>TrackingID", GONE),
            "segment-tracking-uid": ("SegmentSequence[0]>TrackingUID", GONE),
            "segment-tracking-repeated": ("SegmentSequence[1]>TrackingUID", "2.25.2"),
        },
    )
    fractions = {"SegmentationType": "FRACTIONAL", "MaximumFractionalValue": 100}
    yield from seeded(
        "segmentation",
        binary | fractions | {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7},
        {
            "segmentation-fractional-bits": ("BitsAllocated", 16),
            "segmentation-fraction-maximum": [
                ("MaximumFractionalValue", 256),
                ("MaximumFractionalValue", 0),
            ],
        },
    )
    labels = {"SegmentationType": "LABELMAP", "BitsAllocated": 16, "BitsStored": 16}
    groups = [{"SegmentIdentificationSequence": [{"ReferencedSegmentNumber": 1}]}]
    yield from seeded(
        "1.2.840.10008.5.1.4.1.1.66.7",
        binary | labels,
        {
            "segmentation-label-bits": ("BitsStored", 12),
            "segment-label-numbers": ("SegmentSequence[1]>SegmentNumber", 1),
            "segment-of-labels": ("SharedFunctionalGroupsSequence", groups),
        },
    )


def _slide() -> Iterator[Seed]:
    position = {
        "ColumnPositionInTotalImagePixelMatrix": 1,
        "RowPositionInTotalImagePixelMatrix": 1,
    }
    dataset = {
        "ImageType": ("ORIGINAL", "PRIMARY", "VOLUME", "NONE"),
        "SpecimenLabelInImage": "NO",
        "NumberOfOpticalPaths": 2,
        "OpticalPathSequence": [
            {"OpticalPathIdentifier": "1", "IlluminationWaveLength": 500.0},
            {"OpticalPathIdentifier": "2"},
        ],
        "DimensionOrganizationType": "TILED_FULL",
        "TotalPixelMatrixColumns": 13,
        "TotalPixelMatrixRows": 8,
        "TotalPixelMatrixFocalPlanes": 3,
        "Rows": 4,
        "Columns": 6,
        "NumberOfFrames": 36,
        "ImagedVolumeWidth": 1.0,
        "ImagedVolumeHeight": 1.0,
        "ImagedVolumeDepth": 1.0,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "SharedFunctionalGroupsSequence": [
            {"OpticalPathIdentificationSequence": [{"OpticalPathIdentifier": "2"}]}
        ],
        "PerFrameFunctionalGroupsSequence": [{"PlanePositionSlideSequence": [position]}],
    }
    tile = f"{_FRAME}>PlanePositionSlideSequence[0]"
    yield from seeded(
        "vl-whole-slide-microscopy-image",
        dataset,
        {
            "optical-paths": ("NumberOfOpticalPaths", 1, "NumberOfFrames", 18),
            "optical-path-repeated": ("OpticalPathSequence[0]>OpticalPathIdentifier", "2"),
            "optical-path": (
                f"{_SHARED}>OpticalPathIdentificationSequence[0]>OpticalPathIdentifier",
                "3",
            ),
            "slide-tiles": [("NumberOfFrames", 24), ("TotalPixelMatrixFocalPlanes", 1)],
            "slide-image-type-3": ("ImageType", ("ORIGINAL", "PRIMARY")),
            "slide-image-type-4": ("ImageType", ("ORIGINAL", "PRIMARY", "VOLUME")),
            "slide-label-burned-in": [
                ("ImageType", ("ORIGINAL", "PRIMARY", kind, "NONE"))
                for kind in ("LABEL", "OVERVIEW")
            ],
            "slide-volume-label": ("SpecimenLabelInImage", "YES"),
            "slide-tile-column": [
                (f"{tile}>ColumnPositionInTotalImagePixelMatrix", 14),
                (f"{tile}>ColumnPositionInTotalImagePixelMatrix", 0),
            ],
            "slide-tile-row": (f"{tile}>RowPositionInTotalImagePixelMatrix", 9),
            "slide-volume-width": ("ImagedVolumeWidth", 0.0),
            "slide-volume-height": ("ImagedVolumeHeight", -1.0),
            "slide-volume-depth": ("ImagedVolumeDepth", 0.0),
            "slide-bits-stored": ("BitsAllocated", 16),
            "slide-wavelength": ("OpticalPathSequence[0]>IlluminationWaveLength", 0.0),
        },
    )


def _others() -> Iterator[Seed]:
    frame = {"XRay3DFrameTypeSequence": [{"ReconstructionIndex": 1}]}
    dataset = {
        "SharedFunctionalGroupsSequence": [frame],
        "XRay3DAcquisitionSequence": [{}],
        "XRay3DReconstructionSequence": [{"AcquisitionIndex": (1,)}],
    }
    yield from seeded(
        "breast-tomosynthesis-image",
        dataset,
        {
            "x-ray-3d-reconstruction": [
                (f"{_SHARED}>XRay3DFrameTypeSequence[0]>ReconstructionIndex", 2),
                (f"{_SHARED}>XRay3DFrameTypeSequence[0]>ReconstructionIndex", 0),
            ],
            "x-ray-3d-acquisition": ("XRay3DReconstructionSequence[0]>AcquisitionIndex", (1, 2)),
        },
    )
    spectra = {
        "Rows": 1,
        "Columns": 2,
        "NumberOfFrames": 1,
        "DataPointRows": 1,
        "DataPointColumns": 4,
        "DataRepresentation": "COMPLEX",
        "SpectroscopyData": (0.0,) * 16,
    }
    yield from seeded(
        "mr-spectroscopy",
        spectra,
        {
            "spectroscopy-complex": [("SpectroscopyData", (0.0,) * 8), ("DataPointColumns", 8)],
            "spectroscopy-real": ("DataRepresentation", "REAL"),
        },
    )
    yield from seeded(
        "secondary-capture-image",
        {"ConversionType": "DF", "NominalScannedPixelSpacing": (1, 1)},
        {"scanned-spacing-conversion": ("ConversionType", "WSD")},
    )
