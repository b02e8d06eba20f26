"""Sequence headers of MPEG-2 video (ISO/IEC 13818-2 6.2.2)."""

from fractions import Fraction

from engine.codestreams.bits import Bits
from engine.codestreams.codestream import SAMPLINGS, Codestream
from engine.encoding.transfer_syntax import Codec

SEQUENCE = 0xB3
"""What follows the start code of a sequence header."""

_EXTENSION = b"\0\0\1\xb5"
_SEQUENCE_EXTENSION = 1
_LONGEST = 8 + 2 * 64
"""The longest sequence header: with both matrices, in bytes."""
_RATES = (
    None,
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
    *[None] * 7,
)


def read_sequence(header: bytes) -> Codestream:
    """Read a sequence header and its extension.

    Args:
        header: what follows the start code.

    Raises:
        InvalidError: it ends too early.
    """
    bits = Bits(header)
    columns, rows = bits.take(12), bits.take(12)
    bits.take(4)
    rate = _RATES[bits.take(4)]
    codestream = Codestream(Codec.MPEG_2, rows=rows, columns=columns, rate=rate)
    start = header.find(_EXTENSION, 0, _LONGEST + len(_EXTENSION))
    if start < 0:
        return codestream
    bits = Bits(header[start + len(_EXTENSION) :])
    if bits.take(4) != _SEQUENCE_EXTENSION:
        return codestream
    is_escaped, profile, level = bits.flag(), bits.take(3), bits.take(4)
    is_progressive, chroma = bits.flag(), bits.take(2)
    columns, rows = columns | bits.take(2) << 12, rows | bits.take(2) << 12
    bits.take(12 + 1 + 8 + 1)
    factor = Fraction(bits.take(2) + 1, bits.take(5) + 1)
    return codestream._replace(
        rows=rows,
        columns=columns,
        components=3,
        precision=8,
        sampling=SAMPLINGS.get(chroma),
        rate=rate and rate * factor,
        progressive=is_progressive,
        profile=0 if is_escaped else profile,
        level=level,
    )
