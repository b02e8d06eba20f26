"""Renders a frame of an instance for people to see: a PNG of at most 512 pixels a side."""

import io
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import DeflatedExplicitVRLittleEndian

from descriptor.codecs import decoder_of
from descriptor.unrenderable import UnrenderableError
from descriptor.voi_lut import voi_lut
from engine.muting import muted

LONGEST_SIDE = 512
"""Pixels."""
MAX_SAMPLES = 32 * 1024 * 1024
"""Larger frames are not decoded: more than any digital mammogram or radiograph has."""

_PIXEL_KEYWORDS = {8: "FloatPixelData", 9: "DoubleFloatPixelData", 0x10: "PixelData"}
_GROUPS = ("PixelValueTransformationSequence", "FrameVOILUTSequence", "PixelMeasuresSequence")
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_TAGS: list[Any] = [
    *range(0x00280002, 0x00280200),
    *range(0x00281050, 0x00281224),
    "ModalityLUTSequence",
    "VOILUTSequence",
    *_SPACINGS,
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
]
_STRIP_ROWS = 256

Samples = np.ndarray[Any, np.dtype[Any]]


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
    with muted(), path.open("rb") as stream:
        try:
            dataset, samples = _decode(stream)
            image = _image(dataset, samples)
        except (UnrenderableError, MemoryError, OSError):
            raise
        # With an untrusted file pydicom and the decoders may raise anything.
        except Exception:  # noqa: BLE001
            raise UnrenderableError("undecodable") from None
        png = io.BytesIO()
        image.resize(_size(dataset, image), Image.Resampling.BILINEAR).save(png, "PNG")
        return png.getvalue()


def _decode(stream: BinaryIO) -> tuple[Dataset, Samples]:
    """The middle frame: what describes it, and its samples, grey or in RGB or indices."""
    stream.seek(0)
    dataset = dcmread(stream, force=True, stop_before_pixels=True, specific_tags=_TAGS)
    size = [dataset.get(name) or 0 for name in ("Rows", "Columns")]
    if not all(size):
        raise UnrenderableError("no-image")
    if math.prod(size) * (dataset.get("SamplesPerPixel") or 1) > MAX_SAMPLES:
        raise UnrenderableError("too-large")
    uid = dataset.file_meta.get("TransferSyntaxUID", "")
    decoder = decoder_of(uid)
    if decoder is None:
        raise UnrenderableError("unsupported")
    index = int(dataset.get("NumberOfFrames") or 1) // 2
    if uid == DeflatedExplicitVRLittleEndian:
        stream.seek(0)
        samples, properties = decoder.as_array(dcmread(stream, force=True), index=index)
    else:
        options = {**as_pixel_options(dataset), **_pixel_element(stream, dataset)}
        samples, properties = decoder.as_array(stream, index=index, **options)
    dataset.PhotometricInterpretation = properties["photometric_interpretation"]
    _flatten(dataset, index)
    return dataset, samples


def _pixel_element(stream: BinaryIO, dataset: Dataset) -> dict[str, str]:
    """Go to the value of the pixel data, before which reading has stopped.

    Returns:
        What pydicom's decoder has to know of the element.
    """
    implicit, little_endian = dataset.original_encoding
    order = "<" if little_endian else ">"
    header = stream.read(8)
    if len(header) < 8:
        raise UnrenderableError("no-image")
    group, element = struct.unpack(f"{order}HH", header[:4])
    if group != 0x7FE0 or element not in _PIXEL_KEYWORDS:
        raise UnrenderableError("no-image")
    options = {"pixel_keyword": _PIXEL_KEYWORDS[element]}
    if not implicit:
        stream.read(4)
        options["pixel_vr"] = header[4:6].decode("ascii")
    return options


def _flatten(dataset: Dataset, index: int) -> None:
    """Let the attributes of a frame's functional groups (PS3.3 C.7.6.16) be those of the image."""
    groups = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    groups += list(dataset.get("PerFrameFunctionalGroupsSequence") or [])[index : index + 1]
    for group in groups:
        for name in _GROUPS:
            for item in list(group.get(name) or [])[:1]:
                dataset.update(item)


def _image(dataset: Dataset, samples: Samples) -> Image.Image:
    photometric = dataset.PhotometricInterpretation
    if photometric in {"MONOCHROME1", "MONOCHROME2"}:
        return Image.fromarray(_grey(dataset, samples))
    if photometric == "PALETTE COLOR":
        colours = apply_color_lut(samples, dataset)
        # Some palettes have 8 bits in each word of 16.
        return Image.fromarray(_eight_bits(colours, 8 if colours.max() < 256 else 16))
    if photometric == "RGB":
        return Image.fromarray(_eight_bits(samples, dataset.BitsStored))
    raise UnrenderableError("unsupported")


def _grey(dataset: Dataset, samples: Samples) -> Samples:
    """Rescaled, windowed and, if need be, inverted samples, 8 bits each."""
    step = max(1, math.isqrt(samples.size) // 1000)
    few = samples[::step, ::step]
    padding = dataset.get("PixelPaddingValue")
    seen = few[few != padding] if padding is not None else few
    brightness: Callable[[Samples], Samples] = voi_lut(dataset, apply_modality_lut(seen, dataset))
    grey = np.empty(samples.shape, np.uint8)
    # A strip at a time, as the steps between need eight bytes for each sample.
    for start in range(0, len(samples), _STRIP_ROWS):
        strip = slice(start, start + _STRIP_ROWS)
        shares = np.nan_to_num(brightness(apply_modality_lut(samples[strip], dataset)))
        grey[strip] = np.rint(np.clip(shares, 0, 1) * 255)
    return 255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey


def _eight_bits(colours: Samples, bits: int) -> Samples:
    return (colours >> max(0, bits - 8)).astype(np.uint8)


def _size(dataset: Dataset, image: Image.Image) -> tuple[int, int]:
    """Width and height in square pixels, shrunk to `LONGEST_SIDE` (PS3.3 C.7.6.3.1.7)."""
    width, height = float(image.width), image.height * _aspect(dataset)
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _aspect(dataset: Dataset) -> float:
    """Height of a pixel by its width; 1 when it is not known or cannot be."""
    for name in ("PixelAspectRatio", *_SPACINGS):
        try:
            vertical, horizontal = map(float, dataset.get(name) or ())
            aspect = vertical / horizontal
        except (TypeError, ValueError, ZeroDivisionError):
            continue
        if 1 / 16 <= aspect <= 16:
            return aspect
    return 1.0
