"""Splits the bytes of a value into its single values: texts or numbers (PS3.5 6.2, 6.4)."""

from struct import calcsize, unpack
from typing import Literal, TypeAlias

from engine.encoding import vr as vrs

ByteOrder: TypeAlias = Literal["little", "big"]
Value: TypeAlias = str | int | float

_NUMBERS = {
    vrs.CODES[b"FD"]: "d",
    vrs.CODES[b"FL"]: "f",
    vrs.CODES[b"SL"]: "i",
    vrs.CODES[b"SS"]: "h",
    vrs.CODES[b"SV"]: "q",
    vrs.CODES[b"UL"]: "I",
    vrs.CODES[b"US"]: "H",
    vrs.CODES[b"UV"]: "Q",
}
"""How `struct` names the binary numbers."""
_AT = vrs.CODES[b"AT"]
_ONE_TEXT = frozenset(vrs.CODES[letters] for letters in (b"LT", b"ST", b"UR", b"UT"))
"""Texts in which a backslash separates nothing."""


def values_of(vr: int, value: bytes, byte_order: ByteOrder) -> tuple[Value, ...]:
    """The single values of an element: texts without padding, or numbers.

    An attribute tag is the number that its 32 bits make. Bulk data has no single values.

    Args:
        vr: the code of the value representation.
        value: the bytes; an incomplete number at their end is dropped.
        byte_order: of binary numbers.
    """
    if vr in vrs.TEXT:
        text = value.decode("ascii", "replace")
        parts = [text] if vr in _ONE_TEXT else text.split("\\")
        values = tuple(part.strip(" \0") for part in parts)
        return values if any(values) else ()
    if vr == _AT:
        halves = _numbers("H", value[: len(value) & ~3], byte_order)
        pairs = zip(halves[::2], halves[1::2], strict=True)
        return tuple(group << 16 | number for group, number in pairs)
    return _numbers(_NUMBERS[vr], value, byte_order) if vr in _NUMBERS else ()


def _numbers(code: str, value: bytes, byte_order: ByteOrder) -> tuple[int, ...]:
    count = len(value) // calcsize(code)
    order = "<" if byte_order == "little" else ">"
    return unpack(f"{order}{count}{code}", value[: count * calcsize(code)])
