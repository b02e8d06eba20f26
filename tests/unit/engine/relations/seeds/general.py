"""Seeds of images in general."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import GONE, Seed, seeded


def seeds() -> Iterator[Seed]:
    """Images, frames, windows and references."""
    yield from _single_frames()
    yield from _frames()
    yield from _windows()
    yield from _references()


def _single_frames() -> Iterator[Seed]:
    dataset = {
        "ImageType": ("ORIGINAL", "PRIMARY", "AXIAL"),
        "Modality": "CT",
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": (10, 20),
        "LossyImageCompressionMethod": ("ISO_10918_1", "ISO_15444_1"),
        "PatientOrientation": ("L", "PH"),
        "ImageOrientationPatient": (1, 0, 0, 0, "0.9", "0.436"),
        "SpacingBetweenSlices": 1,
        "SliceThickness": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 0,
        "PixelPaddingValue": 5,
        "PixelPaddingRangeLimit": 7,
        "IconImageSequence": [{}],
        "SegmentedRedPaletteColorLookupTableData": bytes(2),
        "ContrastFlowRate": (1, 2),
        "ContrastFlowDuration": (1, 2),
        "SpecimenDescriptionSequence": [
            {"SpecimenUID": "2.25.2", "SpecimenIdentifier": "A"},
            {"SpecimenUID": "2.25.3", "SpecimenIdentifier": "B"},
        ],
        "ShutterLeftVerticalEdge": 1,
        "ShutterRightVerticalEdge": 9,
        "ShutterUpperHorizontalEdge": 1,
        "ShutterLowerHorizontalEdge": 9,
        "RadiusOfCircularShutter": 5,
        "VerticesOfThePolygonalShutter": (1, 1, 1, 9, 9, 9),
    }
    yield from seeded(
        "ct-image",
        dataset,
        {
            "image-type-1-empty": ("ImageType", ("", "PRIMARY", "AXIAL")),
            "image-type-2-empty": ("ImageType", ("ORIGINAL", "", "AXIAL")),
            "patient-orientation-row": [
                ("PatientOrientation", ("R", "P")),
                ("ImageOrientationPatient", (-1, 0, 0, 0, 1, 0)),
                ("ImageOrientationPatient", (0, 0, -1, 0, 1, 0)),
            ],
            "patient-orientation-column": [
                ("PatientOrientation", ("L", "A")),
                ("ImageOrientationPatient", (1, 0, 0, 0, 0, 1)),
            ],
            "lossy-ratio-method": ("LossyImageCompressionRatio", 10),
            "lossy-method-of-lossless": ("LossyImageCompression", "00"),
            "spacing-between-slices-negative": ("SpacingBetweenSlices", -1),
            "slice-thickness-negative": ("SliceThickness", -1),
            "padding-limit-alone": ("PixelPaddingValue", GONE),
            "padding-range-dark": ("PixelPaddingRangeLimit", 4),
            "padding-range-bright": ("PhotometricInterpretation", "MONOCHROME1"),
            "palette-twice": ("RedPaletteColorLookupTableData", bytes(2)),
            "contrast-flow": ("ContrastFlowRate", 1),
            "specimen-uid-repeated": ("SpecimenDescriptionSequence[1]>SpecimenUID", "2.25.2"),
            "specimen-identifier-repeated": (
                "SpecimenDescriptionSequence[1]>SpecimenIdentifier",
                "A",
            ),
            "shutter-edges": ("ShutterLeftVerticalEdge", 9),
            "shutter-upper-edge": ("ShutterUpperHorizontalEdge", 10),
            "shutter-radius": ("RadiusOfCircularShutter", 0),
            "shutter-vertices": ("VerticesOfThePolygonalShutter", (1, 1, 1, 9)),
        },
    )


def _frames() -> Iterator[Seed]:
    dataset = {
        "NumberOfFrames": 3,
        "FrameTimeVector": (0, 10, 10),
        "FrameTime": 10,
        "StartTrim": 1,
        "StopTrim": 3,
        "RepresentativeFrameNumber": 2,
        "FrameNumbersOfInterest": (1, 3),
        "FrameOfInterestDescription": ("A", "B"),
        "FrameOfInterestType": ("HIGHMI", "RWAVE"),
        "MaskSubtractionSequence": [{"MaskFrameNumbers": (1, 2), "ApplicableFrameRange": (1, 3)}],
        "SOPInstanceUIDOfConcatenationSource": "2.25.7",
        "InConcatenationNumber": 1,
        "InConcatenationTotalNumber": 2,
        "ConcatenationFrameOffsetNumber": 0,
    }
    mask = "MaskSubtractionSequence[0]"
    yield from seeded(
        "x-ray-angiographic-image",
        dataset,
        {
            "frame-time-vector-start": ("FrameTimeVector", (10, 10, 10)),
            "frame-time-vector-negative": ("FrameTimeVector", (0, 10, -10)),
            "frame-time-negative": ("FrameTime", -10),
            "trim-order": ("StartTrim", 3, "StopTrim", 2),
            "start-trim": ("StartTrim", 0),
            "stop-trim": ("StopTrim", 4),
            "representative-frame": [
                ("RepresentativeFrameNumber", 4),
                ("RepresentativeFrameNumber", 0),
            ],
            "frames-of-interest": ("FrameNumbersOfInterest", (1, 4)),
            "frames-of-interest-descriptions": ("FrameOfInterestDescription", "A"),
            "frames-of-interest-types": ("FrameOfInterestType", "HIGHMI"),
            "mask-frames": (f"{mask}>MaskFrameNumbers", (1, 4)),
            "mask-frame-range": (f"{mask}>ApplicableFrameRange", (1, 4)),
            "mask-frame-range-order": (f"{mask}>ApplicableFrameRange", (3, 1)),
            "concatenation-number": ("InConcatenationNumber", 0),
            "concatenation-total": (
                "InConcatenationNumber", 3, "ConcatenationFrameOffsetNumber", 6,
            ),
            "concatenation-source": ("SOPInstanceUIDOfConcatenationSource", "2.25.1"),
            "concatenation-start": ("ConcatenationFrameOffsetNumber", 1),
        },
    )  # fmt: skip


def _windows() -> Iterator[Seed]:
    dataset = {
        "RescaleSlope": 1,
        "WindowCenter": (40, 50),
        "WindowWidth": (400, 1),
        "WindowCenterWidthExplanation": ("A", "B"),
    }
    yield from seeded(
        "ct-image",
        dataset | {"RescaleIntercept": 0},
        {
            "rescale-slope-zero": [("RescaleSlope", 0), ("RescaleSlope", "0.0")],
            "modality-lut-twice": ("ModalityLUTSequence", [{}]),
            "window-pairs": [
                ("WindowWidth", 400),
                ("WindowCenter", 40, "WindowCenterWidthExplanation", "A"),
            ],
            "window-width-linear": [("WindowWidth", (400, "0.5")), ("WindowWidth", (0, 1))],
            "window-explanations": ("WindowCenterWidthExplanation", "A"),
        },
    )
    yield from seeded(
        "ct-image",
        dataset | {"VOILUTFunction": "LINEAR_EXACT", "WindowWidth": ("0.5", 1)},
        {
            "window-width-exact": ("WindowWidth", (0, 1)),
            "window-width-linear": ("VOILUTFunction", "LINEAR"),
        },
    )
    groups = [{"PixelValueTransformationSequence": [{"RescaleSlope": 1, "RescaleIntercept": 0}]}]
    slope = "SharedFunctionalGroupsSequence[0]>PixelValueTransformationSequence[0]>RescaleSlope"
    yield from seeded(
        "enhanced-ct-image",
        {"SharedFunctionalGroupsSequence": groups},
        {"rescale-slope-zero": (slope, 0)},
    )


def _references() -> Iterator[Seed]:
    dataset = {
        "StudyInstanceUID": "2.25.2",
        "ReferencedSeriesSequence": [
            {"SeriesInstanceUID": "2.25.3"},
            {"SeriesInstanceUID": "2.25.4"},
        ],
        "StudiesContainingOtherReferencedInstancesSequence": [{"StudyInstanceUID": "2.25.5"}],
    }
    yield from seeded(
        "segmentation",
        dataset,
        {
            "other-study-own": (
                "StudiesContainingOtherReferencedInstancesSequence[0]>StudyInstanceUID",
                "2.25.2",
            ),
            "referenced-series-repeated": (
                "ReferencedSeriesSequence[1]>SeriesInstanceUID",
                "2.25.3",
            ),
        },
    )
