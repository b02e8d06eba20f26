"""A clean whole slide image."""

from unit.engine.clean.modules import (
    ROOT,
    code,
    colour,
    content_date,
    enhanced_equipment,
    frame_of_reference,
    patient_study_series,
    sop_common,
)
from unit.engine.clean.notation import File, Of

_DIMENSIONS = f"{ROOT}.10"


def whole_slide() -> File:
    """A slide of four tiles, all of which are there (PS3.3 A.32.8)."""
    preparation = {
        "ValueType": "TEXT",
        "ConceptNameCodeSequence": code("434711009", "SCT", "Specimen container"),
        "TextValue": "Slide",
    }
    specimen = {
        "SpecimenIdentifier": "S-1",
        "IssuerOfTheSpecimenIdentifierSequence": [],
        "SpecimenUID": f"{ROOT}.11",
        "SpecimenPreparationSequence": [
            {"SpecimenPreparationStepContentItemSequence": [preparation]}
        ],
    }
    optics = {
        "OpticalPathIdentifier": "1",
        "IlluminationTypeCodeSequence": code("111744", "DCM", "Brightfield illumination"),
        "IlluminationColorCodeSequence": code("414298005", "SCT", "Full Spectrum"),
        "ICCProfile": bytes(128),
        "ColorSpace": "SRGB",
    }
    origin = {"XOffsetInSlideCoordinateSystem": 0, "YOffsetInSlideCoordinateSystem": 0}
    frame_type = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")
    return File(
        patient_study_series("SM")
        | sop_common("1.2.840.10008.5.1.4.1.1.77.1.6")
        | enhanced_equipment()
        | frame_of_reference()
        | content_date()
        | colour()
        | {
            "PositionReferenceIndicator": "SLIDE_CORNER",
            "ImageType": frame_type,
            "AcquisitionDateTime": "20240229101500",
            "AcquisitionContextSequence": [],
            "ContainerIdentifier": "C-1",
            "IssuerOfTheContainerIdentifierSequence": [],
            "ContainerTypeCodeSequence": [],
            "SpecimenDescriptionSequence": [specimen],
            "ImagedVolumeWidth": 6.0,
            "ImagedVolumeHeight": 4.0,
            "ImagedVolumeDepth": 1.0,
            "TotalPixelMatrixColumns": 12,
            "TotalPixelMatrixRows": 8,
            "TotalPixelMatrixOriginSequence": [origin],
            "TotalPixelMatrixFocalPlanes": 1,
            "ImageOrientationSlide": (0, -1, 0, -1, 0, 0),
            "VolumetricProperties": "VOLUME",
            "SpecimenLabelInImage": "NO",
            "FocusMethod": "AUTO",
            "ExtendedDepthOfField": "NO",
            "BurnedInAnnotation": "NO",
            "LossyImageCompression": "00",
            "NumberOfOpticalPaths": 1,
            "OpticalPathSequence": [optics],
            "DimensionOrganizationType": "TILED_FULL",
            "DimensionOrganizationSequence": [{"DimensionOrganizationUID": _DIMENSIONS}],
            "NumberOfFrames": 4,
            "SharedFunctionalGroupsSequence": [
                {
                    "PixelMeasuresSequence": [{"PixelSpacing": (0.5, 0.5), "SliceThickness": 1}],
                    "WholeSlideMicroscopyImageFrameTypeSequence": [{"FrameType": frame_type}],
                    "OpticalPathIdentificationSequence": [{"OpticalPathIdentifier": "1"}],
                }
            ],
            "PixelData": Of("OB", bytes(288)),
        }
    )
