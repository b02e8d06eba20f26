"""Relations of registrations, fiducials, surfaces and annotations in bulk (PS3.3 C.20 to C.37)."""

from engine.relations.notation import absence, count, order, reference, value
from engine.relations.relation import LeftOut, Module, Relation

_MATRIX = "FrameOfReferenceTransformationMatrix"


def _column(index: int) -> str:
    """The square of the length of a column of the rotation."""
    cells = (f"{_MATRIX}[{index + 4 * row}]" for row in range(3))
    return " + ".join(f"{cell} * {cell}" for cell in cells)


def _product(one: int, other: int) -> str:
    """The scalar product of two columns of the rotation."""
    return " + ".join(
        f"{_MATRIX}[{one + 4 * row}] * {_MATRIX}[{other + 4 * row}]" for row in range(3)
    )


REGISTRATION = Module(
    "Spatial Registration",
    "C.20.2",
    relations=(
        *(
            value(
                f"matrix-angle-{one}-{other}",
                f"{_product(one, other)} > -0.002 and {_product(one, other)} < 0.002",
                when=f"{_MATRIX}Type == 'RIGID'",
                section="C.20.2.1.1",
                says=f"Columns {one} and {other} of a matrix that is called RIGID are not at "
                "right angles.",
                fix="Write the type that the matrix is of: AFFINE.",
            )
            for one, other in ((1, 2), (1, 3), (2, 3))
        ),
        value(
            "matrix-mirrored",
            " + ".join("{0}[{1}] * {0}[{2}] * {0}[{3}]".format(_MATRIX, *cells)
                       for cells in ((1, 6, 11), (2, 7, 9), (3, 5, 10)))
            + " >= "
            + " + ".join("{0}[{1}] * {0}[{2}] * {0}[{3}]".format(_MATRIX, *cells)
                         for cells in ((3, 6, 9), (2, 5, 11), (1, 7, 10))),
            when=f"{_MATRIX}Type in ('RIGID', 'RIGID_SCALE')",
            section="C.20.2.1.1",
            says="A matrix that is called RIGID or RIGID_SCALE turns the patient inside out.",
            fix="Correct the matrix: its determinant is negative.",
        ),
        value(
            "matrix-last-row",
            " and ".join(f"{_MATRIX}[{cell}] == {value_}"
                         for cell, value_ in ((13, 0), (14, 0), (15, 0), (16, 1))),
            section="C.20.2.1.1",
            says="The last row of FrameOfReferenceTransformationMatrix is not 0, 0, 0, 1.",
            fix="Write the matrix row by row.",
        ),
        *(
            value(
                f"matrix-rigid-{index}",
                f"{_column(index)} > 0.998 and {_column(index)} < 1.002",
                when=f"{_MATRIX}Type == 'RIGID'",
                section="C.20.2.1.1",
                says=f"Column {index} of a matrix that is called RIGID is no unit vector.",
                fix="Write the type that the matrix is of: RIGID_SCALE or AFFINE.",
            )
            for index in (1, 2, 3)
        ),
        order(
            "registration-frame-repeated",
            "unique(RegistrationSequence.FrameOfReferenceUID)",
            within="dataset",
        ),
    ),
    left_out=(LeftOut("the matrix maps points to where they belong", "only the maker knows"),),
)  # fmt: skip
DEFORMATION = Module(
    "Deformable Spatial Registration",
    "C.20.3",
    relations=(
        count(
            "deformation-grid",
            "values(VectorGridData) == 3 * GridDimensions[1] * GridDimensions[2] * "
            "GridDimensions[3]",
            within="DeformableRegistrationGridSequence",
        ),
        value("deformation-resolution", "GridResolution > 0",
              within="DeformableRegistrationGridSequence"),
        value("deformation-dimensions", "GridDimensions > 0",
              within="DeformableRegistrationGridSequence"),
    ),
)  # fmt: skip
_SHAPES = {
    "point": ("POINT", "=="  , 1),
    "line": ("LINE", ">=", 2),
    "plane": ("PLANE", ">=", 3),
    "ruler": ("RULER", "==", 2),
    "l": ("L", "==", 3),
    "t": ("T", "==", 4),
    "shape": ("SHAPE", ">=", 2),
}  # fmt: skip
FIDUCIALS = Module(
    "Spatial Fiducials",
    "C.21.2",
    relations=(
        count(
            "fiducial-points",
            "values(ContourData) == 3 * NumberOfContourPoints",
            within="FiducialSequence",
        ),
        *(
            count(
                f"fiducial-{name}-points",
                f"NumberOfContourPoints {comparison} {points}",
                when=f"ShapeType == '{kind}'",
                within="FiducialSequence",
                section="C.21.2.1.2",
            )
            for name, (kind, comparison, points) in _SHAPES.items()
        ),
        order(
            "fiducial-identifier-repeated",
            "unique(FiducialSequence.FiducialIdentifier)",
            within="FiducialSetSequence",
        ),
    ),
)
_NUMBERS = "dataset.SurfaceSequence.SurfaceNumber"
_PRIMITIVES = {
    "strip": "TriangleStripSequence",
    "fan": "TriangleFanSequence",
    "line": "LineSequence",
    "facet": "FacetSequence",
}
SURFACE = Module(
    "Surface Mesh",
    "C.27.1",
    relations=(
        *(
            reference(f"surface-{name}-points",
                      f"{attribute} >= 1 and "
                      f"{attribute} <= outer.SurfacePointsSequence.NumberOfSurfacePoints",
                      within="SurfaceMeshPrimitivesSequence")
            for name, attribute in (("edge", "LongEdgePointIndexList"),
                                    ("vertex", "LongVertexPointIndexList"))
        ),
        count("surface-edges",
              "values(LongEdgePointIndexList) == 2 * ceil(values(LongEdgePointIndexList) / 2)",
              within="SurfaceMeshPrimitivesSequence"),
        *(
            reference(f"surface-{name}-primitive",
                      "LongPrimitivePointIndexList >= 1 and LongPrimitivePointIndexList <= "
                      "outer.outer.SurfacePointsSequence.NumberOfSurfacePoints",
                      within=f"SurfaceMeshPrimitivesSequence.{sequence}")
            for name, sequence in _PRIMITIVES.items()
        ),
        *(
            count(f"surface-{name}-size",
                  f"values(LongPrimitivePointIndexList) >= {least}",
                  within=f"SurfaceMeshPrimitivesSequence.{_PRIMITIVES[name]}")
            for name, least in (("strip", 3), ("fan", 3), ("line", 2), ("facet", 3))
        ),
        count("surfaces", "NumberOfSurfaces == items(SurfaceSequence)", within="dataset"),
        order("surface-numbers", "numbered(SurfaceSequence.SurfaceNumber)", within="dataset"),
        count("surface-points", "values(PointCoordinatesData) == 3 * NumberOfSurfacePoints",
              within="SurfacePointsSequence"),
        count("surface-normals",
              "values(VectorCoordinateData) == NumberOfVectors * VectorDimensionality",
              within="SurfacePointsNormalsSequence"),
        reference("surface-triangle-points",
                  "max(TrianglePointIndexList) <= "
                  "outer.SurfacePointsSequence.NumberOfSurfacePoints",
                  within="SurfaceMeshPrimitivesSequence"),
        reference("surface-long-triangle-points",
                  "max(LongTrianglePointIndexList) <= "
                  "outer.SurfacePointsSequence.NumberOfSurfacePoints",
                  within="SurfaceMeshPrimitivesSequence"),
        value("surface-triangle-start", "min(LongTrianglePointIndexList) >= 1",
              within="SurfaceMeshPrimitivesSequence"),
        count("surface-triangles",
              "values(LongTrianglePointIndexList) == "
              "3 * ceil(values(LongTrianglePointIndexList) / 3)",
              within="SurfaceMeshPrimitivesSequence"),
        value("surface-opacity", "RecommendedPresentationOpacity >= 0 and "
              "RecommendedPresentationOpacity <= 1", within="SurfaceSequence"),
    ),
    left_out=(
        LeftOut("a surface that is called closed is closed", "it would take the whole mesh"),
    ),
)  # fmt: skip
SURFACE_SEGMENTS = Module(
    "Surface Segmentation",
    "C.8.23",
    of=("surface-segmentation",),
    relations=(
        count("segment-surfaces", "SurfaceCount == items(ReferencedSurfaceSequence)",
              within="SegmentSequence"),
        reference("segment-surface", f"ReferencedSurfaceNumber in {_NUMBERS}",
                  within="ReferencedSurfaceSequence"),
        order("surface-segment-numbers", "numbered(SegmentSequence.SegmentNumber)",
              within="dataset"),
    ),
)  # fmt: skip
_GROUP = "AnnotationGroupSequence"
_COORDINATES = {
    "float": ("PointCoordinatesData", "values(PointCoordinatesData)"),
    "double": ("DoublePointCoordinatesData", "values(DoublePointCoordinatesData)"),
}
_FLAT = "(dataset.AnnotationCoordinateType == '2D' or present(CommonZCoordinateValue))"
_SPATIAL = "dataset.AnnotationCoordinateType == '3D' and absent(CommonZCoordinateValue)"


def _bulk() -> tuple[Relation, ...]:
    """As many coordinates as the annotations have."""
    rows = []
    for name, (_, number) in _COORDINATES.items():
        for flatness, condition, size in (("flat", _FLAT, 2), ("spatial", _SPATIAL, 3)):
            rows += [
                count(
                    f"bulk-{name}-{flatness}-points",
                    f"{number} == {size} * NumberOfAnnotations",
                    when=f"GraphicType == 'POINT' and {condition}",
                    within=_GROUP,
                ),
                count(
                    f"bulk-{name}-{flatness}-shapes",
                    f"{number} == {4 * size} * NumberOfAnnotations",
                    when=f"GraphicType in ('RECTANGLE', 'ELLIPSE') and {condition}",
                    within=_GROUP,
                ),
            ]
    return tuple(rows)


BULK = Module(
    "Microscopy Bulk Simple Annotations",
    "C.37.1.2",
    of=("microscopy-bulk-simple-annotations",),
    relations=(
        order("bulk-group-numbers", f"numbered({_GROUP}.AnnotationGroupNumber)",
              within="dataset"),
        order("bulk-group-uid-repeated", f"unique({_GROUP}.AnnotationGroupUID)",
              within="dataset"),
        *_bulk(),
        count("bulk-indices", "values(LongPrimitivePointIndexList) == NumberOfAnnotations",
              when="GraphicType in ('POLYLINE', 'POLYGON')", within=_GROUP),
        value("bulk-index-start", "LongPrimitivePointIndexList[1] == 1", within=_GROUP),
        order("bulk-index-order", "increasing(LongPrimitivePointIndexList)", within=_GROUP),
        absence("bulk-index-unneeded", "absent(LongPrimitivePointIndexList)",
                when="GraphicType in ('POINT', 'RECTANGLE', 'ELLIPSE')", within=_GROUP),
        absence("bulk-coordinates-twice", "absent(DoublePointCoordinatesData)",
                when="present(PointCoordinatesData)", within=_GROUP),
        count("bulk-measurements",
              "values(FloatingPointValues) == outer.outer.NumberOfAnnotations",
              when="absent(AnnotationIndexList)",
              within="MeasurementsSequence.MeasurementValuesSequence"),
        count("bulk-measured",
              "values(FloatingPointValues) == values(AnnotationIndexList)",
              within="MeasurementsSequence.MeasurementValuesSequence"),
        reference("bulk-measured-index",
                  "AnnotationIndexList >= 1 and "
                  "AnnotationIndexList <= outer.outer.NumberOfAnnotations",
                  within="MeasurementsSequence.MeasurementValuesSequence"),
    ),
)  # fmt: skip
TRACTS = Module(
    "Tractography Results",
    "C.8.33.2",
    of=("tractography-results",),
    relations=(
        count("track-measurements",
              "items(MeasurementValuesSequence) == items(outer.TrackSequence)",
              within="TrackSetSequence.MeasurementsSequence"),
        count("track-values",
              "values(MeasurementValuesSequence.FloatingPointValues) == "
              "values(outer.TrackSequence.PointCoordinatesData) / 3",
              when="absent(MeasurementValuesSequence.TrackPointIndexList)",
              within="TrackSetSequence.MeasurementsSequence"),
        count("track-indexed-values",
              "values(FloatingPointValues) == values(TrackPointIndexList)",
              within="MeasurementsSequence.MeasurementValuesSequence"),
        count("track-statistics", "values(FloatingPointValues) == items(outer.TrackSequence)",
              within="TrackStatisticsSequence"),
        count("track-colors",
              "values(RecommendedDisplayCIELabValueList) == values(PointCoordinatesData)",
              within="TrackSequence"),
        order("track-set-numbers", "numbered(TrackSetSequence.TrackSetNumber)", within="dataset"),
        count("track-points",
              "values(PointCoordinatesData) == 3 * ceil(values(PointCoordinatesData) / 3)",
              within="TrackSequence"),
    ),
)  # fmt: skip

MODULES = (
    TRACTS,
    REGISTRATION,
    DEFORMATION,
    FIDUCIALS,
    SURFACE_SEGMENTS,
    SURFACE,
    BULK,
)
