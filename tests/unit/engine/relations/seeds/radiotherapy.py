"""Seeds of radiotherapy objects."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import Seed, seeded


def seeds() -> Iterator[Seed]:
    """Structure sets, doses and plans."""
    yield from _structure_set()
    yield from _dose()
    yield from _photons()
    yield from _brachytherapy()


def _structure_set() -> Iterator[Seed]:
    contours = [
        {
            "ContourGeometricType": "CLOSED_PLANAR",
            "ContourNumber": 1,
            "NumberOfContourPoints": 3,
            "ContourData": (0, 0, 0, 1, 0, 0, 1, 1, 0),
        },
        {
            "ContourGeometricType": "POINT",
            "ContourNumber": 2,
            "NumberOfContourPoints": 1,
            "ContourData": (0, 0, 0),
        },
    ]
    observation = {"ReferencedROINumber": 1, "RTROIInterpretedType": "PTV"}
    dataset = {
        "ReferencedFrameOfReferenceSequence": [{"FrameOfReferenceUID": "2.25.2"}],
        "StructureSetROISequence": [
            {"ROINumber": 1, "ReferencedFrameOfReferenceUID": "2.25.2"},
            {"ROINumber": 2, "ReferencedFrameOfReferenceUID": "2.25.2"},
        ],
        "ROIContourSequence": [
            {
                "ReferencedROINumber": 1,
                "ROIDisplayColor": (255, 0, 0),
                "ContourSequence": contours,
            }
        ],
        "RTROIObservationsSequence": [
            observation | {"ObservationNumber": 1},
            observation
            | {
                "ObservationNumber": 2,
                "RTRelatedROISequence": [{"ReferencedROINumber": 2}],
                "RelatedRTROIObservationsSequence": [{"ObservationNumber": 1}],
            },
        ],
    }
    contour = "ROIContourSequence[0]>ContourSequence"
    second = "RTROIObservationsSequence[1]"
    yield from seeded(
        "rt-structure-set",
        dataset,
        {
            "roi-frame-of-reference": (
                "StructureSetROISequence[1]>ReferencedFrameOfReferenceUID",
                "2.25.3",
            ),
            "contour-points": [
                (f"{contour}[0]>NumberOfContourPoints", 4),
                (f"{contour}[0]>ContourData", (0, 0, 0, 1, 0, 0, 1, 1)),
            ],
            "contour-single-point": (
                f"{contour}[1]>NumberOfContourPoints",
                2,
                f"{contour}[1]>ContourData",
                (0, 0, 0, 1, 0, 0),
            ),
            "contour-number-repeated": (f"{contour}[1]>ContourNumber", 1),
            "roi-color-range": [
                ("ROIContourSequence[0]>ROIDisplayColor", (256, 0, 0)),
                ("ROIContourSequence[0]>ROIDisplayColor", (0, -1, 0)),
            ],
            "roi-observation-number-repeated": (f"{second}>ObservationNumber", 1),
            "related-roi": (f"{second}>RTRelatedROISequence[0]>ReferencedROINumber", 3),
            "related-roi-observation": (
                f"{second}>RelatedRTROIObservationsSequence[0]>ObservationNumber",
                3,
            ),
        },
    )


def _dose() -> Iterator[Seed]:
    dataset = {
        "NumberOfFrames": 2,
        "FrameIncrementPointer": "GridFrameOffsetVector",
        "GridFrameOffsetVector": (0, 2),
        "ImagePositionPatient": (0, 0, 7),
        "BitsAllocated": 32,
        "BitsStored": 32,
        "HighBit": 31,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 0,
        "DoseType": "PHYSICAL",
        "DoseSummationType": "PLAN",
        "ReferencedRTPlanSequence": [{}],
        "DVHSequence": [{"DVHNumberOfBins": 2, "DVHData": (1, 100, 1, 50)}],
    }
    yield from seeded(
        "rt-dose",
        dataset,
        {
            "dose-frame-pointer": ("FrameIncrementPointer", "FrameTime"),
            "dose-grid-start": ("GridFrameOffsetVector", (5, 7)),
            "dose-bits-stored": ("BitsStored", 16, "HighBit", 15),
            "dose-unsigned": ("PixelRepresentation", 1),
            "dose-one-plan": ("ReferencedRTPlanSequence", [{}, {}]),
            "dvh-bins": ("DVHSequence[0]>DVHNumberOfBins", 3),
        },
    )
    absolute = dataset | {"GridFrameOffsetVector": (7, 9)}
    yield from seeded("rt-dose", absolute, {"dose-grid-start": ("ImagePositionPatient", (7, 9, 5))})


def _photons() -> Iterator[Seed]:
    jaws = {"RTBeamLimitingDeviceType": "ASYMX", "LeafJawPositions": (-50, 50)}
    leaves = {"RTBeamLimitingDeviceType": "MLCX", "LeafJawPositions": (-5, -5, 5, 5)}
    beam = {
        "BeamNumber": 1,
        "BeamLimitingDeviceSequence": [
            {"RTBeamLimitingDeviceType": "ASYMX", "NumberOfLeafJawPairs": 1},
            {
                "RTBeamLimitingDeviceType": "MLCX",
                "NumberOfLeafJawPairs": 2,
                "LeafPositionBoundaries": (-10, 0, 10),
            },
        ],
        "NumberOfWedges": 2,
        "WedgeSequence": [{"WedgeNumber": 1}, {"WedgeNumber": 2}],
        "NumberOfCompensators": 2,
        "CompensatorSequence": [
            {
                "CompensatorNumber": 1,
                "CompensatorRows": 2,
                "CompensatorColumns": 3,
                "CompensatorTransmissionData": (1, 1, 1, 1, 1, 1),
            },
            {
                "CompensatorNumber": 2,
                "CompensatorRows": 1,
                "CompensatorColumns": 2,
                "CompensatorThicknessData": (1, 1),
            },
        ],
        "NumberOfBoli": 1,
        "ReferencedBolusSequence": [{"ReferencedROINumber": 1}],
        "NumberOfBlocks": 2,
        "BlockSequence": [
            {"BlockNumber": 1, "BlockNumberOfPoints": 2, "BlockData": (0, 0, 1, 1)},
            {"BlockNumber": 2, "BlockNumberOfPoints": 1, "BlockData": (0, 0)},
        ],
        "ReferencedToleranceTableNumber": 1,
        "FinalCumulativeMetersetWeight": 1,
        "NumberOfControlPoints": 2,
        "ControlPointSequence": [
            {
                "ControlPointIndex": 0,
                "CumulativeMetersetWeight": 0,
                "BeamLimitingDevicePositionSequence": [jaws, leaves],
                "WedgePositionSequence": [{"ReferencedWedgeNumber": 2}],
            },
            {"ControlPointIndex": 1, "CumulativeMetersetWeight": "1.0"},
        ],
    }
    dataset = {
        "DoseReferenceSequence": [{"DoseReferenceNumber": 1}, {"DoseReferenceNumber": 2}],
        "ToleranceTableSequence": [{"ToleranceTableNumber": 1}, {"ToleranceTableNumber": 2}],
        "FractionGroupSequence": [
            {
                "FractionGroupNumber": 1,
                "NumberOfFractionPatternDigitsPerDay": 1,
                "RepeatFractionCycleLength": 1,
                "FractionPattern": "1111100",
                "NumberOfBeams": 1,
                "NumberOfBrachyApplicationSetups": 0,
                "ReferencedBeamSequence": [{"ReferencedBeamNumber": 1}],
                "ReferencedDoseReferenceSequence": [{"ReferencedDoseReferenceNumber": 2}],
            },
            {"FractionGroupNumber": 2, "NumberOfBeams": 0, "NumberOfBrachyApplicationSetups": 0},
        ],
        "BeamSequence": [beam],
    }
    group, one = "FractionGroupSequence[0]", "BeamSequence[0]"
    point = f"{one}>ControlPointSequence"
    devices = f"{point}[0]>BeamLimitingDevicePositionSequence"
    yield from seeded(
        "rt-plan",
        dataset,
        {
            "dose-reference-number-repeated": ("DoseReferenceSequence[0]>DoseReferenceNumber", 2),
            "tolerance-number-repeated": ("ToleranceTableSequence[1]>ToleranceTableNumber", 1),
            "fraction-group-number-repeated": ("FractionGroupSequence[1]>FractionGroupNumber", 1),
            "fraction-group-beams": [
                (f"{group}>NumberOfBeams", 2),
                (f"{group}>ReferencedBeamSequence", [{"ReferencedBeamNumber": 1}] * 2),
            ],
            "fraction-pattern-length": (f"{group}>FractionPattern", "111110"),
            "plan-dose-reference": (
                f"{group}>ReferencedDoseReferenceSequence[0]>ReferencedDoseReferenceNumber",
                3,
            ),
            "beam-wedges": (f"{one}>NumberOfWedges", 1),
            "beam-compensators": (f"{one}>NumberOfCompensators", 0),
            "beam-boli": (f"{one}>NumberOfBoli", 2),
            "beam-blocks": (f"{one}>NumberOfBlocks", 3),
            "beam-control-points": (f"{one}>NumberOfControlPoints", 3),
            "beam-control-point-index": [
                (f"{point}[0]>ControlPointIndex", 1, f"{point}[1]>ControlPointIndex", 2),
                (f"{point}[1]>ControlPointIndex", 2),
            ],
            "beam-first-weight": (f"{point}[0]>CumulativeMetersetWeight", "0.1"),
            "beam-final-weight": [
                (f"{one}>FinalCumulativeMetersetWeight", 100),
                (f"{point}[1]>CumulativeMetersetWeight", "0.9"),
            ],
            "beam-leaf-boundaries": (
                f"{one}>BeamLimitingDeviceSequence[1]>LeafPositionBoundaries",
                (-10, 10),
            ),
            "beam-leaf-positions": [
                (f"{devices}[1]>LeafJawPositions", (-5, 5)),
                (f"{devices}[0]>LeafJawPositions", (-5, 5, 7)),
            ],
            "beam-limiting-device": (f"{devices}[1]>RTBeamLimitingDeviceType", "MLCY"),
            "beam-wedge": (f"{point}[0]>WedgePositionSequence[0]>ReferencedWedgeNumber", 3),
            "wedge-number-repeated": (f"{one}>WedgeSequence[0]>WedgeNumber", 2),
            "compensator-number-repeated": (f"{one}>CompensatorSequence[0]>CompensatorNumber", 2),
            "block-number-repeated": (f"{one}>BlockSequence[0]>BlockNumber", 2),
            "block-points": (f"{one}>BlockSequence[0]>BlockNumberOfPoints", 3),
            "compensator-transmission": (f"{one}>CompensatorSequence[0]>CompensatorRows", 3),
            "compensator-thickness": (f"{one}>CompensatorSequence[1]>CompensatorColumns", 3),
            "beam-tolerance-table": (f"{one}>ReferencedToleranceTableNumber", 3),
        },
    )
    three = [
        {"ControlPointIndex": 0, "CumulativeMetersetWeight": 0},
        {"ControlPointIndex": 1, "CumulativeMetersetWeight": "0.5"},
        {"ControlPointIndex": 2, "CumulativeMetersetWeight": 1},
    ]
    arc = {
        "NumberOfControlPoints": 3,
        "FinalCumulativeMetersetWeight": 1,
        "ControlPointSequence": three,
    }
    yield from seeded(
        "rt-plan",
        {"BeamSequence": [arc]},
        {"beam-weights-order": (f"{point}[1]>CumulativeMetersetWeight", "1.5")},
    )
    tables = [{"ToleranceTableNumber": 1}, {"ToleranceTableNumber": 2}]
    yield from seeded(
        "rt-ion-plan",
        {"IonToleranceTableSequence": tables},
        {
            "ion-tolerance-number-repeated": (
                "IonToleranceTableSequence[1]>ToleranceTableNumber",
                1,
            )
        },
    )


def _brachytherapy() -> Iterator[Seed]:
    channel = {
        "ChannelNumber": 1,
        "ReferencedSourceNumber": 1,
        "ChannelShieldSequence": [{"ChannelShieldNumber": 1}, {"ChannelShieldNumber": 2}],
        "FinalCumulativeTimeWeight": 100,
        "NumberOfControlPoints": 3,
        "BrachyControlPointSequence": [
            {"ControlPointIndex": 0, "CumulativeTimeWeight": 0},
            {"ControlPointIndex": 1, "CumulativeTimeWeight": 50},
            {"ControlPointIndex": 2, "CumulativeTimeWeight": 100},
        ],
    }
    dataset = {
        "FractionGroupSequence": [
            {
                "NumberOfBeams": 0,
                "NumberOfBrachyApplicationSetups": 1,
                "ReferencedBrachyApplicationSetupSequence": [
                    {"ReferencedBrachyApplicationSetupNumber": 1}
                ],
            }
        ],
        "SourceSequence": [{"SourceNumber": 1}, {"SourceNumber": 2}],
        "ApplicationSetupSequence": [
            {
                "ApplicationSetupNumber": 1,
                "BrachyAccessoryDeviceSequence": [
                    {"BrachyAccessoryDeviceNumber": 1},
                    {"BrachyAccessoryDeviceNumber": 2},
                ],
                "ChannelSequence": [channel, {"ChannelNumber": 2}],
            },
            {"ApplicationSetupNumber": 2},
        ],
    }
    group, setup = "FractionGroupSequence[0]", "ApplicationSetupSequence[0]"
    referenced = f"{group}>ReferencedBrachyApplicationSetupSequence"
    one = f"{setup}>ChannelSequence[0]"
    point = f"{one}>BrachyControlPointSequence"
    yield from seeded(
        "rt-plan",
        dataset,
        {
            "fraction-group-setups": (f"{group}>NumberOfBrachyApplicationSetups", 2),
            "fraction-group-beams-or-setups": (f"{group}>NumberOfBeams", 1),
            "application-setup": (
                f"{referenced}[0]>ReferencedBrachyApplicationSetupNumber",
                3,
            ),
            "source-number-repeated": ("SourceSequence[1]>SourceNumber", 1),
            "application-setup-number-repeated": (
                "ApplicationSetupSequence[1]>ApplicationSetupNumber",
                1,
            ),
            "channel-number-repeated": (f"{setup}>ChannelSequence[1]>ChannelNumber", 1),
            "channel-control-points": (f"{one}>NumberOfControlPoints", 2),
            "channel-control-point-index": (f"{point}[2]>ControlPointIndex", 3),
            "channel-first-weight": (f"{point}[0]>CumulativeTimeWeight", 1),
            "channel-final-weight": (f"{one}>FinalCumulativeTimeWeight", 101),
            "channel-weights-order": (f"{point}[1]>CumulativeTimeWeight", 101),
            "channel-source": (f"{one}>ReferencedSourceNumber", 3),
            "brachy-device-number-repeated": (
                f"{setup}>BrachyAccessoryDeviceSequence[1]>BrachyAccessoryDeviceNumber",
                1,
            ),
            "channel-shield-number-repeated": (
                f"{one}>ChannelShieldSequence[1]>ChannelShieldNumber",
                1,
            ),
        },
    )
