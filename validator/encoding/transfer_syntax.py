"""Transfer syntaxes: how each encodes the data set and the pixel data (PS3.5 10, Annex A)."""

from collections.abc import Callable
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
        explicit: whether the VR stands in the header.
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


@dataclass(frozen=True)
class TransferSyntax:
    """What a transfer syntax UID stands for."""

    encoding: Encoding = EXPLICIT_LITTLE
    pixels: Pixels = Pixels.FRAMES
    deflated: bool = False


DEFAULT = TransferSyntax(IMPLICIT_LITTLE, Pixels.NATIVE)
"""What is assumed where nothing is declared: every application understands it (PS3.5 10.1)."""

_ENCAPSULATED = TransferSyntax()
_SINGLE = TransferSyntax(pixels=Pixels.ONE_FRAGMENT_PER_FRAME)
_VIDEO = TransferSyntax(pixels=Pixels.VIDEO)
_ELSEWHERE = TransferSyntax(pixels=Pixels.ELSEWHERE)
_ELSEWHERE_DEFLATED = TransferSyntax(pixels=Pixels.ELSEWHERE, deflated=True)

_ROOT = "1.2.840.10008.1.2"
_JPEG_FAMILY = (*range(50, 67), 70, 80, 81, 90, 91, 92, 93, 110, 111, 112, 201, 202, 203)

# Written out rather than taken from pydicom, whose list ends before JPEG XL and deflated frames.
# MIME encapsulation and XML (both retired) are absent: they are not PS3.10 files.
TRANSFER_SYNTAXES = {
    _ROOT: DEFAULT,
    f"{_ROOT}.1": TransferSyntax(EXPLICIT_LITTLE, Pixels.NATIVE),
    f"{_ROOT}.1.98": _SINGLE,
    f"{_ROOT}.1.99": TransferSyntax(EXPLICIT_LITTLE, Pixels.NATIVE, deflated=True),
    f"{_ROOT}.2": TransferSyntax(EXPLICIT_BIG, Pixels.NATIVE),
    **{f"{_ROOT}.4.{number}": _ENCAPSULATED for number in _JPEG_FAMILY},
    **{f"{_ROOT}.4.{number}": _VIDEO for number in range(100, 109)},
    **{f"{_ROOT}.4.{number}.1": _VIDEO for number in range(100, 107)},
    f"{_ROOT}.4.94": _ELSEWHERE,
    f"{_ROOT}.4.95": _ELSEWHERE_DEFLATED,
    f"{_ROOT}.4.204": _ELSEWHERE,
    f"{_ROOT}.4.205": _ELSEWHERE_DEFLATED,
    f"{_ROOT}.5": _SINGLE,
    **{f"{_ROOT}.7.{number}": _ELSEWHERE for number in (1, 2, 3)},
    f"{_ROOT}.8.1": _SINGLE,
    "1.2.840.10008.1.20": TransferSyntax(IMPLICIT_LITTLE, Pixels.NATIVE),
}
"""Every transfer syntax of the standard that a file may be written in, retired ones included."""
