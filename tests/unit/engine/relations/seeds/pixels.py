"""Seeds of what modules fix about pixels."""

from collections.abc import Iterator

from unit.engine.clean.notation import DataSet
from unit.engine.relations.seeds.seed import Seed, seeded

_TYPE = ("ORIGINAL", "PRIMARY", "SINGLE PLANE", "NONE")
_DETAILS = ("CTAcquisitionDetails", "CTExposure", "CTGeometry", "CTXRayDetails")


def seeds() -> Iterator[Seed]:
    """One sample for each pixel, 16 bits, unsigned numbers, single items."""
    grey = {"SamplesPerPixel": 1, "ImageType": _TYPE, "BitsAllocated": 16, "BitsStored": 16}
    unsigned = {"PixelRepresentation": 0}
    for name, iod in (
        ("enhanced-ct", "enhanced-ct-image"),
        ("enhanced-pet", "enhanced-pet-image"),
        ("enhanced-xa", "enhanced-xa-image"),
        ("x-ray-3d", "x-ray-3d-angiographic-image"),
        ("nm", "nuclear-medicine-image"),
    ):
        yield from seeded(iod, grey, {f"{name}-grey": ("SamplesPerPixel", 3)})
    groups: DataSet = {f"{keyword}Sequence": [{}] for keyword in _DETAILS}
    yield from seeded(
        "enhanced-ct-image",
        grey | groups,
        {
            "enhanced-ct-allocated": ("BitsAllocated", 32),
            "enhanced-ct-stored": ("BitsStored", 14),
            **{
                f"{keyword.lower().removeprefix('ct')}-single": (f"{keyword}Sequence", [{}, {}])
                for keyword in _DETAILS
            },
        },
    )
    used = {"RadiopharmaceuticalUsageSequence": [{"RadiopharmaceuticalAgentNumber": 1}]}
    there = {"RadiopharmaceuticalInformationSequence": [{"RadiopharmaceuticalAgentNumber": 1}]}
    yield from seeded(
        "enhanced-pet-image",
        grey | used | there,
        {
            "enhanced-pet-allocated": ("BitsAllocated", 32),
            "enhanced-pet-stored": ("BitsStored", 12),
            "radiopharmaceutical-used": (
                "RadiopharmaceuticalUsageSequence[0]>RadiopharmaceuticalAgentNumber",
                2,
            ),
        },
    )
    signed = ("PixelRepresentation", 1)
    yield from seeded("enhanced-xa-image", grey | unsigned, {"enhanced-xa-unsigned": signed})
    small = {"BitsAllocated": 8, "PixelRepresentation": 0}
    yield from seeded("rt-image", small, {"rt-image-unsigned": signed})
