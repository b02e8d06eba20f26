"""Seeds of what holds in any instance, and of measurements."""

from collections.abc import Iterator
from struct import pack

from unit.engine.relations.seeds.seed import GONE, Seed, seeded

_OWN = {"ReferencedSOPInstanceUID": "2.25.9"}


def seeds() -> Iterator[Seed]:
    """Codes, signatures, laterality and references; eyes, volumes, assessments, point clouds."""
    yield from seeded(
        "computed-radiography-image",
        {
            "ViewCodeSequence": [
                {
                    "CodeValue": "1",
                    "ContextIdentifier": "4010",
                    "MappingResource": "DCMR",
                    "ContextGroupVersion": "20200101",
                },
                {"LongCodeValue": "2"},
            ],
            "MACParametersSequence": [{"MACIDNumber": 1}, {"MACIDNumber": 2}],
            "DigitalSignaturesSequence": [{"MACIDNumber": 1}],
            "Laterality": "L",
            "ImageLaterality": "L",
            "SourceImageSequence": [{**_OWN, "ReferencedFrameNumber": 1}],
            "ReferencedImageSequence": [_OWN],
            "SourceInstanceSequence": [_OWN],
            "PixelAspectRatio": (2, 1),
            "PatientOrientation": ("L", "F"),
        },
        {
            "code-mapping-resource": ("ViewCodeSequence[0]>MappingResource", GONE),
            "code-context-version": ("ViewCodeSequence[0]>ContextGroupVersion", GONE),
            "code-value-twice": ("ViewCodeSequence[0]>LongCodeValue", "1"),
            "code-long-value-twice": ("ViewCodeSequence[1]>URNCodeValue", "urn:oid:2.25.1"),
            "mac-number-repeated": ("MACParametersSequence[1]>MACIDNumber", 1),
            "mac-number": ("DigitalSignaturesSequence[0]>MACIDNumber", 3),
            "laterality-of-image": [("ImageLaterality", "R"), ("ImageLaterality", "B")],
            "source-image-own": ("SourceImageSequence[0]>ReferencedSOPInstanceUID", "2.25.1"),
            "referenced-image-own": (
                "ReferencedImageSequence[0]>ReferencedSOPInstanceUID",
                "2.25.1",
            ),
            "source-instance-own": (
                "SourceInstanceSequence[0]>ReferencedSOPInstanceUID",
                "2.25.1",
            ),
            "frames-and-segments": ("SourceImageSequence[0]>ReferencedSegmentNumber", 1),
            "aspect-ratio-positive": [("PixelAspectRatio", (0, 1)), ("PixelAspectRatio", (1, -1))],
            "patient-orientation-letters": [
                ("PatientOrientation", ("LR", "F")),
                ("PatientOrientation", ("L", "PX")),
            ],
            "patient-orientation-parallel": [
                ("PatientOrientation", ("L", "R")),
                ("PatientOrientation", ("F", "F")),
            ],
        },
    )
    yield from _eyes()
    yield from _others()


def _eyes() -> Iterator[Seed]:
    location = "OphthalmicFrameLocationSequence[0]>ReferenceCoordinates"
    trial = "VisualFieldCatchTrialSequence[0]"
    yield from seeded(
        "ophthalmic-tomography-image",
        {
            "OphthalmicFrameLocationSequence": [
                {
                    "ReferenceCoordinates": (1.0, 1.0, 2.0, 2.0),
                    "OphthalmicImageOrientation": "LINEAR",
                },
                {
                    "ReferenceCoordinates": (1.0, 1.0, 2.0, 2.0, 3.0, 2.0),
                    "OphthalmicImageOrientation": "NONLINEAR",
                },
            ],
            "CylinderSequence": [{"CylinderAxis": 180.0}],
            "SteepKeratometricAxisSequence": [{"KeratometricAxis": 0.0}],
            "FixationSequence": [
                {"FixationCheckedQuantity": 5, "PatientNotProperlyFixatedQuantity": 5}
            ],
            "VisualFieldCatchTrialSequence": [
                {
                    "NegativeCatchTrialsQuantity": 5,
                    "FalseNegativesQuantity": 1,
                    "PositiveCatchTrialsQuantity": 5,
                    "FalsePositivesQuantity": 1,
                }
            ],
        },
        {
            "frame-location-points": (location, (1.0, 1.0, 2.0, 2.0, 3.0, 3.0)),
            "frame-location-pairs": (location.replace("0", "1"), (1.0, 1.0, 2.0)),
            "frame-location-inside": (location, (1.0, 1.0, 2.0, -2.0)),
            "cylinder-axis": ("CylinderSequence[0]>CylinderAxis", 270.0),
            "keratometric-axis": ("SteepKeratometricAxisSequence[0]>KeratometricAxis", -1.0),
            "fixation-losses": ("FixationSequence[0]>PatientNotProperlyFixatedQuantity", 6),
            "false-negatives": (f"{trial}>FalseNegativesQuantity", 6),
            "false-positives": (f"{trial}>FalsePositivesQuantity", 6),
        },
    )


def _others() -> Iterator[Seed]:
    matrix = (1.0, 0.0, 0.0, 5.0, 0.0, 1.0, 0.0, 5.0, 0.0, 0.0, 1.0, 5.0, 0.0, 0.0, 0.0, 1.0)
    by_columns = tuple(matrix[4 * (cell % 4) + cell // 4] for cell in range(16))
    measured = {"NumericValue": "5.12", "FloatingPointValue": 5.1234, "RationalDenominatorValue": 1}
    yield from seeded(
        "enhanced-us-volume",
        {
            "VolumeToTransducerMappingMatrix": matrix,
            "VolumeToTableMappingMatrix": matrix,
            "NumberOfAssessmentObservations": 1,
            "AssessmentObservationsSequence": [{}],
            "MeasuredValueSequence": [measured],
            "NumberOfSurfacePoints": 1,
            "SurfacePointColorCIELabValueData": pack("<3H", 1, 2, 3),
            "SurfacePointPresentationValueData": pack("<H", 1),
        },
        {
            "volume-transducer-matrix": ("VolumeToTransducerMappingMatrix", by_columns),
            "volume-table-matrix": ("VolumeToTableMappingMatrix", by_columns),
            "assessment-observations": ("NumberOfAssessmentObservations", 2),
            "floating-point-value": ("MeasuredValueSequence[0]>FloatingPointValue", 7.0),
            "rational-denominator": ("MeasuredValueSequence[0]>RationalDenominatorValue", 0),
            "point-colors": ("SurfacePointColorCIELabValueData", pack("<2H", 1, 2)),
            "point-presentations": ("SurfacePointPresentationValueData", pack("<2H", 1, 2)),
        },
    )
