"""Renders a frame of an instance for people to see: a PNG of at most 512 pixels a side."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from descriptor.description import LIMITS
from descriptor.frame import Frame, Samples, middle_frame
from descriptor.frame_attributes import FrameAttributes
from descriptor.greyscale import Transformation, modality_lut, voi_lut
from descriptor.png import png_of
from descriptor.unrenderable import UnrenderableError
from engine.encoding.mapping import map_file
from engine.encoding.reading import DicomFile, read
from engine.image import Image as PixelImage
from engine.muting import muted
from engine.tags import (
    IMAGER_PIXEL_SPACING,
    NOMINAL_SCANNED_PIXEL_SPACING,
    PIXEL_ASPECT_RATIO,
    PIXEL_PADDING_VALUE,
    PIXEL_SPACING,
)

LONGEST_SIDE = 512
"""Pixels."""
QUICK_SAMPLES = 4 * 1024 * 1024
"""Frames up to this size are rendered in some milliseconds if they are not compressed."""

_ASPECTS = (
    PIXEL_ASPECT_RATIO,
    PIXEL_SPACING,
    IMAGER_PIXEL_SPACING,
    NOMINAL_SCANNED_PIXEL_SPACING,
)
_STRIP_ROWS = 256


def render(path: Path) -> bytes:
    """Render the middle frame of an instance.

    It is meant for a process with limits on time and memory: the file is untrusted.

    Args:
        path: the file of the instance.

    Returns:
        A PNG, grey or RGB.

    Raises:
        UnrenderableError: it has no image, or none that can be rendered.
        OSError: it cannot be read.
    """
    with muted():
        return _render(_require(read(map_file(path), LIMITS, lambda _: None)))


def render_quickly(dicom: DicomFile | None) -> bytes | None:
    """Render the middle frame of an instance, if that takes a few milliseconds; see `render`.

    Args:
        dicom: the file of the instance, as it has been read; None if it is not a DICOM file.

    Returns:
        None if the frame is compressed or large: a decoder may take any time for it.

    Raises:
        UnrenderableError: it has no image, or none that can be rendered.
    """
    with muted():
        dicom = _require(dicom)
        image = PixelImage.of(dicom.dataset)
        if image is None or image.is_encapsulated:
            return None
        layout = image.layout
        if layout is None or layout.rows * layout.columns * layout.samples > QUICK_SAMPLES:
            return None
        return _render(dicom)


def _require(dicom: DicomFile | None) -> DicomFile:
    if dicom is None:
        raise UnrenderableError("no-image")
    return dicom


def _render(dicom: DicomFile) -> bytes:
    try:
        frame = middle_frame(dicom)
        pixels = _pixels(frame)
        size = _size(frame.attributes, pixels)
        return png_of(_resized(pixels, size))
    except (UnrenderableError, MemoryError, OSError):
        raise
    # With an untrusted file pydicom and the decoders may raise anything.
    except Exception:  # noqa: BLE001 -- see above
        raise UnrenderableError("undecodable") from None


def _resized(pixels: Samples, size: tuple[int, int]) -> Samples:
    """A picture of another width and height."""
    height, width = pixels.shape[:2]
    if size == (width, height):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _pixels(frame: Frame) -> Samples:
    if frame.photometric in {"MONOCHROME1", "MONOCHROME2"}:
        return _grey(frame)
    if frame.photometric == "PALETTE COLOR":
        # Some palettes have 8 bits in each word of 16.
        return _eight_bits(frame.samples, 8 if frame.samples.max() < 256 else 16)
    if frame.photometric == "RGB":
        return _eight_bits(frame.samples, frame.bits_stored)
    raise UnrenderableError("unsupported")


def _grey(frame: Frame) -> Samples:
    """Rescaled, windowed and, if need be, inverted samples, 8 bits each."""
    attributes, samples = frame.attributes, frame.samples
    values = modality_lut(attributes)

    def seen() -> Samples:
        step = max(1, math.isqrt(samples.size) // 1000)
        few = samples[::step, ::step]
        padding = attributes.sample(PIXEL_PADDING_VALUE)
        return values(few if padding is None else few[few != padding])

    brightness = voi_lut(attributes, seen)

    def tones(samples: Samples) -> Samples:
        shares = np.nan_to_num(brightness(values(samples)))
        rounded: Samples = np.rint(np.clip(shares, 0, 1) * 255)
        return rounded.astype(np.uint8)

    grey = _mapped(samples, tones)
    return 255 - grey if frame.photometric == "MONOCHROME1" else grey


def _mapped(samples: Samples, tones: Transformation) -> Samples:
    """The tone of each sample.

    A frame usually has more samples than different values, so these are mapped instead.
    """
    if samples.dtype.kind in "iu" and samples.itemsize <= 2:
        lowest, highest = int(samples.min()), int(samples.max())
        if highest - lowest < samples.size:
            unsigned = samples.dtype.str.replace("i", "u")
            values = np.arange(lowest, highest + 1).astype(samples.dtype)
            table = np.empty(1 << 8 * samples.itemsize, np.uint8)
            table[values.view(unsigned)] = tones(values)
            return table.take(samples.view(unsigned))
    mapped = np.empty(samples.shape, np.uint8)
    # A strip at a time, as the steps between need eight bytes for each sample.
    for start in range(0, len(samples), _STRIP_ROWS):
        strip = slice(start, start + _STRIP_ROWS)
        mapped[strip] = tones(samples[strip])
    return mapped


def _eight_bits(colours: Samples, bits: int) -> Samples:
    return (colours >> max(0, bits - 8)).astype(np.uint8)


def _size(attributes: FrameAttributes, pixels: Samples) -> tuple[int, int]:
    """Width and height in square pixels, shrunk to `LONGEST_SIDE` (PS3.3 C.7.6.3.1.7)."""
    rows, columns = pixels.shape[:2]
    width, height = float(columns), rows * _aspect(attributes)
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _aspect(attributes: FrameAttributes) -> float:
    """Height of a pixel by its width; 1 when it is not known or cannot be."""
    for tag in _ASPECTS:
        numbers = attributes.numbers(tag)
        if len(numbers) == 2 and numbers[1] and 1 / 16 <= numbers[0] / numbers[1] <= 16:
            return numbers[0] / numbers[1]
    return 1.0
