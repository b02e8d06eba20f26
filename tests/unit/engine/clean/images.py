"""Clean images of one frame or a plain stack of them."""

from unit.engine.clean.modules import (
    CT_IMAGE_STORAGE,
    code,
    colour,
    content_date,
    frame_of_reference,
    grey,
    image_plane,
    patient_study_series,
    sop_common,
)
from unit.engine.clean.notation import File, Of


def ct(number: int = 1) -> File:
    """A CT image of 4 x 6 pixels, the slice of that number in its series (PS3.3 A.3)."""
    return File(
        patient_study_series("CT")
        | sop_common(CT_IMAGE_STORAGE, number)
        | frame_of_reference()
        | image_plane(z=2 * number)
        | grey()
        | {
            "ImageType": ("ORIGINAL", "PRIMARY", "AXIAL"),
            "BodyPartExamined": "HEAD",
            "PatientPosition": "HFS",
            "AcquisitionNumber": 1,
            "KVP": 120,
            "RescaleIntercept": -1024,
            "RescaleSlope": 1,
            "RescaleType": "HU",
            "WindowCenter": 40,
            "WindowWidth": 400,
        }
    )


def mr() -> File:
    """An MR image (PS3.3 A.4)."""
    return File(
        patient_study_series("MR")
        | sop_common("1.2.840.10008.5.1.4.1.1.4")
        | frame_of_reference()
        | image_plane()
        | grey()
        | {
            "ImageType": ("ORIGINAL", "PRIMARY", "OTHER"),
            "BodyPartExamined": "BRAIN",
            "PatientPosition": "HFS",
            "ScanningSequence": "SE",
            "SequenceVariant": "NONE",
            "ScanOptions": "",
            "MRAcquisitionType": "2D",
            "RepetitionTime": 500,
            "EchoTime": 15,
            "EchoTrainLength": 1,
        }
    )


def us() -> File:
    """An ultrasound image with a calibrated region (PS3.3 A.6)."""
    region = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionFlags": 0,
        "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 0,
        "RegionLocationMaxX1": 5,
        "RegionLocationMaxY1": 3,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.01,
        "PhysicalDeltaY": 0.01,
    }
    return File(
        patient_study_series("US")
        | sop_common("1.2.840.10008.5.1.4.1.1.6.1")
        | colour()
        | {
            "ImageType": ("ORIGINAL", "PRIMARY"),
            "PatientOrientation": "",
            "BodyPartExamined": "HEART",
            "LossyImageCompression": "00",
            "SequenceOfUltrasoundRegions": [region],
        }
    )


def us_multiframe() -> File:
    """A loop of three ultrasound frames (PS3.3 A.7)."""
    return File(
        patient_study_series("US")
        | sop_common("1.2.840.10008.5.1.4.1.1.3.1")
        | grey(bits=8, allocated=8)
        | {
            "ImageType": ("ORIGINAL", "PRIMARY"),
            "PatientOrientation": "",
            "BodyPartExamined": "HEART",
            "NumberOfFrames": 3,
            "FrameIncrementPointer": "FrameTime",
            "FrameTime": 40,
            "LossyImageCompression": "00",
            "PixelData": Of("OB", bytes(72)),
        }
    )


def sc() -> File:
    """A secondary capture in colour (PS3.3 A.8.1)."""
    return File(
        patient_study_series("OT")
        | sop_common("1.2.840.10008.5.1.4.1.1.7")
        | colour()
        | {
            "ConversionType": "WSD",
            "BodyPartExamined": "HEAD",
            "PatientOrientation": "",
            "PixelData": Of("OB", bytes(72)),
        }
    )


def sc_true_color() -> File:
    """A multi-frame true color secondary capture of two frames (PS3.3 A.8.5)."""
    return File(
        patient_study_series("OT")
        | sop_common("1.2.840.10008.5.1.4.1.1.7.4")
        | colour()
        | {
            "ConversionType": "WSD",
            "BodyPartExamined": "HEAD",
            "PatientOrientation": "",
            "NumberOfFrames": 2,
            "FrameIncrementPointer": "FrameTime",
            "FrameTime": 100,
            "BurnedInAnnotation": "NO",
            "PixelData": Of("OB", bytes(144)),
        }
    )


def dx() -> File:
    """A digital X-ray image for presentation (PS3.3 A.26)."""
    return File(
        patient_study_series("DX")
        | sop_common("1.2.840.10008.5.1.4.1.1.1.1")
        | grey()
        | {
            "PresentationIntentType": "FOR PRESENTATION",
            "ImageType": ("ORIGINAL", "PRIMARY", ""),
            "BodyPartExamined": "CHEST",
            "ImageLaterality": "U",
            "AnatomicRegionSequence": code("43799004", "SCT", "Chest"),
            "PatientOrientation": ("L", "F"),
            "PixelIntensityRelationship": "LOG",
            "PixelIntensityRelationshipSign": -1,
            "RescaleIntercept": 0,
            "RescaleSlope": 1,
            "RescaleType": "US",
            "PresentationLUTShape": "IDENTITY",
            "LossyImageCompression": "00",
            "BurnedInAnnotation": "NO",
            "WindowCenter": 2048,
            "WindowWidth": 4096,
            "DetectorType": "DIRECT",
            "ImagerPixelSpacing": (0.1, 0.1),
            "AcquisitionContextSequence": [],
            "PixelData": bytes(48),
        }
        | content_date()
    )


def pet() -> File:
    """A PET image (PS3.3 A.21)."""
    tracer = {
        "RadionuclideCodeSequence": code("77004003", "SCT", "^18^Fluorine"),
        "RadiopharmaceuticalStartTime": "090000",
        "RadionuclideTotalDose": 370000000,
        "RadionuclideHalfLife": 6588,
        "RadionuclidePositronFraction": 0.97,
        "RadiopharmaceuticalCodeSequence": code("35321007", "SCT", "Fluorodeoxyglucose F^18^"),
    }
    return File(
        patient_study_series("PT")
        | sop_common("1.2.840.10008.5.1.4.1.1.128")
        | frame_of_reference()
        | image_plane()
        | grey(bits=16)
        | {
            "ImageType": ("ORIGINAL", "PRIMARY"),
            "BodyPartExamined": "HEAD",
            "SeriesDate": "20240229",
            "SeriesTime": "101500",
            "Units": "BQML",
            "CountsSource": "EMISSION",
            "SeriesType": ("STATIC", "IMAGE"),
            "NumberOfSlices": 1,
            "CorrectedImage": ("DECY", "ATTN"),
            "DecayCorrection": "START",
            "CollimatorType": "NONE",
            "PatientOrientationCodeSequence": [
                code("102538003", "SCT", "recumbent")[0]
                | {"PatientOrientationModifierCodeSequence": code("40199007", "SCT", "supine")}
            ],
            "PatientGantryRelationshipCodeSequence": code("102540008", "SCT", "headfirst"),
            "RadiopharmaceuticalInformationSequence": [tracer],
            "FrameReferenceTime": 1000,
            "RescaleIntercept": 0,
            "RescaleSlope": 1,
            "ImageIndex": 1,
            "AcquisitionDate": "20240229",
            "AcquisitionTime": "101500",
            "ActualFrameDuration": 60000,
            "DecayFactor": 1,
            "PixelData": bytes(48),
        }
    )


def photo() -> File:
    """A photograph (PS3.3 A.32.4)."""
    return File(
        patient_study_series("XC")
        | sop_common("1.2.840.10008.5.1.4.1.1.77.1.4")
        | colour()
        | {
            "ImageType": ("ORIGINAL", "PRIMARY"),
            "PatientOrientation": "",
            "LossyImageCompression": "00",
            "AcquisitionContextSequence": [],
            "BodyPartExamined": "HEAD",
            "PixelData": Of("OB", bytes(72)),
        }
        | content_date()
    )
