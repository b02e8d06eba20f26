"""Seeds of registrations, fiducials, surfaces and annotations in bulk."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import Change, Seed, seeded

_IDENTITY = (1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 1, 7, 0, 0, 0, 1)
_SHAPES = {"point": 1, "line": 2, "plane": 3, "ruler": 2, "l": 3, "t": 4, "shape": 2}


def seeds() -> Iterator[Seed]:
    """Matrices, grids, points, meshes."""
    yield from _registrations()
    yield from _fiducials()
    yield from _surfaces()
    yield from _bulk()


def _registrations() -> Iterator[Seed]:
    matrix = {
        "FrameOfReferenceTransformationMatrix": _IDENTITY,
        "FrameOfReferenceTransformationMatrixType": "RIGID",
    }
    dataset = {
        "RegistrationSequence": [
            {
                "FrameOfReferenceUID": "2.25.2",
                "MatrixRegistrationSequence": [{"MatrixSequence": [matrix]}],
            },
            {"FrameOfReferenceUID": "2.25.3"},
        ]
    }
    place = "RegistrationSequence[0]>MatrixRegistrationSequence[0]>MatrixSequence[0]"
    place += ">FrameOfReferenceTransformationMatrix"
    transposed = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1)
    yield from seeded(
        "spatial-registration",
        dataset,
        {
            "matrix-last-row": [(place, transposed), (place, (*_IDENTITY[:15], 2))],
            "matrix-rigid-1": (place, ("1.01", *_IDENTITY[1:])),
            "matrix-rigid-2": (place, (*_IDENTITY[:5], 2, *_IDENTITY[6:])),
            "matrix-rigid-3": (place, (*_IDENTITY[:10], 0, *_IDENTITY[11:])),
            "registration-frame-repeated": (
                "RegistrationSequence[1]>FrameOfReferenceUID",
                "2.25.2",
            ),
        },
    )
    grid = {
        "GridDimensions": (2, 1, 1),
        "GridResolution": (1.0, 1.0, 1.0),
        "VectorGridData": (0.0,) * 6,
    }
    item = "DeformableRegistrationGridSequence[0]"
    yield from seeded(
        "deformable-spatial-registration",
        {"DeformableRegistrationGridSequence": [grid]},
        {
            "deformation-grid": [
                (f"{item}>GridDimensions", (2, 1, 2)),
                (f"{item}>VectorGridData", (0.0,) * 3),
            ],
            "deformation-resolution": (f"{item}>GridResolution", (1.0, 0.0, 1.0)),
        },
    )
    empty = grid | {"VectorGridData": ()}
    yield from seeded(
        "deformable-spatial-registration",
        {"DeformableRegistrationGridSequence": [empty]},
        {"deformation-dimensions": (f"{item}>GridDimensions", (2, 0, 1))},
    )


def _fiducials() -> Iterator[Seed]:
    fiducials = [
        {
            "ShapeType": name.upper(),
            "FiducialIdentifier": name,
            "NumberOfContourPoints": points,
            "ContourData": (0,) * 3 * points,
        }
        for name, points in _SHAPES.items()
    ]
    fewer = {name: points - 1 or 2 for name, points in _SHAPES.items()}
    changes: dict[str, Change] = {
        f"fiducial-{name}-points": (
            f"FiducialSetSequence[0]>FiducialSequence[{index}]>NumberOfContourPoints",
            wrong,
            f"FiducialSetSequence[0]>FiducialSequence[{index}]>ContourData",
            (0,) * 3 * wrong,
        )
        for index, (name, wrong) in enumerate(fewer.items())
    }
    one = "FiducialSetSequence[0]>FiducialSequence[0]"
    yield from seeded(
        "spatial-fiducials",
        {"FiducialSetSequence": [{"FiducialSequence": fiducials}]},
        changes
        | {
            "fiducial-points": (f"{one}>ContourData", (0, 0)),
            "fiducial-identifier-repeated": (f"{one}>FiducialIdentifier", "line"),
        },
    )


def _surfaces() -> Iterator[Seed]:
    surface = {
        "RecommendedPresentationOpacity": 1.0,
        "SurfacePointsSequence": [{"NumberOfSurfacePoints": 3, "PointCoordinatesData": (0.0,) * 9}],
        "SurfacePointsNormalsSequence": [
            {"NumberOfVectors": 3, "VectorDimensionality": 3, "VectorCoordinateData": (0.0,) * 9}
        ],
        "SurfaceMeshPrimitivesSequence": [
            {"LongTrianglePointIndexList": (1, 2, 3), "TrianglePointIndexList": b"\1\0\2\0\3\0"}
        ],
    }
    dataset = {
        "NumberOfSurfaces": 2,
        "SurfaceSequence": [surface | {"SurfaceNumber": 1}, {"SurfaceNumber": 2}],
        "SegmentSequence": [
            {
                "SegmentNumber": 1,
                "SurfaceCount": 1,
                "ReferencedSurfaceSequence": [{"ReferencedSurfaceNumber": 2}],
            },
            {"SegmentNumber": 2},
        ],
    }
    one = "SurfaceSequence[0]"
    mesh = f"{one}>SurfaceMeshPrimitivesSequence[0]"
    yield from seeded(
        "surface-segmentation",
        dataset,
        {
            "surfaces": ("NumberOfSurfaces", 1),
            "surface-numbers": (f"{one}>SurfaceNumber", 3),
            "surface-points": (f"{one}>SurfacePointsSequence[0]>PointCoordinatesData", (0.0,) * 6),
            "surface-normals": (
                f"{one}>SurfacePointsNormalsSequence[0]>NumberOfVectors",
                2,
            ),
            "surface-triangle-points": (f"{mesh}>TrianglePointIndexList", b"\1\0\2\0\4\0"),
            "surface-long-triangle-points": (f"{mesh}>LongTrianglePointIndexList", (1, 2, 4)),
            "surface-triangle-start": (f"{mesh}>LongTrianglePointIndexList", (0, 1, 2)),
            "surface-triangles": (f"{mesh}>LongTrianglePointIndexList", (1, 2)),
            "surface-opacity": (f"{one}>RecommendedPresentationOpacity", 2.0),
            "segment-surfaces": ("SegmentSequence[0]>SurfaceCount", 2),
            "segment-surface": (
                "SegmentSequence[0]>ReferencedSurfaceSequence[0]>ReferencedSurfaceNumber",
                3,
            ),
            "surface-segment-numbers": ("SegmentSequence[1]>SegmentNumber", 3),
        },
    )
    tracks = [{"PointCoordinatesData": (0.0,) * 6}]
    yield from seeded(
        "tractography-results",
        {"TrackSetSequence": [{"TrackSetNumber": 1, "TrackSequence": tracks}]},
        {
            "track-set-numbers": ("TrackSetSequence[0]>TrackSetNumber", 2),
            "track-points": (
                "TrackSetSequence[0]>TrackSequence[0]>PointCoordinatesData",
                (0.0,) * 5,
            ),
        },
    )


def _bulk() -> Iterator[Seed]:
    common = {"AnnotationGroupNumber": 1, "AnnotationGroupUID": "2.25.2"}
    place = "AnnotationGroupSequence[0]"
    for name, keyword in (
        ("float", "PointCoordinatesData"),
        ("double", "DoublePointCoordinatesData"),
    ):
        for flatness, kind, size in (("flat", "2D", 2), ("spatial", "3D", 3)):
            for shape, graphic, points in (("points", "POINT", 1), ("shapes", "ELLIPSE", 4)):
                group = common | {
                    "GraphicType": graphic,
                    "NumberOfAnnotations": 2,
                    keyword: (0.0,) * 2 * size * points,
                }
                yield from seeded(
                    "microscopy-bulk-simple-annotations",
                    {"AnnotationCoordinateType": kind, "AnnotationGroupSequence": [group]},
                    {
                        f"bulk-{name}-{flatness}-{shape}": [
                            (f"{place}>NumberOfAnnotations", 3),
                            (f"{place}>{keyword}", (0.0,) * size * points),
                        ]
                    },
                )
    values = [
        {"FloatingPointValues": (1.0, 2.0)},
        {"FloatingPointValues": (1.0,), "AnnotationIndexList": (2,)},
    ]
    polygons = common | {
        "GraphicType": "POLYGON",
        "NumberOfAnnotations": 2,
        "PointCoordinatesData": (0.0,) * 12,
        "LongPrimitivePointIndexList": (1, 7),
        "MeasurementsSequence": [{"MeasurementValuesSequence": values}],
    }
    point = common | {
        "AnnotationGroupNumber": 2,
        "AnnotationGroupUID": "2.25.3",
        "GraphicType": "POINT",
        "NumberOfAnnotations": 1,
        "PointCoordinatesData": (0.0, 0.0),
    }
    second = "AnnotationGroupSequence[1]"
    measured = f"{place}>MeasurementsSequence[0]>MeasurementValuesSequence"
    yield from seeded(
        "microscopy-bulk-simple-annotations",
        {"AnnotationCoordinateType": "2D", "AnnotationGroupSequence": [polygons, point]},
        {
            "bulk-group-numbers": (f"{second}>AnnotationGroupNumber", 3),
            "bulk-group-uid-repeated": (f"{second}>AnnotationGroupUID", "2.25.2"),
            "bulk-indices": (f"{place}>LongPrimitivePointIndexList", (1, 7, 9)),
            "bulk-index-start": (f"{place}>LongPrimitivePointIndexList", (2, 7)),
            "bulk-index-order": (f"{place}>LongPrimitivePointIndexList", (1, 1)),
            "bulk-index-unneeded": (f"{second}>LongPrimitivePointIndexList", (1,)),
            "bulk-coordinates-twice": (
                f"{place}>DoublePointCoordinatesData",
                (0.0,) * 12,
            ),
            "bulk-measurements": (f"{measured}[0]>FloatingPointValues", (1.0,)),
            "bulk-measured": (f"{measured}[1]>FloatingPointValues", (1.0, 2.0)),
            "bulk-measured-index": (f"{measured}[1]>AnnotationIndexList", (3,)),
        },
    )
