"""Clean objects of radiotherapy: structure set, plan, dose."""

from unit.engine.clean.modules import (
    CT_SERIES,
    FRAME_OF_REFERENCE,
    ROOT,
    STUDY,
    frame_of_reference,
    grey,
    image_plane,
    patient_study_series,
    reference,
    sop_common,
)
from unit.engine.clean.notation import DataSet, File

_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"


def structure_set() -> File:
    """A structure set of two regions with three contours (PS3.3 A.19)."""
    series = {"SeriesInstanceUID": CT_SERIES, "ContourImageSequence": [reference()]}
    study = reference("1.2.840.10008.3.1.2.3.1", STUDY) | {"RTReferencedSeriesSequence": [series]}
    return File(
        patient_study_series("RTSTRUCT")
        | sop_common("1.2.840.10008.5.1.4.1.1.481.3")
        | frame_of_reference()
        | {
            "OperatorsName": "Roe^Richard",
            "StructureSetLabel": "HEAD",
            "StructureSetDate": "20240229",
            "StructureSetTime": "110000",
            "ReferencedFrameOfReferenceSequence": [
                {
                    "FrameOfReferenceUID": FRAME_OF_REFERENCE,
                    "RTReferencedStudySequence": [study],
                }
            ],
            "StructureSetROISequence": [_region(1, "Brain"), _region(2, "Skull")],
            "ROIContourSequence": [
                {
                    "ROIDisplayColor": (255, 0, 0),
                    "ReferencedROINumber": 1,
                    "ContourSequence": [_contour(0), _contour(2)],
                },
                {
                    "ROIDisplayColor": (0, 255, 0),
                    "ReferencedROINumber": 2,
                    "ContourSequence": [_contour(0)],
                },
            ],
            "RTROIObservationsSequence": [
                {
                    "ObservationNumber": number,
                    "ReferencedROINumber": number,
                    "RTROIInterpretedType": "ORGAN",
                    "ROIInterpreter": "",
                }
                for number in (1, 2)
            ],
        }
    )


def plan() -> File:
    """A plan of one photon beam with two control points (PS3.3 A.20)."""
    return File(
        patient_study_series("RTPLAN")
        | sop_common(_PLAN)
        | frame_of_reference()
        | {
            "OperatorsName": "Roe^Richard",
            "RTPlanLabel": "HEAD",
            "RTPlanDate": "20240229",
            "RTPlanTime": "120000",
            "RTPlanGeometry": "PATIENT",
            "ReferencedStructureSetSequence": [
                reference("1.2.840.10008.5.1.4.1.1.481.3", f"{ROOT}.8")
            ],
            "PatientSetupSequence": [{"PatientSetupNumber": 1, "PatientPosition": "HFS"}],
            "FractionGroupSequence": [
                {
                    "FractionGroupNumber": 1,
                    "NumberOfFractionsPlanned": 5,
                    "NumberOfBeams": 1,
                    "NumberOfBrachyApplicationSetups": 0,
                    "ReferencedBeamSequence": [{"ReferencedBeamNumber": 1, "BeamMeterset": 100}],
                }
            ],
            "BeamSequence": [_beam()],
        }
    )


def dose() -> File:
    """A dose of two planes (PS3.3 A.18)."""
    return File(
        patient_study_series("RTDOSE")
        | sop_common("1.2.840.10008.5.1.4.1.1.481.2")
        | frame_of_reference()
        | image_plane()
        | grey(bits=16)
        | {
            "OperatorsName": "Roe^Richard",
            "NumberOfFrames": 2,
            "FrameIncrementPointer": "GridFrameOffsetVector",
            "GridFrameOffsetVector": (0, 2),
            "DoseUnits": "GY",
            "DoseType": "PHYSICAL",
            "DoseSummationType": "PLAN",
            "DoseGridScaling": 0.001,
            "TissueHeterogeneityCorrection": "IMAGE",
            "ReferencedRTPlanSequence": [reference(_PLAN, f"{ROOT}.9")],
            "PixelData": bytes(96),
        }
    )


def _region(number: int, name: str) -> DataSet:
    return {
        "ROINumber": number,
        "ReferencedFrameOfReferenceUID": FRAME_OF_REFERENCE,
        "ROIName": name,
        "ROIGenerationAlgorithm": "MANUAL",
    }


def _contour(z: int) -> DataSet:
    return {
        "ContourImageSequence": [reference()],
        "ContourGeometricType": "CLOSED_PLANAR",
        "NumberOfContourPoints": 3,
        "ContourData": (0, 0, z, 5, 0, z, 5, 5, z),
    }


def _beam() -> DataSet:
    jaws = ("X", "Y")
    first = {
        "ControlPointIndex": 0,
        "NominalBeamEnergy": 6,
        "DoseRateSet": 400,
        "BeamLimitingDevicePositionSequence": [
            {"RTBeamLimitingDeviceType": jaw, "LeafJawPositions": (-50, 50)} for jaw in jaws
        ],
        "GantryAngle": 0,
        "GantryRotationDirection": "NONE",
        "BeamLimitingDeviceAngle": 0,
        "BeamLimitingDeviceRotationDirection": "NONE",
        "PatientSupportAngle": 0,
        "PatientSupportRotationDirection": "NONE",
        "TableTopEccentricAngle": 0,
        "TableTopEccentricRotationDirection": "NONE",
        "TableTopPitchAngle": 0.0,
        "TableTopPitchRotationDirection": "NONE",
        "TableTopRollAngle": 0.0,
        "TableTopRollRotationDirection": "NONE",
        "TableTopVerticalPosition": "",
        "TableTopLongitudinalPosition": "",
        "TableTopLateralPosition": "",
        "IsocenterPosition": (0, 0, 0),
        "CumulativeMetersetWeight": 0,
    }
    return {
        "BeamNumber": 1,
        "BeamName": "AP",
        "BeamType": "STATIC",
        "RadiationType": "PHOTON",
        "TreatmentDeliveryType": "TREATMENT",
        "TreatmentMachineName": "LINAC",
        "PrimaryDosimeterUnit": "MU",
        "SourceAxisDistance": 1000,
        "BeamLimitingDeviceSequence": [
            {"RTBeamLimitingDeviceType": jaw, "NumberOfLeafJawPairs": 1} for jaw in jaws
        ],
        "ReferencedPatientSetupNumber": 1,
        "NumberOfWedges": 0,
        "NumberOfCompensators": 0,
        "NumberOfBoli": 0,
        "NumberOfBlocks": 0,
        "FinalCumulativeMetersetWeight": 1,
        "NumberOfControlPoints": 2,
        "ControlPointSequence": [first, {"ControlPointIndex": 1, "CumulativeMetersetWeight": 1}],
    }
