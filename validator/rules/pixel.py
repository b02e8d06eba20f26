"""Rules of native pixel data and of what describes it (PS3.5 8, PS3.3 C.7.6.3)."""

from collections.abc import Iterator

from contracts.report import Severity
from validator.image import (
    BITS_ALLOCATED,
    DESCRIBING,
    NUMBER_OF_FRAMES,
    PIXEL_DATA,
    SAMPLES_PER_PIXEL,
)
from validator.instance import Instance
from validator.rule import Violation, rule
from validator.transfer_syntax import Pixels

_ENCAPSULATED = {Pixels.FRAMES, Pixels.ONE_FRAGMENT_PER_FRAME, Pixels.VIDEO}


@rule(
    "pixel.data-missing",
    Severity.ERROR,
    "The attributes of an image are there, its pixel data is not.",
    "PS3.3 C.7.6.3",
)
def described_pixels_are_present(instance: Instance) -> Iterator[Violation]:
    """A file that was cut right before the pixel data has no other defect."""
    dataset, syntax = instance.dataset, instance.transfer_syntax
    if instance.image or dataset.may_have(PIXEL_DATA):
        return
    is_elsewhere = syntax and syntax.pixels is Pixels.ELSEWHERE
    if not is_elsewhere and (dataset.get(SAMPLES_PER_PIXEL) or dataset.get(BITS_ALLOCATED)):
        yield Violation(PIXEL_DATA)


@rule(
    "pixel.attribute-missing",
    Severity.ERROR,
    "An attribute that describes the pixel data is absent or empty.",
    "PS3.3 C.7.6.3",
)
def pixels_are_described(instance: Instance) -> Iterator[Violation]:
    """Without it nobody knows the size of the image."""
    if instance.image:
        for tag in DESCRIBING[instance.image.tag]:
            element = instance.dataset.get(tag)
            if element is None:
                yield Violation(tag)
            elif element.is_empty:
                yield Violation(element)


@rule(
    "pixel.attribute-invalid",
    Severity.ERROR,
    "An attribute that describes the pixel data is not a positive number.",
    "PS3.3 C.7.6.3",
)
def pixel_attributes_are_positive(instance: Instance) -> Iterator[Violation]:
    """An image of no rows has no pixels."""
    if instance.image:
        for tag in DESCRIBING[instance.image.tag]:
            element = instance.dataset.get(tag)
            if element and not element.is_empty and instance.image.number(tag) is None:
                yield Violation(element, "a positive number", str(element.integer()))


@rule(
    "pixel.frame-count-invalid",
    Severity.WARNING,
    "The number of frames is not a positive number; one frame is assumed.",
    "PS3.3 C.7.6.6",
)
def frame_count_is_positive(instance: Instance) -> Iterator[Violation]:
    """Found in single-frame images, where all readers take it for one."""
    element = instance.dataset.get(NUMBER_OF_FRAMES)
    if instance.image and element and instance.image.number(NUMBER_OF_FRAMES) is None:
        yield Violation(element, "a positive number", element.value(64))


@rule(
    "pixel.length-short",
    Severity.ERROR,
    "The pixel data is shorter than the image.",
    "PS3.5 8.1.1",
)
def native_pixels_are_not_short(instance: Instance) -> Iterator[Violation]:
    """Rows x columns x samples x bits x frames."""
    image = instance.image
    if image and not image.is_encapsulated and image.native_length is not None:
        length, needed = image.pixel_data.length, image.native_length
        if length < needed and not _is_compressed(instance):
            yield Violation(image.pixel_data, f"{needed} bytes", f"{length} bytes")


@rule(
    "pixel.length-long",
    Severity.WARNING,
    "The pixel data is longer than the image.",
    "PS3.5 8.1.1",
)
def native_pixels_are_not_long(instance: Instance) -> Iterator[Violation]:
    """One byte of padding makes an odd length even."""
    image = instance.image
    if image and not image.is_encapsulated and image.native_length is not None:
        length, needed = image.pixel_data.length, image.native_length + image.native_length % 2
        if length > needed and not _is_compressed(instance):
            yield Violation(image.pixel_data, f"{needed} bytes", f"{length} bytes")


@rule(
    "pixel.native-unexpected",
    Severity.ERROR,
    "The pixel data is in native format, the transfer syntax asks for fragments.",
    "PS3.5 A.4",
)
def compressed_pixels_are_encapsulated(instance: Instance) -> Iterator[Violation]:
    """Only the pixel data at the top: an icon may be in native format."""
    image = instance.image
    is_native = image and image.tag == PIXEL_DATA and not image.is_encapsulated
    if image and is_native and _is_compressed(instance):
        yield Violation(image.pixel_data)


@rule(
    "pixel.encapsulated-unexpected",
    Severity.ERROR,
    "The pixel data is in fragments, the transfer syntax asks for native format.",
    "PS3.5 A.4",
)
def native_pixels_are_not_encapsulated(instance: Instance) -> Iterator[Violation]:
    """The declared transfer syntax is that of the uncompressed image."""
    image, syntax = instance.image, instance.transfer_syntax
    if image and syntax and syntax.pixels is Pixels.NATIVE and image.is_encapsulated:
        yield Violation(image.pixel_data)


def _is_compressed(instance: Instance) -> bool:
    syntax = instance.transfer_syntax
    return syntax is not None and syntax.pixels in _ENCAPSULATED
