"""Seeds of further sentences about images, plans, presentation states and geometry."""

from collections.abc import Iterator
from struct import pack

from unit.engine.relations.seeds.seed import Seed, seeded

_IDENTITY = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)


def seeds() -> Iterator[Seed]:
    """By the module that they are of."""
    yield from _acquired()
    yield from _nuclear()
    yield from _projected()
    yield from _treated()
    yield from _presented()
    yield from _spatial()


def _acquired() -> Iterator[Seed]:
    yield from seeded(
        "ct-image",
        {
            "TableFeedPerRotation": 9.5,
            "TotalCollimationWidth": 10.0,
            "SpiralPitchFactor": 0.95,
            "SingleCollimationWidth": 1.25,
        },
        {
            "ct-pitch": [("SpiralPitchFactor", 1.5), ("SpiralPitchFactor", 0.5)],
            "ct-collimation": ("SingleCollimationWidth", 20.0),
        },
    )
    yield from seeded(
        "mr-image",
        {
            "SequenceVariant": "NONE",
            "TemporalPositionIdentifier": 2,
            "NumberOfTemporalPositions": 2,
        },
        {
            "mr-sequence-variant": ("SequenceVariant", ("NONE", "SP")),
            "mr-temporal-position": ("TemporalPositionIdentifier", 3),
        },
    )
    group = "SharedFunctionalGroupsSequence[0]"
    direction = {"DiffusionGradientOrientation": (0.6, 0.8, 0.0)}
    diffusion = {"DiffusionBValue": 5.0, "DiffusionGradientDirectionSequence": [direction]}
    place = "MRDiffusionSequence[0]>DiffusionGradientDirectionSequence[0]"
    yield from seeded(
        "enhanced-mr-image",
        {
            "SharedFunctionalGroupsSequence": [
                {
                    "MRDiffusionSequence": [diffusion, {"DiffusionBValue": 0.0}],
                    "RealWorldValueMappingSequence": [
                        {"RealWorldValueSlope": 1.0, "RealWorldValueIntercept": 0.0}
                    ],
                }
            ]
        },
        {
            "diffusion-direction": (
                f"{group}>{place}>DiffusionGradientOrientation",
                (1.0, 1.0, 0.0),
            ),
            "diffusion-b-value": (f"{group}>MRDiffusionSequence[1]>DiffusionBValue", -1.0),
            "real-world-slope-zero": (
                f"{group}>RealWorldValueMappingSequence[0]>RealWorldValueSlope",
                0.0,
            ),
        },
    )
    region = "SequenceOfUltrasoundRegions[0]"
    yield from seeded(
        "ultrasound-image",
        {"Rows": 10, "Columns": 10, "NumberOfFrames": 5, "IVUSPullbackStartFrameNumber": 2,
         "IVUSPullbackStopFrameNumber": 4,
         "SequenceOfUltrasoundRegions": [
             {"RegionLocationMaxX1": 9, "RegionLocationMaxY1": 9, "PhysicalUnitsXDirection": 3,
              "PhysicalUnitsYDirection": 3, "PhysicalDeltaX": 0.1, "PhysicalDeltaY": -0.1,
              "NumberOfTableEntries": 1, "PixelValueMappingCodeSequence": [{}]}]},
        {"us-region-width": (f"{region}>RegionLocationMaxX1", 15),
         "us-region-height": (f"{region}>RegionLocationMaxY1", 15),
         "us-delta-x": (f"{region}>PhysicalDeltaX", 0.0),
         "us-delta-y": (f"{region}>PhysicalDeltaY", 0.0),
         "us-mapped-codes": (f"{region}>PixelValueMappingCodeSequence", [{}, {}]),
         "us-pullback": [("IVUSPullbackStopFrameNumber", 6),
                         ("IVUSPullbackStartFrameNumber", 0)],
         "us-pullback-order": ("IVUSPullbackStopFrameNumber", 1)},
    )  # fmt: skip


def _nuclear() -> Iterator[Seed]:
    dynamic = {
        "NumberOfFrames": 4,
        "TimeSliceVector": (1, 2, 3, 4),
        "PhaseInformationSequence": [{"NumberOfFramesInPhase": 4}],
        "BitsAllocated": 16,
        "BitsStored": 16,
    }
    yield from seeded(
        "nuclear-medicine-image",
        dynamic,
        {
            "nm-time-slice-beyond": ("TimeSliceVector", (1, 2, 3, 5)),
            "nm-frames-in-phase": ("PhaseInformationSequence[0]>NumberOfFramesInPhase", 9),
            "nm-bits-stored": ("BitsStored", 12),
        },
    )
    rotation = "RotationInformationSequence[0]"
    yield from seeded(
        "nuclear-medicine-image",
        {
            "NumberOfFrames": 4,
            "AngularViewVector": (1, 2, 3, 4),
            "ImageType": ("ORIGINAL", "PRIMARY", "TOMO", "EMISSION"),
            "RotationInformationSequence": [{"NumberOfFramesInRotation": 4, "ScanArc": 360}],
        },
        {
            "nm-angular-view-beyond": ("AngularViewVector", (1, 2, 3, 5)),
            "nm-frames-in-rotation": (f"{rotation}>NumberOfFramesInRotation", 9),
            "nm-scan-arc": (f"{rotation}>ScanArc", -360),
        },
    )
    isotope = "RadiopharmaceuticalInformationSequence"
    yield from seeded(
        "positron-emission-tomography-image",
        {"BitsAllocated": 16, "BitsStored": 16, "LowRRValue": 800, "HighRRValue": 900,
         "ActualFrameDuration": 1000,
         isotope: [{"RadionuclideHalfLife": 6586, "RadionuclidePositronFraction": "0.97"}]},
        {"pet-bits-stored": ("BitsStored", 12),
         "pet-beat-limits": ("LowRRValue", 1000),
         "pet-frame-duration": ("ActualFrameDuration", -1),
         "half-life-positive": (f"{isotope}[0]>RadionuclideHalfLife", 0),
         "positron-fraction": (f"{isotope}[0]>RadionuclidePositronFraction", 97)},
    )  # fmt: skip


def _projected() -> Iterator[Seed]:
    yield from seeded(
        "x-ray-angiographic-image",
        {
            "ImageType": ("ORIGINAL", "PRIMARY", "BIPLANE A"),
            "PixelRepresentation": 0,
            "SamplesPerPixel": 1,
            "NumberOfFrames": 2,
            "FrameLabelVector": ("1", "2"),
            "DistanceSourceToDetector": 1000,
            "DistanceSourceToPatient": 800,
            "EstimatedRadiographicMagnificationFactor": "1.25",
        },
        {
            "xa-plane": ("ImageType", ("ORIGINAL", "PRIMARY", "TRIPLANE")),
            "xa-unsigned": ("PixelRepresentation", 1),
            "xa-samples": ("SamplesPerPixel", 3),
            "xa-frame-labels": ("FrameLabelVector", "1"),
            "xa-magnification": [
                ("EstimatedRadiographicMagnificationFactor", "2.5"),
                ("EstimatedRadiographicMagnificationFactor", "0.8"),
            ],
        },
    )
    yield from seeded(
        "digital-x-ray-image",
        {"DetectorActiveShape": "RECTANGLE", "DetectorActiveDimensions": (1, 2)},
        {
            "dx-active-rectangle": ("DetectorActiveDimensions", 1),
            "dx-active-round": ("DetectorActiveShape", "ROUND"),
        },
    )
    yield from seeded(
        "digital-mammography-x-ray-image",
        {"PartialView": "YES", "PartialViewCodeSequence": [{}, {}]},
        {
            "mammography-partial-views": ("PartialViewCodeSequence", [{}, {}, {}]),
            "mammography-partial-view": ("PartialView", "NO"),
        },
    )
    yield from seeded(
        "enhanced-xa-image",
        {"MaskSubtractionSequence": [{"SubtractionItemID": 1}, {"SubtractionItemID": 2}],
         "FramePixelShiftSequence": [{"SubtractionItemID": 1}]},
        {"subtraction-repeated": ("MaskSubtractionSequence[1]>SubtractionItemID", 1),
         "subtraction-item": ("FramePixelShiftSequence[0]>SubtractionItemID", 3)},
    )  # fmt: skip


_MODALITIES = {
    "rt-image": "RTIMAGE",
    "rt-dose": "RTDOSE",
    "rt-structure-set": "RTSTRUCT",
    "rt-ion-plan": "RTPLAN",
    "rt-treatment-summary-record": "RTRECORD",
}


def _treated() -> Iterator[Seed]:
    for iod, modality in _MODALITIES.items():
        name = f"rt-modality-{modality[2:].lower()}"
        yield from seeded(iod, {"Modality": modality}, {name: ("Modality", "CT")})
    yield from seeded(
        "rt-dose",
        {
            "DoseGridScaling": "0.001",
            "DVHSequence": [
                {"DVHMinimumDose": 1, "DVHMaximumDose": 3, "DVHMeanDose": 2},
                {"DVHMinimumDose": 1, "DVHMaximumDose": 3},
            ],
        },
        {
            "dose-scaling": ("DoseGridScaling", 0),
            "dvh-minimum": ("DVHSequence[0]>DVHMinimumDose", "2.5"),
            "dvh-maximum": ("DVHSequence[0]>DVHMaximumDose", "1.5"),
            "dvh-extremes": ("DVHSequence[1]>DVHMaximumDose", "0.5"),
        },
    )
    fractions = [{"ROIElementalCompositionAtomicMassFraction": part} for part in (0.25, 0.75)]
    properties = [{"ROIElementalCompositionSequence": fractions}]
    contour = {"NumberOfContourPoints": 3, "ContourGeometricType": "CLOSED_PLANAR"}
    place = "RTROIObservationsSequence[0]>ROIPhysicalPropertiesSequence[0]"
    yield from seeded(
        "rt-structure-set",
        {
            "RTROIObservationsSequence": [{"ROIPhysicalPropertiesSequence": properties}],
            "ROIContourSequence": [{"ContourSequence": [contour]}],
        },
        {
            "contour-planar-points": (
                "ROIContourSequence[0]>ContourSequence[0]>NumberOfContourPoints",
                2,
            ),
            "roi-mass-fractions": (f"{place}>ROIElementalCompositionSequence", fractions[:1]),
        },
    )
    jaws = {"RTBeamLimitingDeviceType": "X", "LeafJawPositions": (-5, 5)}
    target = {"TargetMinimumDose": 50, "TargetPrescriptionDose": 60, "TargetMaximumDose": 70}
    leaves = {"RTBeamLimitingDeviceType": "X", "LeafPositionBoundaries": (0, 5, 10)}
    point = {"BeamLimitingDevicePositionSequence": [jaws]}
    beam = {
        "NumberOfControlPoints": 2,
        "ControlPointSequence": [point, {}],
        "BeamLimitingDeviceSequence": [leaves],
    }
    positions = "ControlPointSequence[0]>BeamLimitingDevicePositionSequence[0]"
    yield from seeded(
        "rt-plan",
        {"DoseReferenceSequence": [target], "BeamSequence": [beam]},
        {"dose-target-minimum": ("DoseReferenceSequence[0]>TargetMinimumDose", 65),
         "dose-target-maximum": ("DoseReferenceSequence[0]>TargetMaximumDose", 55),
         "beam-jaws": (f"BeamSequence[0]>{positions}>LeafJawPositions", (5, -5)),
         "beam-two-points": ("BeamSequence[0]>NumberOfControlPoints", 1,
                             "BeamSequence[0]>ControlPointSequence", [point]),
         "beam-leaf-boundary-order": (
             "BeamSequence[0]>BeamLimitingDeviceSequence[0]>LeafPositionBoundaries",
             (0, 10, 5))},
    )  # fmt: skip


def _presented() -> Iterator[Seed]:
    graphic = {"GraphicAnnotationUnits": "DISPLAY", "GraphicData": (0.0, 1.0), "GraphicGroupID": 1}
    text = {
        "BoundingBoxAnnotationUnits": "DISPLAY",
        "GraphicGroupID": 2,
        "BoundingBoxTopLeftHandCorner": (0.0, 0.1),
        "BoundingBoxBottomRightHandCorner": (1.0, 0.2),
        "AnchorPointAnnotationUnits": "DISPLAY",
        "AnchorPoint": (0.5, 0.5),
    }
    compound = {"CompoundGraphicUnits": "DISPLAY", "GraphicData": (0.0, 1.0)}
    place = "GraphicAnnotationSequence[0]"
    graphic_place, text_place = (
        f"{place}>GraphicObjectSequence[0]",
        f"{place}>TextObjectSequence[0]",
    )
    yield from seeded(
        "grayscale-softcopy-presentation-state",
        {
            "GraphicAnnotationSequence": [
                {
                    "GraphicObjectSequence": [graphic],
                    "TextObjectSequence": [text],
                    "CompoundGraphicSequence": [compound],
                }
            ],
            "GraphicGroupSequence": [{"GraphicGroupID": 1}, {"GraphicGroupID": 2}],
            "PresentationLUTShape": "IDENTITY",
        },
        {
            "graphic-data-fraction": (f"{graphic_place}>GraphicData", (0.0, 1.5)),
            "compound-graphic-data-fraction": (
                f"{place}>CompoundGraphicSequence[0]>GraphicData",
                (0.0, -0.5),
            ),
            "text-box-fraction": (f"{text_place}>BoundingBoxTopLeftHandCorner", (-1.0, 0.1)),
            "text-box-end-fraction": (
                f"{text_place}>BoundingBoxBottomRightHandCorner",
                (512.0, 0.2),
            ),
            "text-anchor-fraction": (f"{text_place}>AnchorPoint", (0.5, 1.1)),
            "graphic-group": (f"{graphic_place}>GraphicGroupID", 3),
            "text-group": (f"{text_place}>GraphicGroupID", 3),
            "graphic-group-repeated": (
                "GraphicGroupSequence[1]>GraphicGroupID",
                1,
                f"{text_place}>GraphicGroupID",
                1,
            ),
            "presentation-lut-twice": ("PresentationLUTSequence", [{}]),
        },
    )
    blended = {"BlendingMode": "FOREGROUND", "BlendingDisplayInputSequence": [{}, {}]}
    yield from seeded(
        "advanced-blending-presentation-state",
        {"BlendingDisplaySequence": [blended]},
        {"blending-foreground": ("BlendingDisplaySequence[0]>BlendingDisplayInputSequence", [{}])},
    )
    yield from seeded(
        "12-lead-ecg",
        {
            "WaveformSequence": [{"NumberOfWaveformChannels": 12, "SamplingFrequency": 500}],
            "WaveformAnnotationSequence": [{"ReferencedWaveformChannels": (1, 12)}],
        },
        {
            "annotation-channel": (
                "WaveformAnnotationSequence[0]>ReferencedWaveformChannels",
                (1, 13),
            )
        },
    )
    yield from seeded(
        "hanging-protocol",
        {"DisplaySetsSequence": [
            {"DisplaySetNumber": 1,
             "ImageBoxesSequence": [{"DisplayEnvironmentSpatialPosition": (0.0, 1.0, 1.0, 0.0)}]
             }]},
        {"screen-position": (
            "DisplaySetsSequence[0]>ImageBoxesSequence[0]>DisplayEnvironmentSpatialPosition",
            (0.0, 1.0, 1.5, 0.0))},
    )  # fmt: skip


def _spatial() -> Iterator[Seed]:
    matrix = {
        "FrameOfReferenceTransformationMatrix": _IDENTITY,
        "FrameOfReferenceTransformationMatrixType": "RIGID",
    }
    place = "MatrixSequence[0]>FrameOfReferenceTransformationMatrix"
    sheared = {
        name: (
            place,
            (
                *_IDENTITY[:cell],
                "0.6",
                *_IDENTITY[cell + 1 : length],
                "0.8",
                *_IDENTITY[length + 1 :],
            ),
        )
        for name, cell, length in (("1-2", 1, 5), ("1-3", 2, 10), ("2-3", 6, 10))
    }
    yield from seeded(
        "spatial-registration",
        {"MatrixSequence": [matrix]},
        {
            **{f"matrix-angle-{columns}": change for columns, change in sheared.items()},
            "matrix-mirrored": (place, (-1, *_IDENTITY[1:])),
        },
    )
    mesh = "SurfaceSequence[0]>SurfaceMeshPrimitivesSequence[0]"
    primitives = {
        "strip": ("TriangleStripSequence", 3),
        "fan": ("TriangleFanSequence", 3),
        "line": ("LineSequence", 2),
        "facet": ("FacetSequence", 3),
    }
    indices = "LongPrimitivePointIndexList"
    whole, beyond = pack("<3I", 1, 2, 3), pack("<3I", 1, 2, 4)
    yield from seeded(
        "surface-segmentation",
        {
            "SurfaceSequence": [
                {
                    "SurfaceNumber": 1,
                    "SurfacePointsSequence": [{"NumberOfSurfacePoints": 3}],
                    "SurfaceMeshPrimitivesSequence": [
                        {
                            "LongEdgePointIndexList": pack("<2I", 1, 2),
                            "LongVertexPointIndexList": pack("<I", 3),
                            **{sequence: [{indices: whole}] for sequence, _ in primitives.values()},
                        }
                    ],
                }
            ]
        },
        {
            "surface-edge-points": (f"{mesh}>LongEdgePointIndexList", pack("<2I", 1, 4)),
            "surface-vertex-points": (f"{mesh}>LongVertexPointIndexList", pack("<I", 4)),
            "surface-edges": (f"{mesh}>LongEdgePointIndexList", whole),
            **{
                f"surface-{name}-primitive": (f"{mesh}>{sequence}[0]>{indices}", beyond)
                for name, (sequence, _) in primitives.items()
            },
            **{
                f"surface-{name}-size": (f"{mesh}>{sequence}[0]>{indices}", whole[: 4 * least - 4])
                for name, (sequence, least) in primitives.items()
            },
        },
    )
    track = {"PointCoordinatesData": bytes(24), "RecommendedDisplayCIELabValueList": bytes(12)}
    measured = {"FloatingPointValues": (1.0, 2.0)}
    part = {"FloatingPointValues": 1.0, "TrackPointIndexList": pack("<I", 1)}
    tracks = "TrackSetSequence[0]"
    values = tracks + ">MeasurementsSequence[{}]>MeasurementValuesSequence[0]>FloatingPointValues"
    yield from seeded(
        "tractography-results",
        {"TrackSetSequence": [
            {"TrackSetNumber": 1, "TrackSequence": [track, track],
             "MeasurementsSequence": [{"MeasurementValuesSequence": [measured, measured]},
                                      {"MeasurementValuesSequence": [part, part]}],
             "TrackStatisticsSequence": [{"FloatingPointValues": (1.0, 2.0)}]}]},
        {"track-measurements": (
            f"{tracks}>MeasurementsSequence[1]>MeasurementValuesSequence", [part]),
         "track-values": (
             values.format(0), 1.0),
         "track-indexed-values": (
             values.format(1), (1.0, 2.0)),
         "track-statistics": (
             f"{tracks}>TrackStatisticsSequence[0]>FloatingPointValues", 1.0),
         "track-colors": (
             f"{tracks}>TrackSequence[0]>RecommendedDisplayCIELabValueList", bytes(6))},
    )  # fmt: skip
