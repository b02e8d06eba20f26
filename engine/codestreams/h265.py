"""Sequence parameter sets of H.265 (ITU-T H.265 7.3.2.2, annex E)."""

from contextlib import suppress
from fractions import Fraction

from engine.codestreams.bits import Bits
from engine.codestreams.codestream import SAMPLINGS, Codestream, InvalidError
from engine.codestreams.h264 import skip_display
from engine.encoding.transfer_syntax import Codec

PARAMETER_SET = 33
"""The type of such a unit (table 7-1)."""

_FOUR_FOUR_FOUR = 3
_MOST_SETS, _MOST_PICTURES = 64, 16
_COMPATIBLE_BITS = 32


def read_parameter_set(unit: bytes) -> Codestream:
    """Read a sequence parameter set.

    Args:
        unit: without its first two bytes, and without emulation prevention.

    Raises:
        InvalidError: it is none.
    """
    bits = Bits(unit)
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    profile, level = _read_profile(bits, layers)
    bits.code()
    chroma = bits.code()
    if chroma == _FOUR_FOUR_FOUR:
        bits.take(1)
    columns, rows = bits.codes(2)
    if bits.flag():
        left, right, top, bottom = bits.codes(4)
        across = 2 if chroma in {1, 2} else 1
        columns -= across * (left + right)
        rows -= (2 if chroma == 1 else 1) * (top + bottom)
    precision = 8 + bits.code()
    if columns <= 0 or rows <= 0 or chroma not in SAMPLINGS:
        raise InvalidError("an image size that is none")
    rate = None
    with suppress(InvalidError):  # the rate is an extra, and all else has been read
        rate = _read_rate(bits, layers)
    return Codestream(
        Codec.H_265,
        rows=rows,
        columns=columns,
        components=3 if chroma else 1,
        precision=precision,
        sampling=SAMPLINGS[chroma],
        rate=rate,
        profile=profile,
        level=level,
    )


def _read_profile(bits: Bits, layers: int) -> tuple[int, int]:
    """The profile (the lowest that the stream is compatible with) and the level (7.3.3)."""
    bits.take(3)
    profile, compatible = bits.take(5), bits.take(_COMPATIBLE_BITS)
    bits.take(48)
    level = bits.take(8)
    present = [(bits.flag(), bits.flag()) for _ in range(layers)]
    bits.take(2 * (8 - layers) if layers else 0)
    for has_profile, has_level in present:
        bits.take(88 * has_profile + 8 * has_level)
    compatible_with = (
        number for number in (1, 2) if compatible >> (_COMPATIBLE_BITS - 1 - number) & 1
    )
    return next(compatible_with, profile), level


def _read_rate(bits: Bits, layers: int) -> Fraction | None:
    """Frames a second, if the usability information has it."""
    bits.code()
    number_bits = 4 + bits.code()
    bits.codes(3 * (layers + 1 if bits.flag() else 1))
    bits.codes(6)
    if bits.flag() and bits.flag():
        _skip_scaling_lists(bits)
    bits.take(2)
    if bits.flag():
        bits.take(8)
        bits.codes(2)
        bits.take(1)
    _skip_picture_sets(bits)
    if bits.flag():
        for _ in range(min(bits.code(), _MOST_SETS)):
            bits.take(number_bits + 1)
    bits.take(2)
    if not bits.flag():
        return None
    skip_display(bits)
    bits.take(3)
    if bits.flag():
        bits.codes(4)
    if not bits.flag():
        return None
    ticks, scale = bits.take(32), bits.take(32)
    return Fraction(scale, ticks) if ticks and scale else None


def _skip_scaling_lists(bits: Bits) -> None:
    for size in range(4):
        for _ in range(0, 6, 3 if size == _FOUR_FOUR_FOUR else 1):
            if not bits.flag():
                bits.code()
            else:
                if size > 1:
                    bits.code()
                bits.codes(min(64, 1 << (4 + 2 * size)))


def _skip_picture_sets(bits: Bits) -> None:
    """The sets of pictures that others refer to (7.3.7)."""
    count = bits.code()
    if count > _MOST_SETS:
        raise InvalidError("too many sets of pictures")
    pictures = 0
    for index in range(count):
        if index and bits.flag():  # as differences to the set before
            bits.take(1)
            bits.code()
            kept = 0
            for _ in range(pictures + 1):
                is_used = bits.flag()
                kept += is_used or bits.flag()
            pictures = kept
        else:
            before, after = bits.codes(2)
            pictures = before + after
            if pictures > _MOST_PICTURES:
                raise InvalidError("too many pictures in a set")
            for _ in range(pictures):
                bits.code()
                bits.take(1)
