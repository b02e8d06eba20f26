"""Transfer syntaxes: how each encodes the data set and the pixel data (PS3.5 10, Annex A)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from struct import Struct
from typing import Any, Literal

UnpackFrom = Callable[..., tuple[Any, ...]]
"""`Struct.unpack_from`: the fields at an offset of a buffer."""


@dataclass(frozen=True, eq=False)
class Encoding:
    """How a data set is written, with the readers of its headers.

    Attributes:
        name: for reports.
        explicit: whether headers include the VR.
        byte_order: of lengths and binary values.
        header: group, element, VR, 16-bit length if explicit; group, element, length if not.
        long_length: the 32-bit length that follows the reserved bytes of an explicit header.
        item: group, element and length of an item or delimiter.
    """

    name: str
    explicit: bool
    byte_order: Literal["little", "big"]
    header: UnpackFrom
    long_length: UnpackFrom
    item: UnpackFrom


def _encoding(name: str, *, explicit: bool, order: str) -> Encoding:
    return Encoding(
        name=name,
        explicit=explicit,
        byte_order="big" if order == ">" else "little",
        header=Struct(f"{order}HH2sH" if explicit else f"{order}HHI").unpack_from,
        long_length=Struct(f"{order}I").unpack_from,
        item=Struct(f"{order}HHI").unpack_from,
    )


EXPLICIT_LITTLE = _encoding("explicit VR little endian", explicit=True, order="<")
IMPLICIT_LITTLE = _encoding("implicit VR little endian", explicit=False, order="<")
EXPLICIT_BIG = _encoding("explicit VR big endian", explicit=True, order=">")


class Pixels(Enum):
    """How the pixel data of a transfer syntax is laid out."""

    NATIVE = "native"
    """One value of known length (PS3.5 8.1, 8.2)."""
    FRAMES = "encapsulated"
    """Fragments, each frame in one or more of its own (PS3.5 A.4)."""
    ONE_FRAGMENT_PER_FRAME = "encapsulated, one fragment for each frame"
    """Fragments, each frame in exactly one (PS3.5 A.4.2)."""
    VIDEO = "encapsulated video"
    """Fragments of one stream that holds all frames (PS3.5 A.4.5 and following)."""
    ELSEWHERE = "not in the data set"
    """Pixels come from another place (PS3.5 A.6 and following)."""


class Codec(Enum):
    """How the frames of a transfer syntax are compressed (PS3.5 8.2)."""

    UNCOMPRESSED = "uncompressed"
    DEFLATE = "Deflate"
    RLE = "RLE"
    JPEG = "JPEG"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    HTJ2K = "High-Throughput JPEG 2000"
    JPEG_XL = "JPEG XL"
    MPEG_2 = "MPEG-2"
    H_264 = "H.264"
    H_265 = "H.265"


@dataclass(frozen=True)
class TransferSyntax:
    """The meaning of a transfer syntax UID.

    Attributes:
        uid: the UID.
        encoding: of the data set.
        pixels: how the pixel data is laid out.
        deflated: whether the data set is deflated.
        codec: of encapsulated frames; None if the pixel data is not encapsulated.
        lossless: whether nothing but lossless compression is allowed.
        processes: the JPEG processes that are allowed, by the second byte of the marker that
            starts the frame header (ISO/IEC 10918-1 table B.1); empty if the UID does not say.
    """

    uid: str
    encoding: Encoding = EXPLICIT_LITTLE
    pixels: Pixels = Pixels.FRAMES
    deflated: bool = False
    codec: Codec | None = None
    lossless: bool = False
    processes: tuple[int, ...] = ()


HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
"""Its codestreams are in a fixed order of progression."""
JPEG_LOSSLESS_FIRST_ORDER = "1.2.840.10008.1.2.4.70"
"""Each sample is predicted from its left neighbour."""

_ROOT = "1.2.840.10008.1.2"

DEFAULT = TransferSyntax(_ROOT, IMPLICIT_LITTLE, Pixels.NATIVE)
"""Assumed where nothing is declared, since every application understands it (PS3.5 10.1)."""

# The JPEG processes of each number below 1.2.840.10008.1.2.4 (PS3.5 A.4.1, PS3.6 A). A decoder of
# the extended process reads the baseline process as well. Hierarchical ones are treated alike.
_JPEG_PROCESSES = {
    50: (0xC0,),
    51: (0xC0, 0xC1),
    52: (0xC9,),
    53: (0xC2,),
    54: (0xCA,),
    55: (0xC2,),
    56: (0xCA,),
    57: (0xC3,),
    58: (0xCB,),
    **dict.fromkeys(range(59, 67), ()),
    70: (0xC3,),
}
_LOSSLESS_JPEG = {57, 58, 65, 66, 70}


def _syntaxes() -> Iterator[TransferSyntax]:
    yield DEFAULT
    yield TransferSyntax(f"{_ROOT}.1", pixels=Pixels.NATIVE)
    yield TransferSyntax(f"{_ROOT}.1.99", pixels=Pixels.NATIVE, deflated=True)
    yield TransferSyntax(f"{_ROOT}.2", EXPLICIT_BIG, Pixels.NATIVE)
    yield TransferSyntax("1.2.840.10008.1.20", IMPLICIT_LITTLE, Pixels.NATIVE)
    for end, codec in (
        ("1.98", Codec.UNCOMPRESSED),
        ("5", Codec.RLE),
        ("8.1", Codec.DEFLATE),
    ):
        yield TransferSyntax(
            f"{_ROOT}.{end}", pixels=Pixels.ONE_FRAGMENT_PER_FRAME, codec=codec, lossless=True
        )
    for number, processes in _JPEG_PROCESSES.items():
        yield TransferSyntax(
            f"{_ROOT}.4.{number}",
            codec=Codec.JPEG,
            lossless=number in _LOSSLESS_JPEG,
            processes=processes,
        )
    for number, codec, lossless in (
        (80, Codec.JPEG_LS, True),
        (81, Codec.JPEG_LS, False),
        (90, Codec.JPEG_2000, True),
        (91, Codec.JPEG_2000, False),
        (92, Codec.JPEG_2000, True),
        (93, Codec.JPEG_2000, False),
        (110, Codec.JPEG_XL, True),
        (111, Codec.JPEG_XL, False),
        (112, Codec.JPEG_XL, False),
        (201, Codec.HTJ2K, True),
        (202, Codec.HTJ2K, True),
        (203, Codec.HTJ2K, False),
    ):
        yield TransferSyntax(f"{_ROOT}.4.{number}", codec=codec, lossless=lossless)
    for number, codec in (
        *((number, Codec.MPEG_2) for number in (100, 101)),
        *((number, Codec.H_264) for number in range(102, 107)),
        *((number, Codec.H_265) for number in (107, 108)),
    ):
        yield TransferSyntax(f"{_ROOT}.4.{number}", pixels=Pixels.VIDEO, codec=codec)
        if number < 107:
            yield TransferSyntax(f"{_ROOT}.4.{number}.1", pixels=Pixels.VIDEO, codec=codec)
    for end in ("4.94", "4.204", "7.1", "7.2", "7.3"):
        yield TransferSyntax(f"{_ROOT}.{end}", pixels=Pixels.ELSEWHERE)
    for end in ("4.95", "4.205"):
        yield TransferSyntax(f"{_ROOT}.{end}", pixels=Pixels.ELSEWHERE, deflated=True)


# Written out rather than taken from pydicom, whose list ends before JPEG XL and deflated frames.
# MIME encapsulation and XML (both retired) are absent: they are not PS3.10 files.
TRANSFER_SYNTAXES = {syntax.uid: syntax for syntax in _syntaxes()}
"""Every transfer syntax of the standard that a file may be written in, retired ones included."""
