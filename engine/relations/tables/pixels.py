"""What modules fix about pixels in sentences that are no lists of values (PS3.3, words of 2020)."""

from engine.relations.notation import count, reference, value
from engine.relations.relation import Module, Relation

_ORIGINAL = "ImageType[1] in ('ORIGINAL', 'MIXED')"
_GREY = {
    "enhanced-ct": ("enhanced-ct-image", "C.8.15.2"),
    "enhanced-pet": ("enhanced-pet-image", "C.8.22.3"),
    "enhanced-xa": ("enhanced-xa-xrf-image", "C.8.19.2"),
    "x-ray-3d": ("x-ray-3d-image", "C.8.21.1"),
    "nm": ("nm-image-pixel", "C.8.4.7"),
}
"""Modules whose images have one sample for each pixel."""


def _fixed(name: str, text: str, module: str, section: str, when: str = "") -> Relation:
    return value(name, text, when=when, within="dataset", of=(module,), section=section)


PIXELS = Module(
    "Modules of single IODs: pixels",
    "C.8",
    relations=(
        *(
            _fixed(f"{name}-grey", "SamplesPerPixel == 1", module, section)
            for name, (module, section) in _GREY.items()
        ),
        _fixed("enhanced-ct-allocated", "BitsAllocated == 16", *_GREY["enhanced-ct"], _ORIGINAL),
        _fixed("enhanced-ct-stored", "BitsStored in (12, 16)", *_GREY["enhanced-ct"], _ORIGINAL),
        _fixed("enhanced-pet-allocated", "BitsAllocated == 16", *_GREY["enhanced-pet"], _ORIGINAL),
        _fixed("enhanced-pet-stored", "BitsStored == 16", *_GREY["enhanced-pet"], _ORIGINAL),
        _fixed("enhanced-xa-unsigned", "PixelRepresentation == 0", *_GREY["enhanced-xa"]),
        _fixed("rt-image-unsigned", "PixelRepresentation == 0", "rt-image", "C.8.8.2.6.6",
               "BitsAllocated == 8"),
    ),
)  # fmt: skip
_DETAILS = ("CTAcquisitionDetails", "CTExposure", "CTGeometry", "CTXRayDetails")
GROUPS = Module(
    "CT functional groups: one item unless of several energies",
    "C.8.15.3",
    of=("enhanced-ct-image",),
    relations=tuple(
        count(
            f"{keyword.lower().removeprefix('ct')}-single",
            f"items({keyword}Sequence) <= 1",
            when="absent(dataset.MultienergyCTAcquisition) or "
            "dataset.MultienergyCTAcquisition == 'NO'",
            of=("enhanced-ct-image",),
        )
        for keyword in _DETAILS
    ),
)
RADIOPHARMACEUTICALS = Module(
    "Radiopharmaceutical Usage",
    "C.7.6.16.2.19",
    of=("enhanced-pet-image",),
    relations=(
        reference("radiopharmaceutical-used",
                  "RadiopharmaceuticalAgentNumber in "
                  "dataset.RadiopharmaceuticalInformationSequence.RadiopharmaceuticalAgentNumber",
                  within="RadiopharmaceuticalUsageSequence"),
    ),
)  # fmt: skip

MODULES = (PIXELS, GROUPS, RADIOPHARMACEUTICALS)
