"""Decodes one frame of an instance, as the engine has read it."""

from mmap import mmap
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from descriptor.codecs import decoder_of
from descriptor.frame_attributes import FrameAttributes
from descriptor.unrenderable import UnrenderableError
from engine.encoding import vr as vrs
from engine.encoding.elements import Element
from engine.encoding.reading import DicomFile
from engine.image import Image, Layout
from engine.tags import (
    BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    DOUBLE_FLOAT_PIXEL_DATA,
    EXTENDED_OFFSET_TABLE,
    EXTENDED_OFFSET_TABLE_LENGTHS,
    FLOAT_PIXEL_DATA,
    GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    PIXEL_DATA,
    PLANAR_CONFIGURATION,
    RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    TRANSFER_SYNTAX_UID,
)

MAX_SAMPLES = 32 * 1024 * 1024
"""Larger frames are not decoded: more than any digital mammogram or radiograph has."""

_KEYWORDS = {
    PIXEL_DATA: "PixelData",
    FLOAT_PIXEL_DATA: "FloatPixelData",
    DOUBLE_FLOAT_PIXEL_DATA: "DoubleFloatPixelData",
}
_PALETTE_DESCRIPTORS = (
    RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
)
_PALETTE_DATA = (
    RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
)

Samples = np.ndarray[Any, np.dtype[Any]]


class Frame(NamedTuple):
    """A decoded frame."""

    attributes: FrameAttributes
    photometric: str
    """The photometric interpretation of the samples, which is not always that of the file."""
    bits_stored: int
    samples: Samples
    """Rows, columns and, in colour, three samples."""


def middle_frame(dicom: DicomFile) -> Frame:
    """Decode the middle frame of an instance.

    Raises:
        UnrenderableError: it has no image, one that is too large, or one that cannot be decoded
            here.
        Exception: with an untrusted file pydicom and the decoders may raise anything.
    """
    image = Image.of(dicom.dataset)
    layout = image.layout if image else None
    if image is None or layout is None:
        is_cut_off = dicom.dataset.may_have(PIXEL_DATA)
        raise UnrenderableError("undecodable" if is_cut_off else "no-image")
    if layout.rows * layout.columns * layout.samples > MAX_SAMPLES:
        raise UnrenderableError("too-large")
    uid = dicom.meta.text(TRANSFER_SYNTAX_UID) if dicom.meta else ""
    # A deflated data set has been inflated when it was read.
    is_deflated = uid == DeflatedExplicitVRLittleEndian
    decoder = decoder_of(ExplicitVRLittleEndian if is_deflated else uid)
    if decoder is None:
        raise UnrenderableError("unsupported")
    index = image.frames // 2
    attributes = FrameAttributes.of(dicom.dataset, index)
    samples, decoded = decoder.as_array(
        _source(image.pixel_data), index=index, **_options(image, layout, attributes)
    )
    photometric = str(decoded["photometric_interpretation"])
    if photometric == "PALETTE COLOR":
        samples = apply_color_lut(samples, _palette(attributes))
    return Frame(attributes, photometric, layout.bits_stored, samples)


def _source(pixel_data: Element) -> memoryview | BinaryIO:
    """What pydicom reads the frame from, so that it need not read or copy the others."""
    data, offset = pixel_data.elements.data, pixel_data.offset
    if isinstance(data, mmap):
        data.seek(offset)
        return cast("BinaryIO", data)
    return memoryview(data)[offset:][: pixel_data.length]


def _options(image: Image, layout: Layout, attributes: FrameAttributes) -> dict[str, Any]:
    """What pydicom's decoders have to know."""
    options: dict[str, Any] = {
        "number_of_frames": layout.frames,
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "planar_configuration": int(attributes.number(PLANAR_CONFIGURATION) or 0),
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "pixel_keyword": _KEYWORDS[image.tag],
        "pixel_vr": vrs.NAMES[image.pixel_data.vr],
    }
    offsets = attributes.raw(EXTENDED_OFFSET_TABLE)
    if offsets:
        options["extended_offsets"] = (offsets, attributes.raw(EXTENDED_OFFSET_TABLE_LENGTHS))
    return options


def _palette(attributes: FrameAttributes) -> Dataset:
    """The palette of a frame, as pydicom wants it."""
    palette = Dataset()
    palette.set_original_encoding(
        is_implicit_vr=False, is_little_endian=attributes.little_endian, character_encoding=None
    )
    for tag in _PALETTE_DESCRIPTORS:
        if descriptor := attributes.lut(tag):
            palette.add_new(tag, "SS", list(descriptor))
    for tag in _PALETTE_DATA:
        if data := attributes.raw(tag):
            palette.add_new(tag, "OW", data)
    return palette
