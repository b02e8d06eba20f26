"""Text with code extensions: escape sequences call character sets (PS3.5 6.1.2.5, ISO 2022)."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from engine.encoding import graphic_sets as sets
from engine.encoding.graphic_sets import DoubleByteSet, GraphicSet

ESC = b"\x1b"
TO_ASCII, TO_ROMAJI = b"\x1b(B", b"\x1b(J"
IN_G0: Mapping[bytes, GraphicSet] = {
    TO_ASCII: sets.ASCII,
    TO_ROMAJI: sets.ROMAJI,
    b"\x1b$B": sets.KANJI,
    b"\x1b$(D": sets.SUPPLEMENTARY_KANJI,
}
"""The escape sequences that call a set to G0: bytes without the high bit."""
IN_G1: Mapping[bytes, GraphicSet] = {
    b"\x1b)I": sets.KATAKANA,
    b"\x1b-A": sets.LATIN_1,
    b"\x1b-B": sets.LATIN_2,
    b"\x1b-C": sets.LATIN_3,
    b"\x1b-D": sets.LATIN_4,
    b"\x1b-F": sets.GREEK,
    b"\x1b-G": sets.ARABIC,
    b"\x1b-H": sets.HEBREW,
    b"\x1b-L": sets.CYRILLIC,
    b"\x1b-M": sets.LATIN_5,
    b"\x1b-T": sets.THAI,
    b"\x1b-b": sets.LATIN_9,
    b"\x1b$)A": sets.HANZI,
    b"\x1b$)C": sets.HANGUL,
}
"""Those that call a set to G1: bytes with the high bit."""

_ESCAPE = rb"(?P<escape>\x1b[\x20-\x2f]++[\x30-\x7e])"
# While G0 has two bytes for each character, a byte that looks like a delimiter is half of one.
_DOUBLE = re.compile(
    _ESCAPE + rb"|(?P<delimiter>[\0-\x1f])|(?P<pairs>[\x21-\x7e]++)|[\x20\x7f-\xff]++"
)


@cache
def _single(separators: str) -> "re.Pattern[bytes]":
    delimiters = rb"\0-\x1f" + re.escape(separators.encode())
    return re.compile(_ESCAPE + b"|(?P<delimiter>[%b])|[^%b]++" % (delimiters, delimiters))


class Decoded(NamedTuple):
    """A text in characters.

    Attributes:
        values: its values, with their padding.
        is_whole: whether each byte is a character; if not, some of them are guessed, or U+FFFD.
        is_left_open: whether a set of two bytes was in force where the first one should be.
    """

    values: list[str]
    is_whole: bool = True
    is_left_open: bool = False


def decode_extended(
    text: bytes,
    first: tuple[GraphicSet, GraphicSet],
    escapes: Collection[bytes],
    separators: str,
) -> Decoded:
    """The characters of a text with code extensions.

    The first sets are in force again after each delimiter (PS3.5 6.1.2.5.3).

    Args:
        text: the bytes of an element.
        first: the sets in G0 and G1 that are in force first.
        escapes: the escape sequences that may be used; others are followed as well, but then not
            each byte is a character.
        separators: what separates values, or parts of them; control characters are delimiters too.
    """
    single, (g0, g1) = _single(separators), first
    value: list[str] = []
    values = [value]
    is_whole, is_left_open = True, False
    position, is_double = 0, False
    # Each byte has its place in the patterns.
    while found := (_DOUBLE if is_double else single).match(text, position):
        token, kind, position = found[0], found.lastgroup, found.end()
        if kind == "escape":
            is_whole = is_whole and token in escapes
            g0, g1 = IN_G0.get(token, g0), IN_G1.get(token, g1)
        elif kind == "delimiter":
            is_left_open = is_left_open or is_double
            g0, g1 = first
            if token == b"\\":
                value = []
                values.append(value)
            else:
                value.append(token.decode("ascii"))
        else:
            characters, is_known = (g0 if kind == "pairs" else g1).decode(token)
            value.append(characters if is_double else characters.translate(g0.corrected))
            is_whole = is_whole and is_known
        is_double = isinstance(g0, DoubleByteSet)
    return Decoded(["".join(parts) for parts in values], is_whole, is_left_open or is_double)
