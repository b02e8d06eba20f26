"""Numbers that items are counted by: from 1, one more for each (PS3.3, in the words of 2020).

The text is nearly always the same: "The value shall start at 1, and increase monotonically by 1".
"""

from engine.relations.notation import order, reference
from engine.relations.relation import Module, Relation


def _numbered(name: str, path: str, within: str = "") -> Relation:
    return order(f"{name}-numbers", f"numbered({path})", within=within)


MULTIENERGY = Module(
    "Multi-energy CT Image, Enhanced Multi-energy CT Acquisition",
    "C.8.2.2",
    relations=(
        _numbered("energy-source", "MultienergyCTXRaySourceSequence.XRaySourceIndex"),
        _numbered("energy-detector", "MultienergyCTXRayDetectorSequence.XRayDetectorIndex"),
        _numbered("energy-path", "MultienergyCTPathSequence.MultienergyCTPathIndex"),
        reference("energy-path-source",
                  "ReferencedXRaySourceIndex in outer.MultienergyCTXRaySourceSequence"
                  ".XRaySourceIndex", within="MultienergyCTPathSequence"),
        reference("energy-path-detector",
                  "ReferencedXRayDetectorIndex in outer.MultienergyCTXRayDetectorSequence"
                  ".XRayDetectorIndex", within="MultienergyCTPathSequence"),
        *(
            reference(f"energy-{name}-path",
                      "ReferencedPathIndex in dataset.MultienergyCTAcquisitionSequence"
                      ".MultienergyCTPathSequence.MultienergyCTPathIndex", within=sequence)
            for name, sequence in (
                ("exposure", "CTExposureSequence"),
                ("rays", "CTXRayDetailsSequence"),
                ("acquisition", "CTAcquisitionDetailsSequence"),
                ("geometry", "CTGeometrySequence"),
            )
        ),
    ),
)  # fmt: skip
CONTRAST = Module(
    "Enhanced Contrast/Bolus",
    "C.7.6.4b",
    relations=(
        _numbered("contrast-agent", "ContrastBolusAgentSequence.ContrastBolusAgentNumber",
                  "dataset"),
        reference("contrast-usage",
                  "ContrastBolusAgentNumber in "
                  "dataset.ContrastBolusAgentSequence.ContrastBolusAgentNumber",
                  within="ContrastBolusUsageSequence"),
    ),
)  # fmt: skip
PET = Module(
    "Enhanced PET Isotope",
    "C.8.22.4",
    of=("enhanced-pet-isotope",),
    relations=(
        _numbered("radiopharmaceutical",
                  "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalAgentNumber"),
    ),
)  # fmt: skip
BLENDING = Module(
    "Advanced Blending Presentation State",
    "C.11.33",
    of=("advanced-blending-presentation-state",),
    relations=(
        _numbered("blending-input", "AdvancedBlendingSequence.BlendingInputNumber"),
        reference("blending-displayed-input",
                  "BlendingInputNumber in dataset.AdvancedBlendingSequence.BlendingInputNumber",
                  within="BlendingDisplayInputSequence", section="C.11.34"),
    ),
)  # fmt: skip
VOLUMES = Module(
    "Volumetric Presentation State Relationship",
    "C.11.23",
    relations=(
        _numbered(
            "volumetric-input",
            "VolumetricPresentationStateInputSequence.VolumetricPresentationInputNumber",
        ),
        _numbered("cropping", "VolumeCroppingSequence.CroppingSpecificationNumber"),
    ),
)
_PROTOCOL_STEPS = ("Acquisition", "Reconstruction", "Storage")
PROTOCOLS = Module(
    "CT and XA Protocols",
    "C.34.9",
    relations=(
        *(
            _numbered(f"protocol-{step.lower()}-{kind}",
                      f"{step}ProtocolElement{ending}.ProtocolElementNumber")
            for step in _PROTOCOL_STEPS
            for kind, ending in (("element", "Sequence"),
                                 ("specification", "SpecificationSequence"))
        ),
        *(
            reference(f"protocol-{step.lower()}-source",
                      "SourceAcquisitionProtocolElementNumber in dataset."
                      "AcquisitionProtocolElementSequence.ProtocolElementNumber",
                      within=f"{step}ProtocolElementSequence")
            for step in ("Reconstruction", "Storage")
        ),
        reference("protocol-specified-source",
                  "SourceAcquisitionProtocolElementNumber in dataset."
                  "AcquisitionProtocolElementSpecificationSequence.ProtocolElementNumber",
                  within="ReconstructionProtocolElementSpecificationSequence"),
    ),
)  # fmt: skip
IMPLANTS = Module(
    "Implant Templates",
    "C.29",
    relations=(
        _numbered("mating-set", "MatingFeatureSetsSequence.MatingFeatureSetID"),
        _numbered("mating-freedom", "MatingFeatureDegreeOfFreedomSequence.DegreeOfFreedomID"),
        _numbered("implant-drawing", "HPGLDocumentSequence.HPGLDocumentID"),
        _numbered("implant-member",
                  "ImplantTemplateGroupMembersSequence.ImplantTemplateGroupMemberID"),
        _numbered("implant-component", "ComponentSequence.ComponentID"),
        reference("implant-drawing",
                  "ReferencedHPGLDocumentID in dataset.HPGLDocumentSequence.HPGLDocumentID"),
    ),
)  # fmt: skip

MODULES = (MULTIENERGY, CONTRAST, PET, BLENDING, VOLUMES, PROTOCOLS, IMPLANTS)
