"""A clean enhanced MR image as a scanner makes it: every group that an original image needs."""

from unit.engine.clean.enhanced import enhanced_mr
from unit.engine.clean.notation import DataSet, File

_ORIGINAL = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")
_PULSE_SEQUENCE: DataSet = {
    "AcquisitionDateTime": "20240229101500",
    "AcquisitionDuration": 60.0,
    "MRAcquisitionType": "2D",
    "PulseSequenceName": "se2d",
    "EchoPulseSequence": "SPIN",
    "MultipleSpinEcho": "NO",
    "MultiPlanarExcitation": "NO",
    "PhaseContrast": "NO",
    "TimeOfFlightContrast": "NO",
    "SteadyStatePulseSequence": "NONE",
    "EchoPlanarPulseSequence": "NO",
    "SaturationRecovery": "NO",
    "SpectrallySelectedSuppression": "NONE",
    "OversamplingPhase": "NONE",
    "GeometryOfKSpaceTraversal": "RECTILINEAR",
    "RectilinearPhaseEncodeReordering": "LINEAR",
    "SegmentedKSpaceTraversal": "SINGLE",
    "NumberOfKSpaceTrajectories": 1,
}
_GROUPS: dict[str, DataSet] = {
    "MRTimingAndRelatedParametersSequence": {
        "RepetitionTime": 500,
        "FlipAngle": 90,
        "EchoTrainLength": 1,
        "RFEchoTrainLength": 1,
        "GradientEchoTrainLength": 0,
        "OperatingModeSequence": [
            {"OperatingModeType": mode, "OperatingMode": "IEC_NORMAL"}
            for mode in ("STATIC FIELD", "RF", "GRADIENT")
        ],
        "SpecificAbsorptionRateSequence": [
            {
                "SpecificAbsorptionRateDefinition": "IEC_WHOLE_BODY",
                "SpecificAbsorptionRateValue": 0.5,
            }
        ],
        "GradientOutputType": "DB_DT",
        "GradientOutput": 1.0,
    },
    "MREchoSequence": {"EffectiveEchoTime": 15.0},
    "MRModifierSequence": {
        "InversionRecovery": "NO",
        "FlowCompensation": "NONE",
        "Spoiling": "NONE",
        "T2Preparation": "NO",
        "SpectrallySelectedExcitation": "NONE",
        "SpatialPresaturation": "NONE",
        "PartialFourier": "NO",
        "ParallelAcquisition": "NO",
    },
    "MRImagingModifierSequence": {
        "MagnetizationTransfer": "NONE",
        "BloodSignalNulling": "NO",
        "Tagging": "NONE",
        "TransmitterFrequency": 63.8,
        "PixelBandwidth": 100.0,
    },
    "MRReceiveCoilSequence": {
        "ReceiveCoilName": "HEAD",
        "ReceiveCoilManufacturerName": "",
        "ReceiveCoilType": "VOLUME",
        "QuadratureReceiveCoil": "NO",
    },
    "MRTransmitCoilSequence": {
        "TransmitCoilName": "BODY",
        "TransmitCoilManufacturerName": "",
        "TransmitCoilType": "BODY",
    },
    "MRAveragesSequence": {"NumberOfAverages": 1.0},
    "MRFOVGeometrySequence": {
        "InPlanePhaseEncodingDirection": "ROW",
        "MRAcquisitionFrequencyEncodingSteps": 6,
        "MRAcquisitionPhaseEncodingStepsInPlane": 4,
        "PercentSampling": 100,
        "PercentPhaseFieldOfView": 100,
    },
}


def acquired_mr() -> File:
    """An original enhanced MR image of three frames (PS3.3 A.36)."""
    derived = enhanced_mr().without("SourceImageEvidenceSequence")
    [shared] = derived.without(f"{_SHARED}>DerivationImageSequence").get(_SHARED[:-3])
    groups = {group: [item] for group, item in _GROUPS.items()}
    original = {"ImageType": _ORIGINAL, _SHARED[:-3]: [shared | groups]}
    file = File(derived.dataset | _PULSE_SEQUENCE | original)
    return file.put(f"{_SHARED}>MRImageFrameTypeSequence[0]>FrameType", _ORIGINAL)


_SHARED = "SharedFunctionalGroupsSequence[0]"
