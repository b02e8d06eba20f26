"""Seeds of ion plans, treatment records and radiotherapy images."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import Change, Seed, seeded

_COUNTS = {
    "wedges": ("NumberOfWedges", "IonWedgeSequence"),
    "compensators": ("NumberOfCompensators", "IonRangeCompensatorSequence"),
    "boli": ("NumberOfBoli", "ReferencedBolusSequence"),
    "blocks": ("NumberOfBlocks", "IonBlockSequence"),
    "range-shifters": ("NumberOfRangeShifters", "RangeShifterSequence"),
    "spreading-devices": ("NumberOfLateralSpreadingDevices", "LateralSpreadingDeviceSequence"),
    "range-modulators": ("NumberOfRangeModulators", "RangeModulatorSequence"),
}
_DEVICES = {
    "wedge": ("IonWedgePositionSequence", "WedgeNumber", "IonWedgeSequence"),
    "range-shifter": (
        "RangeShifterSettingsSequence",
        "RangeShifterNumber",
        "RangeShifterSequence",
    ),
    "spreading-device": (
        "LateralSpreadingDeviceSettingsSequence",
        "LateralSpreadingDeviceNumber",
        "LateralSpreadingDeviceSequence",
    ),
    "range-modulator": (
        "RangeModulatorSettingsSequence",
        "RangeModulatorNumber",
        "RangeModulatorSequence",
    ),
}


def seeds() -> Iterator[Seed]:
    """Plans, records, images."""
    yield from _ions()
    yield from _records()
    yield from _others()


def _ions() -> Iterator[Seed]:
    one = "IonBeamSequence[0]"
    point = f"{one}>IonControlPointSequence"
    for name, (number, sequence) in _COUNTS.items():
        beam = {number: 1, sequence: [{}]}
        yield from seeded(
            "rt-ion-plan",
            {"IonBeamSequence": [beam]},
            {f"ion-{name}": [(f"{one}>{number}", 2), (f"{one}>{sequence}", [{}, {}])]},
        )
    for name, (settings, number, devices) in _DEVICES.items():
        beam = {
            devices: [{number: 1}, {number: 2}],
            "IonControlPointSequence": [{settings: [{f"Referenced{number}": 1}]}],
        }
        yield from seeded(
            "rt-ion-plan",
            {"IonBeamSequence": [beam]},
            {
                f"ion-{name}": (f"{point}[0]>{settings}[0]>Referenced{number}", 3),
                f"ion-{name}-number-repeated": (f"{one}>{devices}[1]>{number}", 1),
            },
        )
    points = [
        {
            "ControlPointIndex": index,
            "CumulativeMetersetWeight": weight,
            "NumberOfScanSpotPositions": 2,
            "ScanSpotPositionMap": (0.0, 0.0, 1.0, 1.0),
            "ScanSpotMetersetWeights": (0.0, 1.0),
        }
        for index, weight in enumerate((0, 50, 100))
    ]
    points[0]["BeamLimitingDevicePositionSequence"] = [
        {"RTBeamLimitingDeviceType": "MLCX", "LeafJawPositions": (-1, -1, 1, 1)}
    ]
    beam = {
        "FinalCumulativeMetersetWeight": 100,
        "NumberOfControlPoints": 3,
        "IonControlPointSequence": points,
        "ReferencedToleranceTableNumber": 1,
        "IonBlockSequence": [{"BlockNumberOfPoints": 2, "BlockData": (0, 0, 1, 1)}],
        "IonBeamLimitingDeviceSequence": [
            {
                "RTBeamLimitingDeviceType": "MLCX",
                "NumberOfLeafJawPairs": 2,
                "LeafPositionBoundaries": (-1, 0, 1),
            }
        ],
    }
    dataset = {
        "IonBeamSequence": [beam],
        "IonToleranceTableSequence": [{"ToleranceTableNumber": 1}],
    }
    yield from seeded(
        "rt-ion-plan",
        dataset,
        {
            "ion-control-points": (f"{one}>NumberOfControlPoints", 2),
            "ion-control-point-index": (f"{point}[2]>ControlPointIndex", 3),
            "ion-first-weight": (f"{point}[0]>CumulativeMetersetWeight", 1),
            "ion-final-weight": (f"{one}>FinalCumulativeMetersetWeight", 1),
            "ion-weights-order": (f"{point}[1]>CumulativeMetersetWeight", 101),
            "spot-positions": (f"{point}[1]>ScanSpotPositionMap", (0.0, 0.0)),
            "spot-weights": (f"{point}[1]>ScanSpotMetersetWeights", (0.0,)),
            "ion-leaf-boundaries": (
                f"{one}>IonBeamLimitingDeviceSequence[0]>LeafPositionBoundaries",
                (-1, 1),
            ),
            "ion-leaf-positions": (
                f"{point}[0]>BeamLimitingDevicePositionSequence[0]>LeafJawPositions",
                (-1, 1),
            ),
            "ion-block-points": (f"{one}>IonBlockSequence[0]>BlockNumberOfPoints", 3),
            "ion-tolerance-table": (f"{one}>ReferencedToleranceTableNumber", 2),
        },
    )


def _records() -> Iterator[Seed]:
    for name, iod, beams, points in (
        (
            "recorded-beam",
            "rt-beams-treatment-record",
            "TreatmentSessionBeamSequence",
            "ControlPointDeliverySequence",
        ),
        (
            "recorded-ion-beam",
            "rt-ion-beams-treatment-record",
            "TreatmentSessionIonBeamSequence",
            "IonControlPointDeliverySequence",
        ),
    ):
        counts = {
            "control-points": ("NumberOfControlPoints", points),
            "wedges": ("NumberOfWedges", "RecordedWedgeSequence"),
            "compensators": ("NumberOfCompensators", "RecordedCompensatorSequence"),
            "boli": ("NumberOfBoli", "ReferencedBolusSequence"),
            "blocks": ("NumberOfBlocks", "RecordedBlockSequence"),
        }
        beam: dict[str, object] = {number: 1 for number, _ in counts.values()}
        beam |= {sequence: [{}] for _, sequence in counts.values()}
        changes: dict[str, Change] = {
            f"{name}-{what}": (f"{beams}[0]>{number}", 2) for what, (number, _) in counts.items()
        }
        yield from seeded(iod, {beams: [beam]}, changes)
    position = {"RTBeamLimitingDeviceType": "X", "LeafJawPositions": (-1, 1)}
    beam = {
        "BeamLimitingDeviceLeafPairsSequence": [
            {"RTBeamLimitingDeviceType": "X", "NumberOfLeafJawPairs": 1}
        ],
        "ControlPointDeliverySequence": [{"BeamLimitingDevicePositionSequence": [position]}],
    }
    dataset = {
        "TreatmentSessionBeamSequence": [beam],
        "MeasuredDoseReferenceSequence": [
            {"MeasuredDoseReferenceNumber": 1},
            {"MeasuredDoseReferenceNumber": 2},
        ],
        "CalculatedDoseReferenceSequence": [
            {"CalculatedDoseReferenceNumber": 1},
            {"CalculatedDoseReferenceNumber": 2},
        ],
    }
    delivered = "TreatmentSessionBeamSequence[0]>ControlPointDeliverySequence"
    yield from seeded(
        "rt-beams-treatment-record",
        dataset,
        {
            "recorded-leaf-positions": (
                f"{delivered}[0]>BeamLimitingDevicePositionSequence[0]>LeafJawPositions",
                (-1,),
            ),
            "measured-dose-number-repeated": (
                "MeasuredDoseReferenceSequence[1]>MeasuredDoseReferenceNumber",
                1,
            ),
            "calculated-dose-number-repeated": (
                "CalculatedDoseReferenceSequence[1]>CalculatedDoseReferenceNumber",
                1,
            ),
        },
    )
    channel = {
        "NumberOfControlPoints": 1,
        "BrachyControlPointDeliveredSequence": [{}],
        "ReferencedSourceNumber": 1,
    }
    recorded = "TreatmentSessionApplicationSetupSequence"
    yield from seeded(
        "rt-brachy-treatment-record",
        {
            "RecordedSourceSequence": [{"SourceNumber": 1}],
            recorded: [{"RecordedChannelSequence": [channel]}],
        },
        {
            "recorded-channel-control-points": (
                f"{recorded}[0]>RecordedChannelSequence[0]>NumberOfControlPoints",
                2,
            ),
            "recorded-source": (
                f"{recorded}[0]>RecordedChannelSequence[0]>ReferencedSourceNumber",
                2,
            ),
        },
    )


def _others() -> Iterator[Seed]:
    exposure = {
        "ReferencedFrameNumber": 1,
        "NumberOfBlocks": 1,
        "BlockSequence": [{"BlockNumberOfPoints": 1, "BlockData": (0, 0)}],
        "BeamLimitingDeviceSequence": [{"NumberOfLeafJawPairs": 1, "LeafJawPositions": (-1, 1)}],
    }
    one = "ExposureSequence[0]"
    yield from seeded(
        "rt-image",
        {
            "ImageType": ("ORIGINAL", "PRIMARY", "PORTAL"),
            "NumberOfFrames": 1,
            "ExposureSequence": [exposure],
        },
        {
            "rt-image-type-3": ("ImageType", ("ORIGINAL", "PRIMARY")),
            "exposure-frame": (f"{one}>ReferencedFrameNumber", 2),
            "exposure-blocks": (f"{one}>NumberOfBlocks", 2),
            "exposure-block-points": (f"{one}>BlockSequence[0]>BlockNumberOfPoints", 2),
            "exposure-leaf-positions": (
                f"{one}>BeamLimitingDeviceSequence[0]>NumberOfLeafJawPairs",
                2,
            ),
        },
    )
    beam = {"BeamDoseType": "PHYSICAL", "AlternateBeamDoseType": "EFFECTIVE"}
    yield from seeded(
        "rt-plan",
        {"FractionGroupSequence": [{"ReferencedBeamSequence": [beam]}]},
        {
            "beam-dose-types": (
                "FractionGroupSequence[0]>ReferencedBeamSequence[0]>BeamDoseType",
                "EFFECTIVE",
            )
        },
    )
    yield from seeded(
        "rt-dose",
        {"DoseSummationType": "MULTI_PLAN", "ReferencedRTPlanSequence": [{}, {}]},
        {"dose-several-plans": ("ReferencedRTPlanSequence", [{}])},
    )
