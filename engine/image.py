"""The image of a data set: the attributes that describe its pixels, and where the pixels are."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from engine.encoding.elements import UNDEFINED_LENGTH, Element, Elements
from engine.tags import (
    BITS_ALLOCATED,
    BITS_STORED,
    COLUMNS,
    DOUBLE_FLOAT_PIXEL_DATA,
    FLOAT_PIXEL_DATA,
    NUMBER_OF_FRAMES,
    PHOTOMETRIC_INTERPRETATION,
    PIXEL_DATA,
    PIXEL_REPRESENTATION,
    ROWS,
    SAMPLES_PER_PIXEL,
)

DESCRIBING = {
    PIXEL_DATA: (SAMPLES_PER_PIXEL, ROWS, COLUMNS, BITS_ALLOCATED),
    FLOAT_PIXEL_DATA: (ROWS, COLUMNS),
    DOUBLE_FLOAT_PIXEL_DATA: (ROWS, COLUMNS),
}
"""What must be known to know the size of the pixel data (PS3.3 C.7.6.3, C.7.6.24)."""

FLOAT_BITS = {FLOAT_PIXEL_DATA: 32, DOUBLE_FLOAT_PIXEL_DATA: 64}
"""How many bits a sample of each kind of float pixel data has."""

_SUBSAMPLED = {"YBR_FULL_422": (2, 3), "YBR_PARTIAL_422": (2, 3), "YBR_PARTIAL_420": (1, 2)}
"""How much of three samples a pixel keeps where chrominance is subsampled (PS3.3 C.7.6.3.1.2)."""


class Layout(NamedTuple):
    """How the samples of an uncompressed image are laid out."""

    frames: int
    rows: int
    columns: int
    samples: int
    """Samples of a pixel."""
    photometric: str
    """The photometric interpretation."""
    bits_allocated: int
    bits_stored: int
    signed: bool

    @classmethod
    def of(cls, get: Callable[[int], Element | None], tag: int = PIXEL_DATA) -> "Layout | None":
        """The layout of an image; None if the attributes do not give its size.

        Args:
            get: finds the element with a tag in the data set or item that the image is in.
            tag: which of the three kinds of pixel data it is.
        """

        def number(tag: int) -> int:
            element = get(tag)
            return max(element.integer() or 0, 0) if element else 0

        photometric = get(PHOTOMETRIC_INTERPRETATION)
        bits = FLOAT_BITS.get(tag) or number(BITS_ALLOCATED)
        layout = cls(
            frames=number(NUMBER_OF_FRAMES) or 1,
            rows=number(ROWS),
            columns=number(COLUMNS),
            samples=number(SAMPLES_PER_PIXEL) if tag == PIXEL_DATA else 1,
            photometric=photometric.text(64) if photometric else "",
            bits_allocated=bits,
            bits_stored=number(BITS_STORED) or bits,
            signed=number(PIXEL_REPRESENTATION) == 1,
        )
        return layout if layout.frame_bits else None

    @property
    def frame_bits(self) -> int:
        """The size of one frame in native format, in bits."""
        bits = self.rows * self.columns * self.samples * self.bits_allocated
        if self.samples > 1:
            kept, of = _SUBSAMPLED.get(self.photometric, (1, 1))
            bits = bits * kept // of
        return bits

    @property
    def native_length(self) -> int:
        """The size of all frames in native format without padding, in bytes.

        Single bits are packed across rows and frames (PS3.5 8.1.1).
        """
        return (self.frame_bits * self.frames + 7) // 8


@dataclass(frozen=True)
class Fragments:
    """Encapsulated pixel data (PS3.5 A.4).

    Attributes:
        offset_table: the first item, the basic offset table; None if there are no items.
        starts: where each fragment's item starts, in bytes from that of the first one, the way
            offset tables count.
        lengths: the length of each fragment in bytes.
        pixel_data: the element that they are the value of.
    """

    offset_table: Element | None
    starts: "array[int]"
    lengths: "array[int]"
    pixel_data: Element

    @classmethod
    def of(cls, pixel_data: Element) -> "Fragments":
        """The fragments of encapsulated pixel data."""
        elements, row = pixel_data
        items = elements.parents[row + 1 :].count(row)
        offsets = elements.offsets[row + 2 : row + 1 + items]
        return cls(
            offset_table=Element(elements, row + 1) if items else None,
            starts=array("Q", (offset - offsets[0] for offset in offsets)),
            lengths=elements.lengths[row + 2 : row + 1 + items],
            pixel_data=pixel_data,
        )


@dataclass(frozen=True)
class Image:
    """The pixel data at the top of a data set and what describes it."""

    dataset: Elements
    pixel_data: Element
    tag: int
    """Which of the three kinds of pixel data it is."""

    @classmethod
    def of(cls, dataset: Elements) -> "Image | None":
        """The image of a data set; None if there is no pixel data."""
        for tag in DESCRIBING:
            pixel_data = dataset.get(tag)
            if pixel_data is not None:
                return cls(dataset, pixel_data, tag)
        return None

    @property
    def is_encapsulated(self) -> bool:
        """Whether the pixel data consists of fragments."""
        return self.pixel_data.length == UNDEFINED_LENGTH

    @cached_property
    def frames(self) -> int:
        """Number of frames; one unless the data set says otherwise (PS3.3 C.7.6.6)."""
        return self.number(NUMBER_OF_FRAMES) or 1

    @cached_property
    def layout(self) -> Layout | None:
        """How its pixels are laid out in native format; None if the data set does not say."""
        return Layout.of(self.dataset.get, self.tag)

    @property
    def native_length(self) -> int | None:
        """Length of the pixels in native format without padding, in bytes.

        None if the data set does not say.
        """
        return self.layout.native_length if self.layout else None

    @cached_property
    def fragments(self) -> Fragments | None:
        """The fragments, if the pixel data is encapsulated and was read to its end."""
        if not (self.is_encapsulated and self.dataset.complete):
            return None
        return Fragments.of(self.pixel_data)

    def number(self, tag: int) -> int | None:
        """The value of an attribute that counts something; None if absent or not positive."""
        element = self.dataset.get(tag)
        value = None if element is None else element.integer()
        return value if value is not None and value > 0 else None
