"""Clean enhanced multi-frame images: functional groups, shared and of every frame."""

from unit.engine.clean.modules import (
    CT_IMAGE_STORAGE,
    CT_INSTANCE,
    CT_SERIES,
    ROOT,
    code,
    content_date,
    enhanced_equipment,
    evidence,
    frame_of_reference,
    grey,
    patient_study_series,
    reference,
    sop_common,
)
from unit.engine.clean.notation import DataSet, File, Of

_DIMENSIONS = f"{ROOT}.5"
_EVENT = f"{ROOT}.6"
_FRAMES = 3
_SOURCE = {"PurposeOfReferenceCodeSequence": code("121322", "DCM", "Source of Image Processing")}
_HEAD = code("69536005", "SCT", "Head")


def enhanced_mr() -> File:
    """An enhanced MR image of three frames (PS3.3 A.36)."""
    frame_type = {
        "FrameType": ("DERIVED", "PRIMARY", "VOLUME", "NONE"),
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
        "ComplexImageComponent": "MAGNITUDE",
        "AcquisitionContrast": "T1",
    }
    rescale = {"RescaleIntercept": 0, "RescaleSlope": 1, "RescaleType": "US"}
    return File(
        patient_study_series("MR")
        | sop_common("1.2.840.10008.5.1.4.1.1.4.1")
        | _volume()
        | {
            "ImageType": ("DERIVED", "PRIMARY", "VOLUME", "NONE"),
            "ComplexImageComponent": "MAGNITUDE",
            "AcquisitionContrast": "T1",
            "ContentQualification": "PRODUCT",
            "ResonantNucleus": "1H",
            "MagneticFieldStrength": 1.5,
            "KSpaceFiltering": "NONE",
            "ApplicableSafetyStandardAgency": "IEC",
            "SharedFunctionalGroupsSequence": [
                _shared()
                | {
                    "MRImageFrameTypeSequence": [frame_type],
                    "PixelValueTransformationSequence": [rescale],
                }
            ],
        }
    )


def enhanced_ct() -> File:
    """An enhanced CT image of three frames (PS3.3 A.38)."""
    frame_type = {
        "FrameType": ("DERIVED", "PRIMARY", "VOLUME", "NONE"),
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
    }
    rescale = {"RescaleIntercept": -1024, "RescaleSlope": 1, "RescaleType": "HU"}
    return File(
        patient_study_series("CT")
        | sop_common("1.2.840.10008.5.1.4.1.1.2.1")
        | _volume()
        | {
            "ImageType": ("DERIVED", "PRIMARY", "VOLUME", "NONE"),
            "ContentQualification": "PRODUCT",
            "SharedFunctionalGroupsSequence": [
                _shared()
                | {
                    "CTImageFrameTypeSequence": [frame_type],
                    "IrradiationEventIdentificationSequence": [{"IrradiationEventUID": _EVENT}],
                    "PixelValueTransformationSequence": [rescale],
                }
            ],
        }
    )


def legacy_converted_ct() -> File:
    """Three CT images converted into one of three frames (PS3.3 A.70)."""
    frame_type = {
        "FrameType": ("ORIGINAL", "PRIMARY", "VOLUME", "NONE"),
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
    }
    rescale = {"RescaleIntercept": -1024, "RescaleSlope": 1, "RescaleType": "HU"}
    volume = _volume()
    del volume["SourceImageEvidenceSequence"]
    for frame in volume["PerFrameFunctionalGroupsSequence"]:
        frame["ConversionSourceAttributesSequence"] = [reference()]
        frame["UnassignedPerFrameConvertedAttributesSequence"] = [{"KVP": 120}]
    return File(
        patient_study_series("CT")
        | sop_common("1.2.840.10008.5.1.4.1.1.2.2")
        | volume
        | {
            "ImageType": ("ORIGINAL", "PRIMARY", "VOLUME", "NONE"),
            "ContentQualification": "PRODUCT",
            "BodyPartExamined": "HEAD",
            "SharedFunctionalGroupsSequence": [
                _geometry()
                | {
                    "CTImageFrameTypeSequence": [frame_type],
                    "PixelValueTransformationSequence": [rescale],
                    "FrameVOILUTSequence": [{"WindowCenter": 40, "WindowWidth": 400}],
                    "UnassignedSharedConvertedAttributesSequence": [{"GantryDetectorTilt": 0}],
                }
            ],
        }
    )


def segmentation() -> File:
    """A binary segmentation of two segments in three frames of 4 x 6 bits (PS3.3 A.51)."""
    return File(
        patient_study_series("SEG")
        | sop_common("1.2.840.10008.5.1.4.1.1.66.4")
        | enhanced_equipment()
        | frame_of_reference()
        | content_date()
        | grey(bits=1, allocated=1)
        | _dimensions("ReferencedSegmentNumber", "SegmentIdentificationSequence")
        | {
            "ImageType": ("DERIVED", "PRIMARY"),
            "ContentLabel": "HEAD",
            "ContentDescription": "",
            "ContentCreatorName": "Roe^Richard",
            "LossyImageCompression": "00",
            "SegmentationType": "BINARY",
            "SegmentSequence": [_segment(1, "Brain"), _segment(2, "Skull")],
            "NumberOfFrames": _FRAMES,
            "SharedFunctionalGroupsSequence": [_geometry()],
            "PerFrameFunctionalGroupsSequence": [
                _frame(frame, (segment, frame + 1))
                | {
                    "SegmentIdentificationSequence": [{"ReferencedSegmentNumber": segment}],
                    "DerivationImageSequence": [_derivation()],
                }
                for frame, segment in enumerate((1, 1, 2))
            ],
            "ReferencedSeriesSequence": [
                {"SeriesInstanceUID": CT_SERIES, "ReferencedInstanceSequence": [reference()]}
            ],
            # 72 pixels of one bit each, without gaps between the frames.
            "PixelData": Of("OB", b"\x0f\xf0\x3c" * 3 + b"\0"),
        }
    )


def _volume() -> DataSet:
    return (
        enhanced_equipment()
        | frame_of_reference()
        | content_date()
        | grey()
        | _dimensions("ImagePositionPatient", "PlanePositionSequence")
        | {
            "PatientPosition": "HFS",
            "AcquisitionContextSequence": [],
            "PixelPresentation": "MONOCHROME",
            "VolumetricProperties": "VOLUME",
            "VolumeBasedCalculationTechnique": "NONE",
            "PresentationLUTShape": "IDENTITY",
            "BurnedInAnnotation": "NO",
            "LossyImageCompression": "00",
            "SourceImageEvidenceSequence": evidence(),
            "NumberOfFrames": _FRAMES,
            "PerFrameFunctionalGroupsSequence": [
                _frame(frame, (frame + 1,)) for frame in range(_FRAMES)
            ],
            "PixelData": bytes(48 * _FRAMES),
        }
    )


def _dimensions(pointer: str, group: str) -> DataSet:
    def index(pointer: str, group: str) -> DataSet:
        return {
            "DimensionOrganizationUID": _DIMENSIONS,
            "DimensionIndexPointer": pointer,
            "FunctionalGroupPointer": group,
        }

    position = index("ImagePositionPatient", "PlanePositionSequence")
    indices = [index(pointer, group)]
    if indices != [position]:
        indices.append(position)
    return {
        "DimensionOrganizationSequence": [{"DimensionOrganizationUID": _DIMENSIONS}],
        "DimensionIndexSequence": indices,
    }


def _geometry() -> DataSet:
    return {
        "PixelMeasuresSequence": [{"PixelSpacing": (0.5, 0.5), "SliceThickness": 2}],
        "PlaneOrientationSequence": [{"ImageOrientationPatient": (1, 0, 0, 0, 1, 0)}],
    }


def _shared() -> DataSet:
    anatomy = {"FrameLaterality": "U", "AnatomicRegionSequence": _HEAD}
    window = {"WindowCenter": 40, "WindowWidth": 400}
    return _geometry() | {
        "FrameAnatomySequence": [anatomy],
        "FrameVOILUTSequence": [window],
        "DerivationImageSequence": [_derivation()],
    }


def _frame(frame: int, indices: tuple[int, ...]) -> DataSet:
    return {
        "FrameContentSequence": [
            {
                "FrameAcquisitionDateTime": "20240229101500",
                "FrameReferenceDateTime": "20240229101500",
                "FrameAcquisitionDuration": 1000.0,
                "DimensionIndexValues": indices,
            }
        ],
        "PlanePositionSequence": [{"ImagePositionPatient": (-10, -10, 2 * frame)}],
    }


def _derivation() -> DataSet:
    return {
        "DerivationCodeSequence": code("113076", "DCM", "Segmentation"),
        "SourceImageSequence": [reference(CT_IMAGE_STORAGE, CT_INSTANCE) | _SOURCE],
    }


def _segment(number: int, label: str) -> DataSet:
    return {
        "SegmentNumber": number,
        "SegmentLabel": label,
        "SegmentAlgorithmType": "MANUAL",
        "SegmentedPropertyCategoryCodeSequence": code("91723000", "SCT", "Anatomical Structure"),
        "SegmentedPropertyTypeCodeSequence": _HEAD,
    }
