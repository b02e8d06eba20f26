"""Seeds of nuclear medicine and positron emission tomography."""

from collections.abc import Iterator

from unit.engine.relations.seeds.seed import Change, Seed, seeded

_TYPES = {
    "static": ("STATIC", ("EnergyWindowVector", "DetectorVector")),
    "dynamic": (
        "DYNAMIC",
        ("EnergyWindowVector", "DetectorVector", "PhaseVector", "TimeSliceVector"),
    ),
    "gated": (
        "GATED",
        ("EnergyWindowVector", "DetectorVector", "RRIntervalVector", "TimeSlotVector"),
    ),
    "tomo": (
        "TOMO",
        ("EnergyWindowVector", "DetectorVector", "RotationVector", "AngularViewVector"),
    ),
    "gated-tomo": (
        "GATED TOMO",
        (
            "EnergyWindowVector",
            "DetectorVector",
            "RotationVector",
            "RRIntervalVector",
            "TimeSlotVector",
            "AngularViewVector",
        ),
    ),
    "recon-tomo": ("RECON TOMO", ("SliceVector",)),
    "recon-gated-tomo": (
        "RECON GATED TOMO",
        ("RRIntervalVector", "TimeSlotVector", "SliceVector"),
    ),
}
_VECTORS = {
    "energy-window": ("EnergyWindowVector", "NumberOfEnergyWindows"),
    "detector": ("DetectorVector", "NumberOfDetectors"),
    "phase": ("PhaseVector", "NumberOfPhases"),
    "rotation": ("RotationVector", "NumberOfRotations"),
    "interval": ("RRIntervalVector", "NumberOfRRIntervals"),
    "time-slot": ("TimeSlotVector", "NumberOfTimeSlots"),
    "slice": ("SliceVector", "NumberOfSlices"),
}
_SEQUENCES = {
    "energy-window": "EnergyWindowInformationSequence",
    "detector": "DetectorInformationSequence",
    "phase": "PhaseInformationSequence",
    "rotation": "RotationInformationSequence",
    "interval": "GatedInformationSequence",
}


def seeds() -> Iterator[Seed]:
    """Frames, detectors and corrections."""
    for name, (kind, vectors) in _TYPES.items():
        dataset = {
            "ImageType": ("ORIGINAL", "PRIMARY", kind, "EMISSION"),
            "FrameIncrementPointer": vectors,
        }
        ways: list[Change] = [("FrameIncrementPointer", (*vectors, "FrameTime"))]
        if len(vectors) > 1:
            ways += [
                ("FrameIncrementPointer", vectors[::-1]),
                ("FrameIncrementPointer", vectors[:-1]),
            ]
        yield from seeded("nuclear-medicine-image", dataset, {f"nm-pointer-{name}": ways})
    yield from _vectors()
    yield from _positrons()


def _vectors() -> Iterator[Seed]:
    slots = {"LowRRValue": 1, "HighRRValue": 2, "TimeSlotInformationSequence": [{}, {}]}
    for name, (vector, number) in _VECTORS.items():
        dataset = {vector: (1, 2), number: 2}
        changes: dict[str, list[Change]] = {
            f"nm-vector-{name}": [(vector, (0, 2)), (vector, (1, 3))]
        }
        if sequence := _SEQUENCES.get(name):
            dataset |= {sequence: [{}, {}]}
            changes |= {f"nm-items-{name}": [(sequence, [{}])]}
        yield from seeded("nuclear-medicine-image", dataset, changes)
    window = {"EnergyWindowLowerLimit": 126, "EnergyWindowUpperLimit": 154}
    detectors = [
        {"FieldOfViewShape": "RECTANGLE", "FieldOfViewDimensions": (1, 2)},
        {"FieldOfViewShape": "ROUND", "FieldOfViewDimensions": 1},
    ]
    dataset = {
        "ImageType": ("ORIGINAL", "PRIMARY", "STATIC", "EMISSION"),
        "AngularViewVector": (1, 2),
        "TimeSliceVector": (1, 2),
        "NumberOfTimeSlots": 2,
        "EnergyWindowInformationSequence": [{"EnergyWindowRangeSequence": [window]}],
        "DetectorInformationSequence": detectors,
        "GatedInformationSequence": [{"DataInformationSequence": [slots]}],
    }
    beats = "GatedInformationSequence[0]>DataInformationSequence[0]"
    windows = "EnergyWindowInformationSequence[0]>EnergyWindowRangeSequence[0]"
    detector = "DetectorInformationSequence"
    yield from seeded(
        "nuclear-medicine-image",
        dataset,
        {
            "nm-image-type-3": ("ImageType", ("ORIGINAL", "PRIMARY")),
            "nm-image-type-4": ("ImageType", ("ORIGINAL", "PRIMARY", "STATIC")),
            "nm-vector-angular-view": ("AngularViewVector", (0, 1)),
            "nm-vector-time-slice": ("TimeSliceVector", (0, 1)),
            "energy-window-limits": (f"{windows}>EnergyWindowLowerLimit", 160),
            "nm-field-of-view-rectangle": (f"{detector}[0]>FieldOfViewDimensions", 1),
            "nm-field-of-view-round": (f"{detector}[1]>FieldOfViewDimensions", (1, 2)),
            "nm-beat-limits": (f"{beats}>LowRRValue", 3),
            "nm-time-slots": (f"{beats}>TimeSlotInformationSequence", [{}]),
        },
    )


def _positrons() -> Iterator[Seed]:
    dataset = {
        "CorrectedImage": ("DECY", "ATTN", "SCAT"),
        "DecayCorrection": "START",
        "ScatterCorrectionMethod": "MODEL",
        "AttenuationCorrectionMethod": "CT",
        "SeriesType": ("STATIC", "IMAGE"),
        "NumberOfSlices": 5,
        "NumberOfTimeSlices": 2,
        "NumberOfRRIntervals": 1,
        "NumberOfTimeSlots": 3,
        "ImageIndex": 5,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
    }
    yield from seeded(
        "positron-emission-tomography-image",
        dataset,
        {
            "pet-decay-denied": ("DecayCorrection", "NONE"),
            "pet-decay-unnamed": ("CorrectedImage", ("SCAT", "ATTN")),
            "pet-scatter-unnamed": ("CorrectedImage", ("DECY", "ATTN")),
            "pet-attenuation-unnamed": ("CorrectedImage", ("DECY", "SCAT")),
            "pet-intercept": ("RescaleIntercept", 1),
            "pet-image-index": ("ImageIndex", 0),
            "pet-image-index-static": ("ImageIndex", 6),
            "pet-image-index-dynamic": ("SeriesType", ("DYNAMIC", "IMAGE"), "ImageIndex", 11),
            "pet-image-index-gated": ("SeriesType", ("GATED", "IMAGE"), "ImageIndex", 16),
        },
    )
