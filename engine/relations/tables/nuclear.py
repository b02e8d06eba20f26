"""Relations of nuclear medicine and positron emission tomography (PS3.3 C.8.4, C.8.9)."""

from engine.relations.notation import agreement, count, order, reference, value
from engine.relations.relation import LeftOut, Module, Relation

_POINTERS = {
    "static": ("STATIC", "WHOLE BODY"),
    "dynamic": ("DYNAMIC",),
    "gated": ("GATED",),
    "tomo": ("TOMO",),
    "gated-tomo": ("GATED TOMO",),
    "recon-tomo": ("RECON TOMO",),
    "recon-gated-tomo": ("RECON GATED TOMO",),
}
_DIMENSIONS = {
    "static": "EnergyWindowVector, DetectorVector",
    "dynamic": "EnergyWindowVector, DetectorVector, PhaseVector, TimeSliceVector",
    "gated": "EnergyWindowVector, DetectorVector, RRIntervalVector, TimeSlotVector",
    "tomo": "EnergyWindowVector, DetectorVector, RotationVector, AngularViewVector",
    "gated-tomo": "EnergyWindowVector, DetectorVector, RotationVector, RRIntervalVector, "
    "TimeSlotVector, AngularViewVector",
    "recon-tomo": "SliceVector",
    "recon-gated-tomo": "RRIntervalVector, TimeSlotVector, SliceVector",
}


def _pointers() -> tuple[Relation, ...]:
    """The dimensions of each type of image, in the order that the module fixes."""
    return tuple(
        value(
            f"nm-pointer-{name}",
            f"FrameIncrementPointer == tag({_DIMENSIONS[name]})",
            when=f"ImageType[3] in ({', '.join(map(repr, types))})",
            within="dataset",
            section="C.8.4.8.1.1",
            why="Frames are sorted by these vectors, in this order.",
            fix="Write the tags of the vectors that the type of image has, in the given order.",
        )
        for name, types in _POINTERS.items()
    )


_VECTORS = {
    "energy-window": ("EnergyWindowVector", "NumberOfEnergyWindows"),
    "detector": ("DetectorVector", "NumberOfDetectors"),
    "phase": ("PhaseVector", "NumberOfPhases"),
    "rotation": ("RotationVector", "NumberOfRotations"),
    "interval": ("RRIntervalVector", "NumberOfRRIntervals"),
    "time-slot": ("TimeSlotVector", "NumberOfTimeSlots"),
    "slice": ("SliceVector", "NumberOfSlices"),
}
_SEQUENCES = {
    "energy-window": ("NumberOfEnergyWindows", "EnergyWindowInformationSequence", "C.8.4.10"),
    "detector": ("NumberOfDetectors", "DetectorInformationSequence", "C.8.4.11"),
    "phase": ("NumberOfPhases", "PhaseInformationSequence", "C.8.4.14"),
    "rotation": ("NumberOfRotations", "RotationInformationSequence", "C.8.4.12"),
    "interval": ("NumberOfRRIntervals", "GatedInformationSequence", "C.8.4.13"),
}
NM_MULTI_FRAME = Module(
    "NM Multi-frame",
    "C.8.4.8",
    of=("nm-multi-frame",),
    relations=(
        reference(
            "nm-time-slice-beyond",
            "max(TimeSliceVector) <= max(PhaseInformationSequence.NumberOfFramesInPhase)",
            within="dataset",
            section="C.8.4.8.1.10",
        ),
        reference(
            "nm-angular-view-beyond",
            "max(AngularViewVector) <= max(RotationInformationSequence.NumberOfFramesInRotation)",
            when="ImageType[3] in ('TOMO', 'GATED TOMO')",
            within="dataset",
            section="C.8.4.8.1.9",
        ),
        count(
            "nm-frames-in-phase",
            "max(PhaseInformationSequence.NumberOfFramesInPhase) <= NumberOfFrames",
            within="dataset",
            section="C.8.4.14",
        ),
        count(
            "nm-frames-in-rotation",
            "max(RotationInformationSequence.NumberOfFramesInRotation) <= NumberOfFrames",
            when="ImageType[3] in ('TOMO', 'GATED TOMO')",
            within="dataset",
            section="C.8.4.12",
        ),
        agreement(
            "nm-bits-stored", "BitsStored == BitsAllocated", within="dataset", section="C.8.4.7"
        ),
        value(
            "nm-scan-arc", "ScanArc > 0", within="RotationInformationSequence", section="C.8.4.12"
        ),
        *_pointers(),
        *(
            reference(
                f"nm-vector-{name}",
                f"{vector} >= 1 and {vector} <= {number}",
                within="dataset",
                section="C.8.4.8.1",
            )
            for name, (vector, number) in _VECTORS.items()
        ),
        *(
            count(
                f"nm-items-{name}",
                f"{number} == items({sequence})",
                when=f"filled({sequence})",
                within="dataset",
                section=section,
            )
            for name, (number, sequence, section) in _SEQUENCES.items()
        ),
        reference("nm-vector-angular-view", "AngularViewVector >= 1", section="C.8.4.8.1"),
        reference("nm-vector-time-slice", "TimeSliceVector >= 1", section="C.8.4.8.1"),
    ),
    left_out=(
        LeftOut(
            "frames are sorted by their indices, the last one changing fastest",
            "the text does not say that all combinations are there",
        ),
    ),
)
NM_IMAGE = Module(
    "NM Image",
    "C.8.4.9",
    of=("nm-image",),
    relations=(
        value("nm-image-type-3", "present(ImageType[3])", when="filled(ImageType)",
              section="C.8.4.9.1.1"),
        value("nm-image-type-4", "present(ImageType[4])", when="present(ImageType[3])",
              section="C.8.4.9.1.1"),
    ),
)  # fmt: skip
NM_DETECTOR = Module(
    "NM Detector",
    "C.8.4.11",
    of=("nm-detector",),
    relations=(
        count("nm-field-of-view-rectangle", "values(FieldOfViewDimensions) == 2",
              when="FieldOfViewShape == 'RECTANGLE'"),
        count("nm-field-of-view-round", "values(FieldOfViewDimensions) == 1",
              when="FieldOfViewShape in ('ROUND', 'HEXAGONAL')"),
    ),
)  # fmt: skip
NM_ISOTOPE = Module(
    "NM Isotope",
    "C.8.4.10",
    of=("nm-isotope",),
    relations=(
        order(
            "energy-window-limits",
            "EnergyWindowLowerLimit <= EnergyWindowUpperLimit",
            within="EnergyWindowRangeSequence",
        ),
    ),
)
NM_GATED = Module(
    "NM Multi-gated Acquisition",
    "C.8.4.13",
    of=("nm-multi-gated-acquisition",),
    relations=(
        order("nm-beat-limits", "LowRRValue <= HighRRValue", within="DataInformationSequence"),
        count(
            "nm-time-slots",
            "items(TimeSlotInformationSequence) == dataset.NumberOfTimeSlots",
            when="filled(TimeSlotInformationSequence)",
            within="DataInformationSequence",
        ),
    ),
)
PET_SERIES = Module(
    "PET Series",
    "C.8.9.1",
    of=("pet-series",),
    relations=(
        agreement(
            "pet-decay-denied",
            "DecayCorrection != 'NONE'",
            when="'DECY' in CorrectedImage",
            says="CorrectedImage names the decay as corrected, and DecayCorrection denies it.",
        ),
        agreement(
            "pet-decay-unnamed",
            "'DECY' in CorrectedImage",
            when="DecayCorrection in ('START', 'ADMIN')",
            within="dataset",
            says="DecayCorrection says that the decay was corrected, and CorrectedImage does not.",
        ),
        agreement(
            "pet-scatter-unnamed",
            "'SCAT' in CorrectedImage",
            when="filled(ScatterCorrectionMethod) and ScatterCorrectionMethod != 'NONE'",
            within="dataset",
        ),
        agreement(
            "pet-attenuation-unnamed",
            "'ATTN' in CorrectedImage",
            when="filled(AttenuationCorrectionMethod) and AttenuationCorrectionMethod != 'NONE'",
            within="dataset",
        ),
    ),
)
PET_IMAGE = Module(
    "PET Image",
    "C.8.9.4",
    of=("pet-image",),
    relations=(
        agreement("pet-bits-stored", "BitsStored == BitsAllocated", within="dataset"),
        order("pet-beat-limits", "LowRRValue <= HighRRValue", within="dataset"),
        value("pet-frame-duration", "ActualFrameDuration >= 0", within="dataset"),
        value("pet-intercept", "RescaleIntercept == 0", within="dataset"),
        value("pet-image-index", "ImageIndex >= 1", within="dataset", section="C.8.9.4.1.9"),
        value(
            "pet-image-index-static",
            "ImageIndex <= NumberOfSlices",
            when="SeriesType[1] in ('STATIC', 'WHOLE BODY')",
            within="dataset",
            section="C.8.9.4.1.9",
        ),
        value(
            "pet-image-index-dynamic",
            "ImageIndex <= NumberOfSlices * NumberOfTimeSlices",
            when="SeriesType[1] == 'DYNAMIC'",
            within="dataset",
            section="C.8.9.4.1.9",
        ),
        value(
            "pet-image-index-gated",
            "ImageIndex <= NumberOfSlices * NumberOfRRIntervals * NumberOfTimeSlots",
            when="SeriesType[1] == 'GATED'",
            within="dataset",
            section="C.8.9.4.1.9",
        ),
    ),
    left_out=(
        LeftOut("the image index says place and time of the slice", "other instances have them"),
    ),
)
PET_ISOTOPE = Module(
    "PET Isotope",
    "C.8.9.2",
    of=("pet-isotope",),
    relations=(
        value("half-life-positive", "RadionuclideHalfLife > 0",
              within="RadiopharmaceuticalInformationSequence"),
        value("positron-fraction", "RadionuclidePositronFraction <= 1",
              within="RadiopharmaceuticalInformationSequence"),
    ),
)  # fmt: skip

MODULES = (
    NM_MULTI_FRAME,
    NM_IMAGE,
    NM_ISOTOPE,
    NM_DETECTOR,
    NM_GATED,
    PET_SERIES,
    PET_IMAGE,
    PET_ISOTOPE,
)
