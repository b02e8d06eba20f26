"""Seeds of CT, MR, ultrasound, secondary capture and projection X-ray."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import GONE, Seed, seeded


def seeds() -> Iterator[Seed]:
    """Images of one kind after another."""
    yield from _cross_sections()
    yield from _ultrasound()
    yield from _secondary_capture()
    yield from _x_ray()


def _cross_sections() -> Iterator[Seed]:
    ct = {
        "ImageType": ("ORIGINAL", "PRIMARY", "AXIAL"),
        "RescaleType": "HU",
        "Exposure": 10,
        "ExposureInuAs": 10400,
        "ExposureTime": 100,
        "ExposureTimeInuS": 100000,
        "XRayTubeCurrent": 200,
        "XRayTubeCurrentInuA": 200000,
    }
    yield from seeded(
        "ct-image",
        ct,
        {
            "ct-image-type-3": ("ImageType", ("ORIGINAL", "PRIMARY")),
            "ct-rescale-type": ("RescaleType", "US"),
            "exposure-twice": ("ExposureInuAs", 10),
            "exposure-time-twice": ("ExposureTime", 200),
            "tube-current-twice": ("XRayTubeCurrentInuA", 300000),
        },
    )
    mr = {
        "ImageType": ("ORIGINAL", "PRIMARY", "OTHER"),
        "FlipAngle": 90,
    }
    yield from seeded(
        "mr-image",
        mr,
        {
            "mr-image-type-3": ("ImageType", ("ORIGINAL", "PRIMARY")),
            "mr-flip-angle": ("FlipAngle", -90),
        },
    )


def _ultrasound() -> Iterator[Seed]:
    region = {
        "RegionLocationMinX0": 0,
        "RegionLocationMaxX1": 9,
        "RegionLocationMinY0": 0,
        "RegionLocationMaxY1": 9,
        "PixelComponentRangeStart": 0,
        "PixelComponentRangeStop": 255,
        "NumberOfTableBreakPoints": 2,
        "TableOfXBreakPoints": (1, 2),
        "TableOfYBreakPoints": (1.0, 2.0),
        "NumberOfTableEntries": 2,
        "TableOfPixelValues": (1, 2),
        "TableOfParameterValues": (1.0, 2.0),
    }
    dataset = {
        "SequenceOfUltrasoundRegions": [region],
        "StageNumber": 1,
        "NumberOfStages": 2,
        "ViewNumber": 1,
        "NumberOfViewsInStage": 2,
        "NumberOfEventTimers": 2,
        "EventElapsedTimes": (1, 2),
        "EventTimerNames": ("A", "B"),
    }
    one = "SequenceOfUltrasoundRegions[0]"
    yield from seeded(
        "ultrasound-image",
        dataset,
        {
            "us-region-x": (f"{one}>RegionLocationMinX0", 10),
            "us-region-y": (f"{one}>RegionLocationMaxY1", 0, f"{one}>RegionLocationMinY0", 1),
            "us-table-x": (f"{one}>TableOfXBreakPoints", (1, 2, 3)),
            "us-table-y": (f"{one}>TableOfYBreakPoints", (1.0,)),
            "us-table-pixels": (f"{one}>TableOfPixelValues", (1,)),
            "us-table-parameters": (f"{one}>TableOfParameterValues", (1.0,)),
            "us-component-range": (f"{one}>PixelComponentRangeStart", 256),
            "us-stage": ("StageNumber", 3),
            "us-view": ("ViewNumber", 3),
            "us-event-times": ("EventElapsedTimes", 1),
            "us-event-names": ("EventTimerNames", "A"),
        },
    )


def _secondary_capture() -> Iterator[Seed]:
    frames = {
        "NumberOfFrames": 2,
        "FrameIncrementPointer": "PageNumberVector",
        "PageNumberVector": (1, 2),
        "PixelRepresentation": 0,
        "PhotometricInterpretation": "MONOCHROME2",
    }
    gray = frames | {"RescaleSlope": 1, "RescaleIntercept": 0}
    photometric = ("PhotometricInterpretation", "MONOCHROME1")
    yield from seeded(
        "multi-frame-single-bit-secondary-capture-image",
        frames | {"BitsAllocated": 1, "BitsStored": 1},
        {
            "sc-bit-photometric": photometric,
            "sc-bit-bits": ("BitsAllocated", 8),
            "sc-frame-pointer": ("FrameIncrementPointer", GONE),
            "sc-page-numbers": ("PageNumberVector", (1, 2, 3)),
        },
    )
    yield from seeded(
        "multi-frame-grayscale-byte-secondary-capture-image",
        gray | {"BitsAllocated": 8, "BitsStored": 8},
        {
            "sc-byte-photometric": photometric,
            "sc-byte-bits": ("BitsStored", 7),
            "sc-byte-unsigned": ("PixelRepresentation", 1),
            "sc-rescale-intercept": ("RescaleIntercept", 1),
            "sc-rescale-slope": ("RescaleSlope", 2),
        },
    )
    yield from seeded(
        "multi-frame-grayscale-word-secondary-capture-image",
        gray | {"BitsAllocated": 16, "BitsStored": 12},
        {"sc-word-photometric": photometric, "sc-word-bits": ("BitsStored", 8)},
    )
    yield from seeded(
        "multi-frame-true-color-secondary-capture-image",
        frames | {"PhotometricInterpretation": "RGB", "BitsAllocated": 8, "BitsStored": 8},
        {
            "sc-color-photometric": ("PhotometricInterpretation", "PALETTE COLOR"),
            "sc-color-bits": ("BitsAllocated", 16),
            "sc-color-unsigned": ("PixelRepresentation", 1),
        },
    )


def _x_ray() -> Iterator[Seed]:
    dataset = {
        "ImageType": ("ORIGINAL", "PRIMARY", "SINGLE PLANE"),
        "NumberOfFrames": 2,
        "FrameIncrementPointer": "FrameTime",
        "PositionerPrimaryAngleIncrement": (0, 1),
        "PositionerSecondaryAngleIncrement": (0, 1),
        "TableVerticalIncrement": (0, 1),
        "TableLateralIncrement": (0, 1),
        "TableLongitudinalIncrement": (0, 1),
        "CollimatorLeftVerticalEdge": 1,
        "CollimatorRightVerticalEdge": 9,
        "CollimatorUpperHorizontalEdge": 1,
        "CollimatorLowerHorizontalEdge": 9,
        "RadiusOfCircularCollimator": 9,
        "VerticesOfThePolygonalCollimator": (1, 1, 1, 9, 9, 9),
        "DistanceSourceToPatient": 700,
        "DistanceSourceToDetector": 1000,
        "FieldOfViewShape": "RECTANGLE",
        "FieldOfViewDimensions": (1, 2),
    }
    one = 1
    yield from seeded(
        "x-ray-angiographic-image",
        dataset,
        {
            "xa-image-type-3": ("ImageType", ("ORIGINAL", "PRIMARY")),
            "xa-frame-pointer": ("FrameIncrementPointer", "PageNumberVector"),
            "primary-angle-increments": ("PositionerPrimaryAngleIncrement", one),
            "secondary-angle-increments": ("PositionerSecondaryAngleIncrement", one),
            "table-vertical-increments": ("TableVerticalIncrement", one),
            "table-lateral-increments": ("TableLateralIncrement", one),
            "table-longitudinal-increments": ("TableLongitudinalIncrement", (0, 1, 2)),
            "collimator-edges": ("CollimatorLeftVerticalEdge", 9),
            "collimator-upper-edge": ("CollimatorUpperHorizontalEdge", 10),
            "collimator-radius": ("RadiusOfCircularCollimator", 0),
            "collimator-vertices": ("VerticesOfThePolygonalCollimator", (1, 1)),
            "source-distances": ("DistanceSourceToPatient", 1001),
            "field-of-view-rectangle": ("FieldOfViewDimensions", 1),
            "field-of-view-round": ("FieldOfViewShape", "ROUND"),
        },
    )
    dx = {
        "PhotometricInterpretation": "MONOCHROME2",
        "PresentationLUTShape": "IDENTITY",
        "PresentationIntentType": "FOR PRESENTATION",
        "ViewCodeSequence": [{}],
        "AnatomicRegionSequence": [{}],
    }
    yield from seeded(
        "digital-mammography-x-ray-image",
        dx,
        {
            "dx-shape-bright": ("PhotometricInterpretation", "MONOCHROME1"),
            "dx-shape-dark": ("PresentationLUTShape", "INVERSE"),
            "dx-intent-class-presentation": ("PresentationIntentType", "FOR PROCESSING"),
        },
    )
    yield from seeded(
        "1.2.840.10008.5.1.4.1.1.1.1.1",
        dx | {"PresentationIntentType": "FOR PROCESSING"},
        {"dx-intent-class-processing": ("PresentationIntentType", "FOR PRESENTATION")},
    )
