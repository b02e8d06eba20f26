"""Rules of the attributes that describe samples: bits, sign, photometric interpretation."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.encoding.elements import Element
from engine.encoding.transfer_syntax import Codec, Pixels, TransferSyntax
from engine.image import FLOAT_BITS
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.tags import (
    BITS_ALLOCATED,
    BITS_STORED,
    BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    HIGH_BIT,
    LARGEST_IMAGE_PIXEL_VALUE,
    PHOTOMETRIC_INTERPRETATION,
    PIXEL_DATA,
    PIXEL_REPRESENTATION,
    PLANAR_CONFIGURATION,
    RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    SAMPLES_PER_PIXEL,
    SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SMALLEST_IMAGE_PIXEL_VALUE,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_PALETTE = (
    RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
)
_PALETTE_DATA = (
    (RED_PALETTE_COLOR_LOOKUP_TABLE_DATA, SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA),
    (GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA, SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA),
    (BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA, SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA),
)
"""For each colour the look-up table and the segmented one, of which either will do."""

_SAMPLES = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "HSV": 3,
    "ARGB": 4,
    "CMYK": 4,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_PARTIAL_422": 3,
    "YBR_PARTIAL_420": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
    "XYB": 3,
}
"""Samples of a pixel in each photometric interpretation (PS3.3 C.7.6.3.1.2)."""

_VIDEO = {Codec.MPEG_2, Codec.H_264, Codec.H_265}
_JPEG_2000 = {Codec.JPEG_2000, Codec.HTJ2K}
_ONLY_IN = {
    "YBR_RCT": _JPEG_2000,
    "YBR_ICT": _JPEG_2000,
    "YBR_PARTIAL_420": _VIDEO,
    "XYB": {Codec.JPEG_XL},
}
"""Photometric interpretations that come of one kind of compression alone (PS3.5 8.2)."""


@RULES.check(
    "pixel.bits-allocated",
    Severity.ERROR,
    "BitsAllocated is not 1 or a multiple of 8, or not the size of a float.",
    "PS3.5 8.1.1",
    why="Where a pixel begins is a guess: readers refuse the image or show noise.",
    fix="Write each sample into 8, 16 or 32 bits and say so.",
    refusal="Where one pixel ends and the next begins is unknown.",
)
def bits_allocated_are_whole_bytes(instance: Instance) -> Iterator[Violation]:
    """Single bits, or whole bytes; float pixel data has 32 or 64."""
    image, element = instance.image, instance.dataset.get(BITS_ALLOCATED)
    bits = image and image.number(BITS_ALLOCATED)
    if not (image and element and bits):
        return
    expected = FLOAT_BITS.get(image.tag)
    if expected is not None and bits != expected:
        yield Violation(element, f"{expected}", f"{bits}")
    elif bits != 1 and bits % 8:
        yield Violation(element, "1 or a multiple of 8", f"{bits}")


@RULES.check(
    "pixel.bits-stored",
    Severity.ERROR,
    "BitsStored is zero or more than BitsAllocated.",
    "PS3.5 8.1.1",
    why="A sample cannot have more bits than its place; readers refuse it or show noise.",
    fix="Set BitsStored to the number of bits that the values really use.",
    refusal="Which bits are the value is unknown.",
)
def bits_stored_fit(instance: Instance) -> Iterator[Violation]:
    """At least one, at most as many as are allocated."""
    element, bits, allocated = _bits(instance)
    if element and bits is not None and allocated and not 1 <= bits <= allocated:
        yield Violation(element, f"1 to {allocated}", f"{bits}")


@RULES.check(
    "pixel.high-bit",
    Severity.ERROR,
    "HighBit is not one less than BitsStored.",
    "PS3.5 8.1.1",
    why="Readers that respect it shift the values, others do not: brightness and measured values "
    "differ by powers of two.",
    fix="Set HighBit to BitsStored - 1; shift the values if their bits really are higher up.",
    refusal="Readers take other bits for the value: they show and measure other densities.",
)
def high_bit_is_the_last_stored(instance: Instance) -> Iterator[Violation]:
    """Other positions were retired."""
    _, bits, allocated = _bits(instance)
    high = instance.dataset.get(HIGH_BIT)
    if high and high.length and bits and allocated and bits <= allocated:
        found = high.integer()
        if found != bits - 1:
            yield Violation(high, f"{bits - 1}", f"{found}")


@RULES.check(
    "pixel.representation",
    Severity.ERROR,
    "PixelRepresentation is neither 0 (unsigned) nor 1 (signed).",
    "PS3.3 C.7.6.3.1",
    why="Readers guess the sign of the values, each in its own way.",
    fix="Set it to 1 if the values are in two's complement, else to 0.",
    refusal="Which values are negative is unknown: readers show and measure other densities.",
)
def pixel_representation_is_known(instance: Instance) -> Iterator[Violation]:
    """Zero or one."""
    element = _described(instance, PIXEL_REPRESENTATION)
    if element and element.integer() not in {0, 1}:
        yield Violation(element, "0 or 1", f"{element.integer()}")


@RULES.check(
    "pixel.samples",
    Severity.ERROR,
    "SamplesPerPixel does not fit PhotometricInterpretation.",
    "PS3.3 C.7.6.3.1.1",
    why="A grey image is read as a coloured one or the other way round: readers refuse it or show "
    "stripes.",
    fix="Set SamplesPerPixel to 1 for grey and palette images and to 3 for coloured ones.",
    refusal="A grey image is shown as a coloured one, or the other way round, or not at all.",
)
def samples_fit_the_photometric_interpretation(instance: Instance) -> Iterator[Violation]:
    """Only interpretations of the standard are judged."""
    image, element = instance.image, _described(instance, SAMPLES_PER_PIXEL)
    if image and image.layout and element:
        expected = _SAMPLES.get(image.layout.photometric)
        if expected not in {None, image.layout.samples}:
            yield Violation(element, f"{expected}", f"{image.layout.samples}")


@RULES.check(
    "pixel.photometric-bits",
    Severity.WARNING,
    "BitsAllocated does not fit PhotometricInterpretation.",
    "PS3.3 C.7.6.3.1.2",
    why="Few readers can show colours of one bit, or look pixels of more than 16 bits up in a "
    "palette.",
    fix="Store the pixels with 8 or 16 bits.",
)
def bits_fit_the_photometric_interpretation(instance: Instance) -> Iterator[Violation]:
    """A palette has entries for 8 or 16 bits; single bits are black and white."""
    image, element = instance.image, _described(instance, BITS_ALLOCATED)
    if image and image.layout and element:
        photometric, bits = image.layout.photometric, image.layout.bits_allocated
        is_palette = photometric == "PALETTE COLOR"
        if (is_palette and bits not in {8, 16}) or (bits == 1 and image.layout.samples > 1):
            yield Violation(element, "8 or 16", f"{bits}")


@RULES.check(
    "pixel.photometric-syntax",
    Severity.ERROR,
    "PhotometricInterpretation is not possible in this transfer syntax.",
    "PS3.5 8.2",
    why="The colours are left to the reader's guess: often the image was decompressed or "
    "compressed without a change of this attribute.",
    fix="Set it to what the pixels are: as a rule RGB where they are not compressed.",
    refusal="Readers show other colours, or nothing.",
)
def photometric_interpretation_fits_the_transfer_syntax(instance: Instance) -> Iterator[Violation]:
    """Transformations of a codec need that codec, and indices survive no loss."""
    image, syntax = instance.image, instance.transfer_syntax
    element = _described(instance, PHOTOMETRIC_INTERPRETATION)
    if not (image and image.layout and syntax and element) or syntax.pixels is Pixels.ELSEWHERE:
        return
    if difference := _photometric_difference(image.layout.photometric, syntax):
        expected, found = difference
        yield Violation(element, expected, found)


def _photometric_difference(
    photometric: str, syntax: TransferSyntax
) -> tuple[str | None, str] | None:
    """What is expected and what is found; None if the two fit."""
    if photometric in _ONLY_IN and syntax.codec not in _ONLY_IN[photometric]:
        return None, f"{photometric}, {_name(syntax)}"
    if photometric == "YBR_ICT" and syntax.lossless:
        return "YBR_RCT", "YBR_ICT, compressed without loss"
    if photometric == "PALETTE COLOR" and _must_be_lossy(syntax):
        return None, "PALETTE COLOR, compressed with loss"
    if photometric == "YBR_FULL_422" and syntax.codec is Codec.RLE:
        return "YBR_FULL", "YBR_FULL_422, RLE"
    return None


@RULES.check(
    "pixel.photometric-jpeg",
    Severity.WARNING,
    "PhotometricInterpretation is YBR_FULL in lossy JPEG.",
    "PS3.5 8.2.1",
    why="Lossy JPEG in colour is YBR_FULL_422 or RGB, however it is subsampled; software that "
    "knows these two alone shows other colours.",
    fix="Set it to YBR_FULL_422: the compressed stream itself says how it is subsampled.",
)
def lossy_jpeg_is_not_ybr_full(instance: Instance) -> Iterator[Violation]:
    """Lossless JPEG may be YBR_FULL."""
    image, syntax = instance.image, instance.transfer_syntax
    element = _described(instance, PHOTOMETRIC_INTERPRETATION)
    if not (image and image.layout and syntax and element and syntax.codec is Codec.JPEG):
        return
    if image.layout.photometric == "YBR_FULL" and _must_be_lossy(syntax):
        yield Violation(element, "YBR_FULL_422 or RGB", "YBR_FULL")


@RULES.check(
    "pixel.planar-configuration",
    Severity.ERROR,
    "PlanarConfiguration is missing or neither 0 nor 1.",
    "PS3.3 C.7.6.3.1.3",
    why="It is unknown whether colours alternate by pixel or by plane; a wrong guess shows the "
    "image three times in grey stripes.",
    fix="Set it to 0 if the samples of a pixel are adjacent (subsampled ones always do), else "
    "to 1.",
    refusal="Readers guess in which order the colours are; a wrong guess is another image.",
)
def planar_configuration_is_known(instance: Instance) -> Iterator[Violation]:
    """Compressed frames have an order of their own."""
    image = instance.image
    if not (image and image.layout and not image.is_encapsulated and image.layout.samples > 1):
        return
    element = instance.dataset.get(PLANAR_CONFIGURATION)
    is_subsampled = image.layout.photometric.endswith("_422")
    expected, allowed = ("0", {0}) if is_subsampled else ("0 or 1", {0, 1})
    if element is None or not element.length:
        yield Violation(element or PLANAR_CONFIGURATION, expected)
    elif element.integer() not in allowed:
        yield Violation(element, expected, f"{element.integer()}")


@RULES.check(
    "pixel.palette-missing",
    Severity.ERROR,
    "The pixels are indices into a palette, and the palette or a part of it is missing.",
    "PS3.3 C.7.6.3.1.5",
    why="The indices mean nothing without their colours.",
    fix="Add descriptor and data of the red, green and blue look-up tables.",
    refusal="The colours of the pixels are not known.",
)
def palette_is_present(instance: Instance) -> Iterator[Violation]:
    """Three descriptors, and data for each, segmented or not."""
    image, dataset = instance.image, instance.dataset
    if not (image and image.layout and image.layout.photometric == "PALETTE COLOR"):
        return
    for descriptor, (data, segmented) in zip(_PALETTE, _PALETTE_DATA, strict=True):
        if not dataset.get(descriptor):
            yield Violation(descriptor)
        if not dataset.get(data) and not dataset.get(segmented):
            yield Violation(data)


@RULES.check(
    "pixel.extremes",
    Severity.WARNING,
    "SmallestImagePixelValue is greater than LargestImagePixelValue.",
    "PS3.3 C.7.6.3",
    why="Viewers that derive the first window from them show a black or inverted image.",
    fix="Compute both again from the pixels, or remove them; see that their VR fits the sign.",
)
def extremes_are_in_order(instance: Instance) -> Iterator[Violation]:
    """They are signed if the pixels are."""
    image, smallest = instance.image, instance.dataset.get(SMALLEST_IMAGE_PIXEL_VALUE)
    largest = instance.dataset.get(LARGEST_IMAGE_PIXEL_VALUE)
    if not (image and image.layout and smallest and largest):
        return
    low, high = (_extreme(element, signed=image.layout.signed) for element in (smallest, largest))
    if low is not None and high is not None and low > high:
        yield Violation(smallest, f"at most {high}", f"{low}")


def _described(instance: Instance, tag: int) -> Element | None:
    """An attribute that describes integer pixel data, if it has a value."""
    if not instance.image or instance.image.tag != PIXEL_DATA:
        return None
    element = instance.dataset.get(tag)
    return element if element and element.length else None


def _bits(instance: Instance) -> tuple[Element | None, int | None, int | None]:
    """BitsStored, its value, and that of BitsAllocated."""
    element = _described(instance, BITS_STORED)
    allocated = instance.image.number(BITS_ALLOCATED) if instance.image else None
    return element, element.integer() if element else None, allocated


def _extreme(element: Element, *, signed: bool) -> int | None:
    value = element.value(2)
    if len(value) < 2:
        return None
    return int.from_bytes(value, element.elements.byte_order, signed=signed)


def _must_be_lossy(syntax: TransferSyntax) -> bool:
    is_lossy_jpeg = syntax.codec is Codec.JPEG and bool(syntax.processes) and not syntax.lossless
    return is_lossy_jpeg or syntax.codec in _VIDEO


def _name(syntax: TransferSyntax) -> str:
    return syntax.codec.value if syntax.codec else "not compressed"
