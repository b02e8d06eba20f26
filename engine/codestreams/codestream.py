"""What the header of a compressed frame says, and how it can be broken."""

from fractions import Fraction
from typing import NamedTuple

from engine.codestreams.frame import Frame
from engine.encoding.transfer_syntax import Codec

_TAIL = 64 * 1024
"""Where the marker that ends a codestream is looked for, in bytes from the end of the frame."""
_END = b"\xff\xd9"
"""Ends an image in JPEG and JPEG-LS (EOI) as well as in JPEG 2000 (EOC)."""


SAMPLINGS = {0: "4:0:0", 1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}
"""How many samples of chrominance there are, by the number of the format in video headers."""


HIERARCHY = 0xDE
"""The second byte of the marker (DHP) that a hierarchical JPEG image begins with."""


class Codestream(NamedTuple):
    """The header of one compressed image; None is what it does not say."""

    codec: Codec
    rows: int | None = None
    columns: int | None = None
    components: int | None = None
    precision: int | None = None
    """Bits of a sample; of the one with the most if they differ."""
    signed: bool | None = None
    lossless: bool | None = None
    """Whether the samples come out as they went in."""
    process: int | None = None
    """The JPEG process, by the second byte of the marker that starts the frame header; `HIERARCHY`
    for an image of several frames that refine each other."""
    whole_spectrum: bool = True
    """Whether the first scan of a sequential JPEG process covers all coefficients, as it must."""
    predictor: int | None = None
    """How lossless JPEG predicts a sample (ISO/IEC 10918-1 table H.1)."""
    progression: int | None = None
    """The order of progression in JPEG 2000 (ISO/IEC 15444-1 table A.16)."""
    transformed: bool | None = None
    """Whether the colours have been transformed, as far as the codestream says."""
    subsampled: bool = False
    """Whether some components have fewer samples than others."""
    segments: int | None = None
    """How many segments an RLE frame has."""
    length: int | None = None
    """The length of an uncompressed frame, in bytes."""
    sampling: str | None = None
    """How many samples of chrominance a video has, such as `4:2:0`."""
    rate: Fraction | None = None
    """Frames a second."""
    progressive: bool = True
    """Whether a video has whole frames, not fields."""
    frames: int | None = None
    """How many frames a video has."""
    profile: int | None = None
    """The profile of a video, by its number in the header."""
    level: int | None = None
    """The level of a video, likewise."""
    decompositions: int | None = None
    """How many times JPEG 2000 halves the size of the image."""
    tile_lengths: bool = False
    """Whether the main header of JPEG 2000 has the lengths of the tile-parts."""
    consistent: bool = True
    """Whether capabilities and coding style of JPEG 2000 agree on high throughput."""
    wrapped: bool = False
    """Whether the codestream is in a file format of its own."""
    ended: bool = True
    """Whether it ends with the end marker."""
    trailing: bool = False
    """Whether more than padding follows that marker."""


class InvalidError(Exception):
    """The bytes are no codestream; the text says why, in our words."""


class TruncatedError(Exception):
    """The codestream reaches beyond the frame; the text says where."""


def find_end(frame: Frame, start: int) -> tuple[bool, bool]:
    """Whether the end marker is there, and whether more than padding follows it.

    Neither the entropy-coded data of JPEG nor the packets of JPEG 2000 can contain the marker.

    Args:
        frame: the frame.
        start: where compressed data begins, in bytes.
    """
    for size in (16, _TAIL):
        tail = frame.read(max(frame.length - size, start), size)
        position = tail.rfind(_END)
        if position >= 0:
            return True, is_more_than_padding(tail[position + 2 :])
    return False, False


def is_more_than_padding(rest: bytes) -> bool:
    """Whether bytes are more than one of any value, or null bytes."""
    return len(rest) > 1 and any(rest)
