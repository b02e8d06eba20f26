"""Sequence parameter sets of H.264 (ITU-T H.264 7.3.2.1.1, annex E)."""

from contextlib import suppress
from fractions import Fraction

from engine.codestreams.bits import Bits
from engine.codestreams.codestream import SAMPLINGS, Codestream, InvalidError
from engine.encoding.transfer_syntax import Codec

PARAMETER_SET = 7
"""The type of such a unit (table 7-1)."""

_WITH_CHROMA = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}
"""The profiles whose parameter sets say the format of chrominance; in others it is 4:2:0."""
_OWN_RATIO = 255
_MOST_CYCLES = 255
_BLOCK = 16
_FOUR_FOUR_FOUR = 3


def read_parameter_set(unit: bytes) -> Codestream:
    """Read a sequence parameter set.

    Args:
        unit: without its first byte, and without emulation prevention.

    Raises:
        InvalidError: it is none.
    """
    bits = Bits(unit)
    profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
    bits.code()
    chroma, precision = (_read_chroma(bits)) if profile in _WITH_CHROMA else (1, 8)
    _skip_order(bits)
    bits.code()
    bits.take(1)
    columns, units = (bits.code() + 1) * _BLOCK, bits.code() + 1
    is_progressive = bits.flag()
    rows = units * _BLOCK * (1 if is_progressive else 2)
    bits.take(1 if is_progressive else 2)
    if bits.flag():
        left, right, top, bottom = bits.codes(4)
        across, down = _steps(chroma, is_progressive=is_progressive)
        columns, rows = columns - across * (left + right), rows - down * (top + bottom)
    if columns <= 0 or rows <= 0 or chroma not in SAMPLINGS:
        raise InvalidError("an image size that is none")
    rate = None
    with suppress(InvalidError):  # the rate is an extra, and all else has been read
        rate = _read_rate(bits)
    return Codestream(
        Codec.H_264,
        rows=rows,
        columns=columns,
        components=3 if chroma else 1,
        precision=precision,
        sampling=SAMPLINGS[chroma],
        rate=rate,
        progressive=is_progressive,
        # A constrained baseline stream is one of the main profile as well.
        profile=77 if profile == 66 and constraints & 0x40 else profile,
        level=level,
    )


def _read_chroma(bits: Bits) -> tuple[int, int]:
    """The format of chrominance, and the bits of a sample."""
    chroma = bits.code()
    if chroma == _FOUR_FOUR_FOUR:
        bits.take(1)
    precision = 8 + bits.code()
    bits.code()
    bits.take(1)
    if bits.flag():
        for index in range(12 if chroma == _FOUR_FOUR_FOUR else 8):
            if bits.flag():
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, precision


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_code()) % 256
        last = following or last


def _skip_order(bits: Bits) -> None:
    """How pictures are numbered."""
    bits.code()
    kind = bits.code()
    if kind == 0:
        bits.code()
    elif kind == 1:
        bits.take(1)
        bits.codes(2)
        cycles = bits.code()
        if cycles > _MOST_CYCLES:
            raise InvalidError("a cycle of too many pictures")
        bits.codes(cycles)


def _steps(chroma: int, *, is_progressive: bool) -> tuple[int, int]:
    """In which steps an image is cropped (table 6-1)."""
    across = 2 if chroma in {1, 2} else 1
    down = 2 if chroma == 1 else 1
    return across, down * (1 if is_progressive else 2)


def _read_rate(bits: Bits) -> Fraction | None:
    """Frames a second, if the usability information has it."""
    if not bits.flag():
        return None
    skip_display(bits)
    if not bits.flag():
        return None
    ticks, scale = bits.take(32), bits.take(32)
    return Fraction(scale, 2 * ticks) if ticks and scale else None


def skip_display(bits: Bits) -> None:
    """Skip what the usability information says first, in H.264 and in H.265."""
    if bits.flag() and bits.take(8) == _OWN_RATIO:
        bits.take(32)
    if bits.flag():
        bits.take(1)
    if bits.flag():
        bits.take(4)
        if bits.flag():
            bits.take(24)
    if bits.flag():
        bits.codes(2)
