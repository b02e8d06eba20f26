"""Relations of ion plans, treatment records and radiotherapy images (PS3.3 C.8.8)."""

from engine.relations.notation import agreement, count, order, reference, value
from engine.relations.relation import LeftOut, Module, Relation

_ION = "IonBeamSequence"
_POINT = "IonControlPointSequence"
_ION_COUNTS = {
    "wedges": ("NumberOfWedges", "IonWedgeSequence"),
    "compensators": ("NumberOfCompensators", "IonRangeCompensatorSequence"),
    "boli": ("NumberOfBoli", "ReferencedBolusSequence"),
    "blocks": ("NumberOfBlocks", "IonBlockSequence"),
    "range-shifters": ("NumberOfRangeShifters", "RangeShifterSequence"),
    "spreading-devices": ("NumberOfLateralSpreadingDevices", "LateralSpreadingDeviceSequence"),
    "range-modulators": ("NumberOfRangeModulators", "RangeModulatorSequence"),
    "control-points": ("NumberOfControlPoints", _POINT),
}
_ION_DEVICES = {
    "wedge": ("IonWedgePositionSequence", "ReferencedWedgeNumber", "IonWedgeSequence",
              "WedgeNumber"),
    "range-shifter": ("RangeShifterSettingsSequence", "ReferencedRangeShifterNumber",
                      "RangeShifterSequence", "RangeShifterNumber"),
    "spreading-device": ("LateralSpreadingDeviceSettingsSequence",
                         "ReferencedLateralSpreadingDeviceNumber",
                         "LateralSpreadingDeviceSequence", "LateralSpreadingDeviceNumber"),
    "range-modulator": ("RangeModulatorSettingsSequence", "ReferencedRangeModulatorNumber",
                        "RangeModulatorSequence", "RangeModulatorNumber"),
}  # fmt: skip
ION_BEAMS = Module(
    "RT Ion Beams",
    "C.8.8.25",
    of=("rt-ion-beams",),
    relations=(
        *(
            count(f"ion-{name}", f"{number} == items({sequence})", within=_ION)
            for name, (number, sequence) in _ION_COUNTS.items()
        ),
        *(
            reference(
                f"ion-{name}",
                f"{number} in outer.outer.{devices}.{named}",
                within=f"{_POINT}.{settings}",
            )
            for name, (settings, number, devices, named) in _ION_DEVICES.items()
        ),
        *(
            order(f"ion-{name}-number-repeated", f"unique({devices}.{named})", within=_ION)
            for name, (_, _, devices, named) in _ION_DEVICES.items()
        ),
        order("ion-control-point-index", f"indexed({_POINT}.ControlPointIndex)"),
        value("ion-first-weight", f"first({_POINT}.CumulativeMetersetWeight) == 0",
              section="C.8.8.25.7"),
        agreement(
            "ion-final-weight",
            f"last({_POINT}.CumulativeMetersetWeight) == FinalCumulativeMetersetWeight",
            section="C.8.8.25.7",
        ),
        order("ion-weights-order", f"ascending({_POINT}.CumulativeMetersetWeight)",
              section="C.8.8.25.7"),
        count("spot-positions", "values(ScanSpotPositionMap) == 2 * NumberOfScanSpotPositions",
              within=_POINT),
        count("spot-weights", "values(ScanSpotMetersetWeights) == NumberOfScanSpotPositions",
              within=_POINT),
        count(
            "ion-leaf-boundaries",
            "values(LeafPositionBoundaries) == NumberOfLeafJawPairs + 1",
            within="IonBeamLimitingDeviceSequence",
        ),
        count(
            "ion-leaf-positions",
            "values(LeafJawPositions) == 2 * matching("
            "outer.outer.IonBeamLimitingDeviceSequence.NumberOfLeafJawPairs, "
            "RTBeamLimitingDeviceType)",
            within=f"{_POINT}.BeamLimitingDevicePositionSequence",
        ),
        count("ion-block-points", "values(BlockData) == 2 * BlockNumberOfPoints",
              within="IonBlockSequence"),
        reference(
            "ion-tolerance-table",
            "ReferencedToleranceTableNumber in "
            "dataset.IonToleranceTableSequence.ToleranceTableNumber",
            within=_ION,
        ),
    ),
)  # fmt: skip


def _recorded(name: str, beam: str, points: str, section: str) -> tuple[Relation, ...]:
    """What was delivered with a beam is counted as it is in the plan."""
    counts = {
        "control-points": ("NumberOfControlPoints", points),
        "wedges": ("NumberOfWedges", "RecordedWedgeSequence"),
        "compensators": ("NumberOfCompensators", "RecordedCompensatorSequence"),
        "boli": ("NumberOfBoli", "ReferencedBolusSequence"),
        "blocks": ("NumberOfBlocks", "RecordedBlockSequence"),
    }
    return tuple(
        count(
            f"{name}-{what}",
            f"{number} == items({sequence})",
            within=beam,
            section=section,
        )
        for what, (number, sequence) in counts.items()
    )


RECORDS = Module(
    "RT Session Records",
    "C.8.8.21",
    relations=(
        *_recorded("recorded-beam", "TreatmentSessionBeamSequence",
                   "ControlPointDeliverySequence", "C.8.8.21"),
        *_recorded("recorded-ion-beam", "TreatmentSessionIonBeamSequence",
                   "IonControlPointDeliverySequence", "C.8.8.26"),
        count(
            "recorded-channel-control-points",
            "NumberOfControlPoints == items(BrachyControlPointDeliveredSequence)",
            within="RecordedChannelSequence",
            section="C.8.8.22",
        ),
        reference(
            "recorded-source",
            "ReferencedSourceNumber in dataset.RecordedSourceSequence.SourceNumber",
            within="RecordedChannelSequence",
            section="C.8.8.22",
        ),
        count(
            "recorded-leaf-positions",
            "values(LeafJawPositions) == 2 * matching("
            "outer.outer.BeamLimitingDeviceLeafPairsSequence.NumberOfLeafJawPairs, "
            "RTBeamLimitingDeviceType)",
            within="ControlPointDeliverySequence.BeamLimitingDevicePositionSequence",
        ),
        order(
            "measured-dose-number-repeated",
            "unique(MeasuredDoseReferenceSequence.MeasuredDoseReferenceNumber)",
            within="dataset",
            section="C.8.8.19",
        ),
        order(
            "calculated-dose-number-repeated",
            "unique(CalculatedDoseReferenceSequence.CalculatedDoseReferenceNumber)",
            within="dataset",
            section="C.8.8.20",
        ),
    ),
    left_out=(LeftOut("the numbers of beams are those of the plan", "it is another instance"),),
)  # fmt: skip
RT_IMAGE = Module(
    "RT Image",
    "C.8.8.2",
    of=("rt-image",),
    relations=(
        value("rt-image-type-3", "present(ImageType[3])", when="filled(ImageType)",
              within="dataset", section="C.8.8.2.3"),
        reference(
            "exposure-frame",
            "ReferencedFrameNumber >= 1 and ReferencedFrameNumber <= dataset.NumberOfFrames",
            within="ExposureSequence",
        ),
        count("exposure-leaf-positions", "values(LeafJawPositions) == 2 * NumberOfLeafJawPairs",
              within="ExposureSequence.BeamLimitingDeviceSequence"),
        count("exposure-blocks", "NumberOfBlocks == items(BlockSequence)",
              within="ExposureSequence"),
        count("exposure-block-points", "values(BlockData) == 2 * BlockNumberOfPoints",
              within="ExposureSequence.BlockSequence"),
    ),
)  # fmt: skip
BEAM_DOSE = Module(
    "RT Fraction Scheme: beam doses",
    "C.8.8.13",
    of=("rt-fraction-scheme",),
    relations=(
        value("beam-dose-types", "AlternateBeamDoseType != BeamDoseType",
              within="ReferencedBeamSequence"),
    ),
)  # fmt: skip
DOSE_PLANS = Module(
    "RT Dose: several plans",
    "C.8.8.3",
    of=("rt-dose",),
    relations=(
        count("dose-several-plans", "items(ReferencedRTPlanSequence) >= 2",
              when="DoseSummationType == 'MULTI_PLAN' and filled(ReferencedRTPlanSequence)",
              within="dataset"),
    ),
)  # fmt: skip

MODULES = (
    RT_IMAGE,
    DOSE_PLANS,
    BEAM_DOSE,
    ION_BEAMS,
    RECORDS,
)
