"""Clean projection X-ray images besides digital radiography: CR, mammography, angiography."""

from unit.engine.clean.images import dx
from unit.engine.clean.modules import code, grey, patient_study_series, sop_common
from unit.engine.clean.notation import File


def cr() -> File:
    """A computed radiography image (PS3.3 A.2)."""
    return File(
        patient_study_series("CR")
        | sop_common("1.2.840.10008.5.1.4.1.1.1")
        | grey()
        | {
            "BodyPartExamined": "CHEST",
            "ViewPosition": "PA",
            "PatientOrientation": ("L", "F"),
            "WindowCenter": 2048,
            "WindowWidth": 4096,
        }
    )


def mammography() -> File:
    """A mammography image for presentation (PS3.3 A.27)."""
    view = code("399162004", "SCT", "cranio-caudal")[0] | {"ViewModifierCodeSequence": []}
    return File(
        dx().dataset
        | patient_study_series("MG")
        | sop_common("1.2.840.10008.5.1.4.1.1.1.2")
        | {
            "BodyPartExamined": "BREAST",
            "ImageLaterality": "L",
            "OrganExposed": "BREAST",
            "PatientOrientation": ("P", "L"),
            "AnatomicRegionSequence": code("76752008", "SCT", "Breast"),
            "ViewCodeSequence": [view],
            "PositionerType": "MAMMOGRAPHIC",
            "BreastImplantPresent": "NO",
            "PartialView": "NO",
        }
    )


def angiography() -> File:
    """An angiography run of three frames (PS3.3 A.14)."""
    return File(
        patient_study_series("XA")
        | sop_common("1.2.840.10008.5.1.4.1.1.12.1")
        | grey(bits=12)
        | {
            "BodyPartExamined": "HEART",
            "ImageType": ("ORIGINAL", "PRIMARY", "SINGLE PLANE"),
            "PatientOrientation": "",
            "PixelIntensityRelationship": "LIN",
            "KVP": 80,
            "RadiationSetting": "GR",
            "ExposureTime": 10,
            "XRayTubeCurrent": 100,
            "AveragePulseWidth": 5,
            "PositionerMotion": "STATIC",
            "PositionerPrimaryAngle": 0,
            "PositionerSecondaryAngle": 0,
            "DistanceSourceToDetector": 1000,
            "DistanceSourceToPatient": 700,
            "ImagerPixelSpacing": (0.2, 0.2),
            "NumberOfFrames": 3,
            "FrameIncrementPointer": "FrameTime",
            "FrameTime": 40,
            "LossyImageCompression": "00",
            "PixelData": bytes(144),
        }
    )
