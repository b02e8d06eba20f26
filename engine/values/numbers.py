"""Binary numbers: their size, and whether floating point ones are numbers (PS3.5 6.2)."""

import sys
from array import array
from math import isfinite
from typing import Literal

from engine.encoding import vr as vrs

_COUNTED = {"AT": 4, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}
_STREAMS = {"OD": 8, "OF": 4, "OL": 4, "OV": 8}
"""One value, however many numbers it has; bytes and words have any even length."""
_TYPES = {vrs.CODES[b"FD"]: "d", vrs.CODES[b"FL"]: "f"}

SIZES = [_COUNTED.get(name) or _STREAMS.get(name) or 0 for name in vrs.NAMES]
"""How many bytes a number has, by the code of the VR; 0 where there are none."""
IS_COUNTED = [name in _COUNTED for name in vrs.NAMES]
"""Whether each number is a value of its own, by the code of the VR."""
FLOATS = frozenset(_TYPES)
"""The codes of FD and FL."""


def are_finite(vr: int, numbers: bytes, byte_order: Literal["little", "big"]) -> bool:
    """Whether floating point numbers are all finite.

    Args:
        vr: the code of FD or FL.
        numbers: whole numbers of that VR.
        byte_order: how they are written.
    """
    values = array(_TYPES[vr], numbers)
    if byte_order != sys.byteorder:
        values.byteswap()
    return all(map(isfinite, values))
