"""A clean nuclear medicine image."""

from unit.engine.clean.modules import code, content_date, grey, patient_study_series, sop_common
from unit.engine.clean.notation import File


def nm() -> File:
    """A static image of two frames, one for each energy window (PS3.3 A.5)."""
    window = {"EnergyWindowLowerLimit": 126, "EnergyWindowUpperLimit": 154}
    return File(
        patient_study_series("NM")
        | sop_common("1.2.840.10008.5.1.4.1.1.20")
        | content_date()
        | grey(bits=16)
        | {
            "BodyPartExamined": "CHEST",
            "ImageType": ("ORIGINAL", "PRIMARY", "STATIC", "EMISSION"),
            "PatientOrientation": "",
            "PixelSpacing": (4, 4),
            "NumberOfFrames": 2,
            "FrameIncrementPointer": ("EnergyWindowVector", "DetectorVector"),
            "EnergyWindowVector": (1, 2),
            "NumberOfEnergyWindows": 2,
            "DetectorVector": (1, 1),
            "NumberOfDetectors": 1,
            "CountsAccumulated": 1000,
            "AcquisitionTerminationCondition": "CNTS",
            "ActualFrameDuration": 1000,
            "PatientOrientationCodeSequence": [
                code("102538003", "SCT", "recumbent")[0]
                | {"PatientOrientationModifierCodeSequence": code("40199007", "SCT", "supine")}
            ],
            "PatientGantryRelationshipCodeSequence": code("102540008", "SCT", "headfirst"),
            "EnergyWindowInformationSequence": [
                {"EnergyWindowName": name, "EnergyWindowRangeSequence": [window]}
                for name in ("Tc99m", "Scatter")
            ],
            "RadiopharmaceuticalInformationSequence": [
                {
                    "RadionuclideCodeSequence": code("72454008", "SCT", "^99m^Technetium"),
                    "RadiopharmaceuticalCodeSequence": code("35321007", "SCT", "Tracer"),
                }
            ],
            "DetectorInformationSequence": [
                {
                    "CollimatorType": "PARA",
                    "FocalDistance": "",
                    "ImagePositionPatient": (0, 0, 0),
                    "ImageOrientationPatient": (1, 0, 0, 0, 0, -1),
                }
            ],
            "PixelData": bytes(96),
        }
    )
