"""Relations of ophthalmic measurements, tomography and volumes of ultrasound (PS3.3 C.8)."""

from engine.relations.notation import agreement, count, order, value
from engine.relations.relation import LeftOut, Module

_LOCATION = "OphthalmicFrameLocationSequence"
OPHTHALMIC_FRAME = Module(
    "Ophthalmic Frame Location",
    "C.8.17.10",
    relations=(
        count("frame-location-points", "values(ReferenceCoordinates) == 4",
              when="OphthalmicImageOrientation == 'LINEAR'", within=_LOCATION,
              section="C.8.17.10.1.1"),
        count("frame-location-pairs",
              "values(ReferenceCoordinates) == 2 * ceil(values(ReferenceCoordinates) / 2)",
              within=_LOCATION, section="C.8.17.10.1.1"),
        value("frame-location-inside", "ReferenceCoordinates >= 0", within=_LOCATION,
              section="C.8.17.10.1.1"),
    ),
    left_out=(LeftOut("the points are on the referenced image", "it is another instance"),),
)  # fmt: skip
_AXES = {
    "cylinder": ("CylinderAxis", "C.8.25.8"),
    "keratometric": ("KeratometricAxis", "C.8.25.10"),
}
REFRACTION = Module(
    "Lensometry, Autorefraction, Keratometry Measurements",
    "C.8.25",
    relations=tuple(
        value(f"{name}-axis", f"{keyword} >= 0 and {keyword} <= 180", section=section)
        for name, (keyword, section) in _AXES.items()
    ),
)
VISUAL_FIELD = Module(
    "Visual Field Static Perimetry Test Reliability",
    "C.8.26.3",
    relations=(
        order("fixation-losses",
              "PatientNotProperlyFixatedQuantity <= FixationCheckedQuantity",
              within="FixationSequence"),
        order("false-negatives", "FalseNegativesQuantity <= NegativeCatchTrialsQuantity",
              within="VisualFieldCatchTrialSequence"),
        order("false-positives", "FalsePositivesQuantity <= PositiveCatchTrialsQuantity",
              within="VisualFieldCatchTrialSequence"),
    ),
)  # fmt: skip
_MAPPINGS = {
    "transducer": "VolumeToTransducerMappingMatrix",
    "table": "VolumeToTableMappingMatrix",
}
ULTRASOUND_VOLUME = Module(
    "Ultrasound Frame of Reference",
    "C.8.24.2",
    relations=tuple(
        value(
            f"volume-{name}-matrix",
            " and ".join(
                f"{keyword}[{cell}] == {number}"
                for cell, number in ((13, 0), (14, 0), (15, 0), (16, 1))
            ),
            within="dataset",
            says=f"The last row of {keyword} is not 0, 0, 0, 1.",
            fix="Write the matrix row by row.",
        )
        for name, keyword in _MAPPINGS.items()
    ),
)
ASSESSMENT = Module(
    "Content Assessment Results",
    "C.33",
    relations=(
        count("assessment-observations",
              "NumberOfAssessmentObservations == items(AssessmentObservationsSequence)",
              within="dataset"),
    ),
)  # fmt: skip
NUMERIC = Module(
    "Numeric Value, Content Item with Value",
    "10.2",
    relations=(
        agreement(
            "floating-point-value",
            "FloatingPointValue * FloatingPointValue - 2 * FloatingPointValue * NumericValue + "
            "NumericValue * NumericValue <= "
            "0.0001 * FloatingPointValue * FloatingPointValue + 0.01",
            section="C.18.1",
            says="FloatingPointValue is another number than NumericValue.",
        ),
        value("rational-denominator", "RationalDenominatorValue != 0", section="C.18.1"),
    ),
)
CLOUD = Module(
    "Point Cloud",
    "C.27.5",
    relations=(
        count("point-colors",
              "values(SurfacePointColorCIELabValueData) == 3 * NumberOfSurfacePoints"),
        count("point-presentations",
              "values(SurfacePointPresentationValueData) == NumberOfSurfacePoints"),
    ),
)  # fmt: skip

MODULES = (
    OPHTHALMIC_FRAME,
    REFRACTION,
    VISUAL_FIELD,
    ULTRASOUND_VOLUME,
    ASSESSMENT,
    NUMERIC,
    CLOUD,
)
