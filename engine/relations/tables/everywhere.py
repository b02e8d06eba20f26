"""Relations that hold in any kind of instance: codes, signatures, laterality, references to itself.

The texts are those of PS3.3 2020 as `dicom-standard` 0.1.0 has them.
"""

from itertools import permutations, product

from engine.relations.notation import absence, agreement, order, reference, value
from engine.relations.relation import LeftOut, Module

_BIPED = "absent(AnatomicalOrientationType) or AnatomicalOrientationType == 'BIPED'"
_DIRECTIONS = tuple(
    "".join(letters)
    for number in (1, 2, 3)
    for axes in permutations(("LR", "AP", "HF"), number)
    for letters in product(*axes)
)
"""All that a direction of a biped can be called: at most one letter for each axis."""
CODES = Module(
    "Code Sequence Macro",
    "8.8",
    relations=(
        absence("code-mapping-resource", "present(MappingResource)",
                when="filled(ContextIdentifier)", section="8.7"),
        absence("code-context-version", "present(ContextGroupVersion)",
                when="filled(ContextIdentifier)", section="8.5"),
        absence("code-value-twice", "absent(LongCodeValue) and absent(URNCodeValue)",
                when="filled(CodeValue)", section="8.1"),
        absence("code-long-value-twice", "absent(URNCodeValue)",
                when="filled(LongCodeValue)", section="8.1"),
    ),
    left_out=(
        LeftOut("the code means what its meaning says", "it would take all coding schemes"),
    ),
)  # fmt: skip
SIGNATURES = Module(
    "SOP Common: digital signatures",
    "C.12.1.1.3",
    relations=(
        order("mac-number-repeated", "unique(MACParametersSequence.MACIDNumber)"),
        reference("mac-number", "MACIDNumber in outer.MACParametersSequence.MACIDNumber",
                  within="DigitalSignaturesSequence"),
    ),
)  # fmt: skip
LATERALITY = Module(
    "General Series, General Image: laterality",
    "C.7.3.1",
    relations=(
        agreement("laterality-of-image", "Laterality == ImageLaterality",
                  when="Laterality in ('L', 'R') and ImageLaterality in ('L', 'R', 'B', 'U')",
                  within="dataset"),
    ),
)  # fmt: skip
ITSELF = Module(
    "General Reference",
    "C.12.4",
    relations=(
        reference("source-image-own", "ReferencedSOPInstanceUID != dataset.SOPInstanceUID",
                  within="SourceImageSequence"),
        reference("referenced-image-own", "ReferencedSOPInstanceUID != dataset.SOPInstanceUID",
                  within="ReferencedImageSequence", section="C.7.6.1"),
        reference("source-instance-own", "ReferencedSOPInstanceUID != dataset.SOPInstanceUID",
                  within="SourceInstanceSequence"),
        absence("frames-and-segments", "absent(ReferencedSegmentNumber)",
                when="present(ReferencedFrameNumber)", section="10.3"),
    ),
)  # fmt: skip
PIXELS = Module(
    "Image Pixel: values",
    "C.7.6.3",
    relations=(
        value("aspect-ratio-positive", "PixelAspectRatio > 0", within="dataset",
              section="C.7.6.3.1.7"),
        value(
            "patient-orientation-letters", f"PatientOrientation in {_DIRECTIONS}",
            when=_BIPED, within="dataset", section="C.7.6.1.1.1",
            says="A direction in PatientOrientation is no combination of L or R, A or P, H or F.",
        ),
        value(
            "patient-orientation-parallel",
            " and ".join(
                f"(PatientOrientation[1] not in {axis} or PatientOrientation[2] not in {axis})"
                for axis in ("('L', 'R')", "('A', 'P')", "('H', 'F')")
            ),
            within="dataset", section="C.7.6.1.1.1",
            says="Rows and columns run along the same direction of the patient in "
            "PatientOrientation.",
        ),
    ),
)  # fmt: skip
MODULES = (CODES, SIGNATURES, LATERALITY, ITSELF, PIXELS)
