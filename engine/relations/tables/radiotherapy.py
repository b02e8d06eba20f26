"""Relations of radiotherapy: doses, prescriptions and plans (PS3.3 C.8.8)."""

from contracts.report import Severity
from engine.relations.notation import agreement, count, order, reference, value
from engine.relations.relation import LeftOut, Module

_PLANS = ("rt-plan", "rt-ion-plan")

DOSE = Module(
    "RT Dose",
    "C.8.8.3",
    of=("rt-dose",),
    relations=(
        value("dose-scaling", "DoseGridScaling > 0", within="dataset"),
        value(
            "dose-frame-pointer",
            "FrameIncrementPointer == tag(GridFrameOffsetVector)",
            when="NumberOfFrames > 1",
        ),
        value(
            "dose-grid-start",
            "GridFrameOffsetVector[1] == 0 or GridFrameOffsetVector[1] == ImagePositionPatient[3]",
            section="C.8.8.3.2",
            says="The first value of GridFrameOffsetVector is neither 0 nor the z coordinate of "
            "ImagePositionPatient.",
            why="The offsets are taken for positions or the other way round: the dose is elsewhere "
            "in the patient.",
            fix="Write offsets from the first plane, or the z coordinates of all planes.",
        ),
        agreement("dose-bits-stored", "BitsStored == BitsAllocated", within="dataset"),
        value(
            "dose-unsigned",
            "PixelRepresentation == 0",
            when="DoseType != 'ERROR'",
            within="dataset",
        ),
        count(
            "dose-one-plan",
            "items(ReferencedRTPlanSequence) <= 1",
            when="DoseSummationType in ('PLAN', 'FRACTION', 'BEAM', 'BRACHY', 'FRACTION_SESSION', "
            "'BEAM_SESSION', 'BRACHY_SESSION', 'CONTROL_POINT')",
        ),
    ),
)
DVH = Module(
    "RT DVH",
    "C.8.8.4",
    of=("rt-dvh",),
    relations=(
        count("dvh-bins", "values(DVHData) == 2 * DVHNumberOfBins", within="DVHSequence"),
        *(
            order(
                f"dvh-{name}",
                f"{low} <= {high}",
                within="DVHSequence",
                severity=Severity.INFO,
                violation=False,
            )
            for name, low, high in (
                ("minimum", "DVHMinimumDose", "DVHMeanDose"),
                ("maximum", "DVHMeanDose", "DVHMaximumDose"),
                ("extremes", "DVHMinimumDose", "DVHMaximumDose"),
            )
        ),
    ),
    left_out=(
        LeftOut(
            "the ROI numbers are those of the referenced structure set", "it is another instance"
        ),
    ),
)
PRESCRIPTION = Module(
    "RT Prescription",
    "C.8.8.10",
    of=("rt-prescription",),
    relations=(
        *(
            order(
                f"dose-target-{name}",
                f"{low} <= {high}",
                within="DoseReferenceSequence",
                severity=Severity.INFO,
                violation=False,
            )
            for name, low, high in (
                ("minimum", "TargetMinimumDose", "TargetPrescriptionDose"),
                ("maximum", "TargetPrescriptionDose", "TargetMaximumDose"),
            )
        ),
        order(
            "dose-reference-number-repeated", "unique(DoseReferenceSequence.DoseReferenceNumber)"
        ),
    ),
)
TOLERANCE = Module(
    "RT Tolerance Tables",
    "C.8.8.11",
    of=_PLANS,
    relations=(
        order("tolerance-number-repeated", "unique(ToleranceTableSequence.ToleranceTableNumber)"),
        order(
            "ion-tolerance-number-repeated",
            "unique(IonToleranceTableSequence.ToleranceTableNumber)",
            section="C.8.8.24",
        ),
    ),
)
FRACTIONS = Module(
    "RT Fraction Scheme",
    "C.8.8.13",
    of=("rt-fraction-scheme",),
    relations=(
        order(
            "fraction-group-number-repeated", "unique(FractionGroupSequence.FractionGroupNumber)"
        ),
        count(
            "fraction-group-beams",
            "NumberOfBeams == items(ReferencedBeamSequence)",
            within="FractionGroupSequence",
        ),
        count(
            "fraction-group-setups",
            "NumberOfBrachyApplicationSetups == items(ReferencedBrachyApplicationSetupSequence)",
            within="FractionGroupSequence",
        ),
        value(
            "fraction-group-beams-or-setups",
            "NumberOfBrachyApplicationSetups == 0",
            when="NumberOfBeams > 0",
            within="FractionGroupSequence",
        ),
        count(
            "fraction-pattern-length",
            "characters(FractionPattern) == "
            "7 * NumberOfFractionPatternDigitsPerDay * RepeatFractionCycleLength",
            within="FractionGroupSequence",
        ),
        reference(
            "plan-dose-reference",
            "ReferencedDoseReferenceNumber in dataset.DoseReferenceSequence.DoseReferenceNumber",
        ),
        reference(
            "application-setup",
            "ReferencedBrachyApplicationSetupNumber in "
            "dataset.ApplicationSetupSequence.ApplicationSetupNumber",
        ),
    ),
)
_BEAM = "BeamSequence"
BEAMS = Module(
    "RT Beams",
    "C.8.8.14",
    of=("rt-beams",),
    relations=(
        order(
            "beam-jaws",
            "LeafJawPositions[1] <= LeafJawPositions[2]",
            when="RTBeamLimitingDeviceType in ('X', 'Y', 'ASYMX', 'ASYMY')",
            within="BeamLimitingDevicePositionSequence",
            violation=False,
            says="The jaws of a beam limiting device overlap.",
        ),
        value("beam-two-points", "NumberOfControlPoints >= 2", within="BeamSequence"),
        order(
            "beam-leaf-boundary-order",
            "increasing(LeafPositionBoundaries)",
            within="BeamLimitingDeviceSequence",
        ),
        count("beam-wedges", "NumberOfWedges == items(WedgeSequence)", within=_BEAM),
        count(
            "beam-compensators", "NumberOfCompensators == items(CompensatorSequence)", within=_BEAM
        ),
        count("beam-boli", "NumberOfBoli == items(ReferencedBolusSequence)", within=_BEAM),
        count("beam-blocks", "NumberOfBlocks == items(BlockSequence)", within=_BEAM),
        count(
            "beam-control-points",
            "NumberOfControlPoints == items(ControlPointSequence)",
            within=_BEAM,
        ),
        order("beam-control-point-index", "indexed(ControlPointSequence.ControlPointIndex)"),
        value(
            "beam-first-weight",
            "first(ControlPointSequence.CumulativeMetersetWeight) == 0",
            section="C.8.8.14.1",
        ),
        agreement(
            "beam-final-weight",
            "last(ControlPointSequence.CumulativeMetersetWeight) == FinalCumulativeMetersetWeight",
            section="C.8.8.14.1",
        ),
        order(
            "beam-weights-order",
            "ascending(ControlPointSequence.CumulativeMetersetWeight)",
            section="C.8.8.14.1",
        ),
        count(
            "beam-leaf-boundaries",
            "values(LeafPositionBoundaries) == NumberOfLeafJawPairs + 1",
            within="BeamLimitingDeviceSequence",
        ),
        count(
            "beam-leaf-positions",
            "values(LeafJawPositions) == 2 * matching("
            "outer.outer.BeamLimitingDeviceSequence.NumberOfLeafJawPairs, "
            "RTBeamLimitingDeviceType)",
            within="ControlPointSequence.BeamLimitingDevicePositionSequence",
        ),
        reference(
            "beam-limiting-device",
            "RTBeamLimitingDeviceType in "
            "outer.outer.BeamLimitingDeviceSequence.RTBeamLimitingDeviceType",
            within="ControlPointSequence.BeamLimitingDevicePositionSequence",
        ),
        reference(
            "beam-wedge",
            "ReferencedWedgeNumber in outer.outer.WedgeSequence.WedgeNumber",
            within="ControlPointSequence.WedgePositionSequence",
        ),
        order("wedge-number-repeated", "unique(WedgeSequence.WedgeNumber)", within=_BEAM),
        order(
            "compensator-number-repeated",
            "unique(CompensatorSequence.CompensatorNumber)",
            within=_BEAM,
        ),
        order("block-number-repeated", "unique(BlockSequence.BlockNumber)", within=_BEAM),
        count(
            "block-points", "values(BlockData) == 2 * BlockNumberOfPoints", within="BlockSequence"
        ),
        count(
            "compensator-transmission",
            "values(CompensatorTransmissionData) == CompensatorRows * CompensatorColumns",
            within="CompensatorSequence",
        ),
        count(
            "compensator-thickness",
            "values(CompensatorThicknessData) == CompensatorRows * CompensatorColumns",
            within="CompensatorSequence",
        ),
        reference(
            "beam-tolerance-table",
            "ReferencedToleranceTableNumber in dataset.ToleranceTableSequence.ToleranceTableNumber",
            within=_BEAM,
        ),
    ),
)
_CHANNEL = "ChannelSequence"
BRACHY = Module(
    "RT Brachy Application Setups",
    "C.8.8.15",
    of=("rt-brachy-application-setups",),
    relations=(
        order("source-number-repeated", "unique(SourceSequence.SourceNumber)"),
        order(
            "application-setup-number-repeated",
            "unique(ApplicationSetupSequence.ApplicationSetupNumber)",
        ),
        order(
            "channel-number-repeated",
            "unique(ChannelSequence.ChannelNumber)",
            within="ApplicationSetupSequence",
        ),
        count(
            "channel-control-points",
            "NumberOfControlPoints == items(BrachyControlPointSequence)",
            within=_CHANNEL,
        ),
        order(
            "channel-control-point-index", "indexed(BrachyControlPointSequence.ControlPointIndex)"
        ),
        value(
            "channel-first-weight",
            "first(BrachyControlPointSequence.CumulativeTimeWeight) == 0",
            section="C.8.8.15.5",
        ),
        agreement(
            "channel-final-weight",
            "last(BrachyControlPointSequence.CumulativeTimeWeight) == FinalCumulativeTimeWeight",
            section="C.8.8.15.5",
        ),
        order(
            "channel-weights-order",
            "ascending(BrachyControlPointSequence.CumulativeTimeWeight)",
            section="C.8.8.15.5",
        ),
        reference(
            "channel-source",
            "ReferencedSourceNumber in dataset.SourceSequence.SourceNumber",
            within=_CHANNEL,
        ),
        order(
            "brachy-device-number-repeated",
            "unique(BrachyAccessoryDeviceSequence.BrachyAccessoryDeviceNumber)",
        ),
        order(
            "channel-shield-number-repeated",
            "unique(ChannelShieldSequence.ChannelShieldNumber)",
            within=_CHANNEL,
        ),
    ),
)

MODULES = (
    DOSE,
    DVH,
    PRESCRIPTION,
    TOLERANCE,
    FRACTIONS,
    BEAMS,
    BRACHY,
)
