"""Rules of native pixel data and of the attributes with its size (PS3.5 8, PS3.3 C.7.6.3)."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.encoding.transfer_syntax import Pixels
from engine.image import DESCRIBING
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.standard.facts import load
from engine.tags import (
    BITS_ALLOCATED,
    NUMBER_OF_FRAMES,
    PIXEL_DATA,
    PIXEL_DATA_PROVIDER_URL,
    SAMPLES_PER_PIXEL,
    SOP_CLASS_UID,
)
from engine.violation import Violation

RULES = RuleSet(__name__)

_ENCAPSULATED = {Pixels.FRAMES, Pixels.ONE_FRAGMENT_PER_FRAME, Pixels.VIDEO}


@RULES.check(
    "pixel.data-missing",
    Severity.ERROR,
    "The instance is an image, and its pixel data is not there.",
    "PS3.3 C.7.6.3",
    why="There is nothing to show; as a rule the file was cut right before its pixels.",
    fix="Transfer the file again from where it is whole.",
    refusal="There is no image in the image.",
)
def described_pixels_are_present(instance: Instance) -> Iterator[Violation]:
    """A file that was cut between two elements before the pixel data has no other defect."""
    dataset, syntax = instance.dataset, instance.transfer_syntax
    if instance.image or dataset.may_have(PIXEL_DATA):
        return
    is_elsewhere = (syntax and syntax.pixels is Pixels.ELSEWHERE) or dataset.get(
        PIXEL_DATA_PROVIDER_URL
    )
    is_described = dataset.get(SAMPLES_PER_PIXEL) or dataset.get(BITS_ALLOCATED)
    if not is_elsewhere and (is_described or _is_of_images(dataset.text(SOP_CLASS_UID))):
        yield Violation(PIXEL_DATA)


def _is_of_images(sop_class: str) -> bool:
    """Whether every instance of a SOP class has pixels."""
    iod = load().iod_of(sop_class)
    return iod is not None and any(
        usage.module == "image-pixel" and usage.usage == "M" for usage in iod.modules
    )


@RULES.check(
    "pixel.attribute-missing",
    Severity.ERROR,
    "An attribute that describes the pixel data is absent or empty.",
    "PS3.3 C.7.6.3",
    why="It is unknown how large the image is and where a pixel begins.",
    fix="Add the attribute with the value of the original image.",
    refusal="No reader can show the pixels without it.",
)
def pixels_are_described(instance: Instance) -> Iterator[Violation]:
    """Without it the size of the image is unknown."""
    if instance.image:
        for tag in DESCRIBING[instance.image.tag]:
            element = instance.dataset.get(tag)
            if element is None:
                yield Violation(tag)
            elif element.is_empty:
                yield Violation(element)


@RULES.check(
    "pixel.attribute-invalid",
    Severity.ERROR,
    "An attribute that describes the pixel data is not a positive number.",
    "PS3.3 C.7.6.3",
    why="An image of no rows or no bits cannot be shown.",
    fix="Set the attribute to the value of the original image.",
    refusal="No reader can show the pixels with it.",
)
def pixel_attributes_are_positive(instance: Instance) -> Iterator[Violation]:
    """An image of no rows has no pixels."""
    if instance.image:
        for tag in DESCRIBING[instance.image.tag]:
            element = instance.dataset.get(tag)
            if element and not element.is_empty and instance.image.number(tag) is None:
                yield Violation(element, "a positive number", str(element.integer()))


@RULES.check(
    "pixel.frame-count-invalid",
    Severity.WARNING,
    "The number of frames is not a positive number; one frame is assumed.",
    "PS3.3 C.7.6.6",
    why="Readers that believe the number show nothing, others one frame.",
    fix="Set NumberOfFrames to the number of frames, or leave it out of an image of one frame.",
)
def frame_count_is_positive(instance: Instance) -> Iterator[Violation]:
    """Found in single-frame images, where all readers take it for one."""
    element = instance.dataset.get(NUMBER_OF_FRAMES)
    if instance.image and element and instance.image.number(NUMBER_OF_FRAMES) is None:
        yield Violation(element, "a positive number", value=element.value(64))


@RULES.check(
    "pixel.length-short",
    Severity.ERROR,
    "The pixel data is shorter than the image.",
    "PS3.5 8.1.1",
    why="The lower part of the image or its last frames are lost.",
    fix="Transfer the image again, or correct the attributes that give its size.",
    refusal="A part of the image is lost.",
)
def native_pixels_are_not_short(instance: Instance) -> Iterator[Violation]:
    """Rows x columns x samples x bits x frames."""
    image = instance.image
    if image and not image.is_encapsulated and image.native_length is not None:
        length, needed = image.pixel_data.length, image.native_length
        if length < needed and not _is_compressed(instance):
            yield Violation(image.pixel_data, f"{needed} bytes", f"{length} bytes")


@RULES.check(
    "pixel.length-long",
    Severity.WARNING,
    "The pixel data is longer than the image.",
    "PS3.5 8.1.1",
    why="Either the size of the image is wrong, so that it appears sheared, or bytes are in it "
    "that no viewer shows.",
    fix="Cut the pixel data off behind the last pixel, or correct the attributes that give its "
    "size.",
)
def native_pixels_are_not_long(instance: Instance) -> Iterator[Violation]:
    """One byte of padding makes an odd length even."""
    image = instance.image
    if image and not image.is_encapsulated and image.native_length is not None:
        length, needed = image.pixel_data.length, image.native_length + image.native_length % 2
        if length > needed and not _is_compressed(instance):
            yield Violation(image.pixel_data, f"{needed} bytes", f"{length} bytes")


@RULES.check(
    "pixel.native-unexpected",
    Severity.ERROR,
    "The pixel data is in native format, the transfer syntax requires fragments.",
    "PS3.5 A.4",
    why="Readers look for fragments and find pixels: most refuse the image.",
    fix="Set the transfer syntax UID to an uncompressed one, or compress the pixels.",
    refusal="Readers take the pixels for compressed ones, or the other way round.",
)
def compressed_pixels_are_encapsulated(instance: Instance) -> Iterator[Violation]:
    """Only the pixel data at the top: an icon may be in native format."""
    image = instance.image
    is_native = image and image.tag == PIXEL_DATA and not image.is_encapsulated
    if image and is_native and _is_compressed(instance):
        yield Violation(image.pixel_data)


@RULES.check(
    "pixel.encapsulated-unexpected",
    Severity.ERROR,
    "The pixel data is in fragments, the transfer syntax requires native format.",
    "PS3.5 A.4",
    why="Readers take the compressed bytes for pixels and show noise.",
    fix="Set the transfer syntax UID to that of the compression.",
    refusal="Readers take the fragments for pixels.",
)
def native_pixels_are_not_encapsulated(instance: Instance) -> Iterator[Violation]:
    """The declared transfer syntax is that of the uncompressed image."""
    image, syntax = instance.image, instance.transfer_syntax
    if image and syntax and syntax.pixels is Pixels.NATIVE and image.is_encapsulated:
        yield Violation(image.pixel_data)


@RULES.check(
    "pixel.vr",
    Severity.WARNING,
    "The pixel data has a value representation that does not fit its bits or its encapsulation.",
    "PS3.5 A.2",
    why="Software that swaps bytes, or stores the values in words, goes by it and spoils the "
    "pixels.",
    fix="Write OW for samples of more than 8 bits, and OB for fragments.",
)
def value_representation_fits(instance: Instance) -> Iterator[Violation]:
    """Where the VR is written; in implicit VR it follows from the dictionary."""
    image = instance.image
    if image is None or image.tag != PIXEL_DATA or not image.layout:
        return
    element = image.pixel_data
    # Behind the VR are two reserved bytes and the length.
    start = element.offset - 8
    written = bytes(image.dataset.data[start : start + 2])
    expected = b"OB" if image.is_encapsulated else b"OW"
    if image.layout.bits_allocated <= 8 and not image.is_encapsulated:
        return
    if written in {b"OB", b"OW"} and written != expected:
        section = "PS3.5 A.4" if image.is_encapsulated else "PS3.5 A.2"
        yield Violation(element, expected.decode(), written.decode(), section=section)


@RULES.check(
    "pixel.data-ambiguous",
    Severity.ERROR,
    "The data set has more than one of PixelData, FloatPixelData and DoubleFloatPixelData.",
    "PS3.3 C.7.6.3",
    why="Readers disagree on which of them is the image.",
    fix="Keep the one that is the image, and put the other into an instance of its own.",
    refusal="It is two images in one; which of them a reader shows is chance.",
)
def pixel_data_is_of_one_kind(instance: Instance) -> Iterator[Violation]:
    """Integers, floats or doubles."""
    if instance.image:
        for tag in DESCRIBING:
            other = instance.dataset.get(tag)
            if other and tag != instance.image.tag:
                yield Violation(other)


def _is_compressed(instance: Instance) -> bool:
    syntax = instance.transfer_syntax
    return syntax is not None and syntax.pixels in _ENCAPSULATED
