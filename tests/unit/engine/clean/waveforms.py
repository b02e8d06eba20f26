"""A clean electrocardiogram."""

from unit.engine.clean.modules import code, content_date, patient_study_series, sop_common
from unit.engine.clean.notation import DataSet, File, Of

_SAMPLES = 4
_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_MDC_NUMBERS = (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8)
"""Of the leads in the nomenclature MDC (PS3.16 CID 3001)."""


def ecg() -> File:
    """A 12-lead electrocardiogram of four samples (PS3.3 A.34.3)."""
    waveform = {
        "WaveformOriginality": "ORIGINAL",
        "NumberOfWaveformChannels": len(_LEADS),
        "NumberOfWaveformSamples": _SAMPLES,
        "SamplingFrequency": 500,
        "ChannelDefinitionSequence": [
            _channel(lead, number) for lead, number in zip(_LEADS, _MDC_NUMBERS, strict=True)
        ],
        "WaveformBitsAllocated": 16,
        "WaveformSampleInterpretation": "SS",
        "WaveformData": Of("OW", bytes(2 * len(_LEADS) * _SAMPLES)),
    }
    return File(
        patient_study_series("ECG")
        | sop_common("1.2.840.10008.5.1.4.1.1.9.1.1")
        | content_date()
        | {
            "AcquisitionDateTime": "20240229101500",
            "AcquisitionContextSequence": [],
            "WaveformSequence": [waveform],
        }
    )


def _channel(lead: str, number: int) -> DataSet:
    return {
        "ChannelSourceSequence": code(f"2:{number}", "MDC", f"Lead {lead}"),
        "ChannelSensitivity": 1,
        "ChannelSensitivityUnitsSequence": code("uV", "UCUM", "microvolt"),
        "ChannelSensitivityCorrectionFactor": 1,
        "ChannelBaseline": 0,
        "ChannelTimeSkew": 0,
        "WaveformBitsStored": 16,
    }
