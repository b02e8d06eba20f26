"""Graphic character sets: which characters the bytes of a text are (PS3.3 C.12.1.1.2, PS3.5 6.1).

Python's codecs have the characters. Where they have more than a set of the standard, or show a
character as another one, that is corrected here.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

_CONTROLS = re.compile(rb"[\x80-\x9f]")
"""Python's codecs of ISO 8859 take these for control characters; the sets have nothing there."""
_NO_KATAKANA = re.compile(rb"[\x80-\xa0\xe0-\xff]")
_TO_G1 = bytes(byte | 0x80 for byte in range(256))
_PAIRS = re.compile(rb"..", re.DOTALL)


@dataclass(frozen=True, eq=False, kw_only=True)
class GraphicSet:
    """A graphic character set; below the characters of G1 there is ASCII.

    Attributes:
        codec: Python's name of a codec that has its characters.
        excluded: bytes that the codec takes for characters and the set does not have.
        corrected: characters of the set, by those that the codec gives for them.
        wider: Python's name of a codec that writers use in place of the set; if empty, `codec`.
    """

    codec: str
    excluded: "re.Pattern[bytes] | None" = None
    corrected: Mapping[int, str] = field(default_factory=dict)
    wider: str = ""

    def decode(self, text: bytes) -> tuple[str, bool]:
        """The characters of a text, and whether all of its bytes are some.

        If not, they are those that the text most probably has, and U+FFFD.
        """
        if not (self.excluded and self.excluded.search(text)):
            with suppress(UnicodeDecodeError):
                return self._corrected(text.decode(self.codec)), True
        return self._corrected(self._guessed(text)), False

    def _corrected(self, text: str) -> str:
        return text.translate(self.corrected) if self.corrected else text

    def _guessed(self, text: bytes) -> str:
        return text.decode(self.wider or self.codec, "replace")


class _Ascii(GraphicSet):
    def _guessed(self, text: bytes) -> str:
        return guessed(text)


@dataclass(frozen=True, eq=False, kw_only=True)
class DoubleByteSet(GraphicSet):
    """A set for G0: each character has two bytes without the high bit.

    Attributes:
        prefix: what the codec has before each of its characters.
    """

    codec: str = "euc_jp"
    prefix: bytes = b""

    def decode(self, text: bytes) -> tuple[str, bool]:
        """See `GraphicSet.decode`."""
        high = text.translate(_TO_G1)
        return super().decode(_PAIRS.sub(self.prefix + rb"\g<0>", high) if self.prefix else high)


def _iso_8859(part: int, wider: str = "") -> GraphicSet:
    return GraphicSet(codec=f"iso8859_{part}", excluded=_CONTROLS, wider=wider)


ASCII = _Ascii(codec="ascii")
"""ISO-IR 6; in G1 there is nothing."""
LATIN_1 = _iso_8859(1, wider="cp1252")
LATIN_2, LATIN_3, LATIN_4, LATIN_5, LATIN_9 = map(_iso_8859, (2, 3, 4, 9, 15))
CYRILLIC, ARABIC, GREEK, HEBREW, THAI = map(_iso_8859, (5, 6, 7, 8, 11))
ROMAJI = GraphicSet(codec="ascii", corrected={0x5C: "\u00a5", 0x7E: "\u203e"})
"""ISO-IR 14, the lower half of JIS X 0201: a yen sign and an overline are where ASCII has a
backslash and a tilde. What separates values is no character."""
KATAKANA = GraphicSet(codec="shift_jis", excluded=_NO_KATAKANA, wider="cp932")
"""ISO-IR 13, the upper half of JIS X 0201."""
KANJI = DoubleByteSet()
"""ISO-IR 87: JIS X 0208."""
SUPPLEMENTARY_KANJI = DoubleByteSet(prefix=b"\x8f")
"""ISO-IR 159: JIS X 0212."""
HANGUL = GraphicSet(codec="euc_kr", wider="cp949")
"""ISO-IR 149: KS X 1001."""
# GBK and GB 18030 have these two where Python's codec of GB 2312, after an old table, has a
# katakana dot and a horizontal bar. The first one is in many names.
HANZI = GraphicSet(codec="gb2312", corrected={0x30FB: "\u00b7", 0x2015: "\u2014"}, wider="gbk")
"""ISO-IR 58: GB 2312."""
UTF_8 = GraphicSet(codec="utf_8")
GB18030 = GraphicSet(codec="gb18030")
GBK = GraphicSet(codec="gbk", wider="gb18030")


def guessed(text: bytes) -> str:
    """The characters of a text of which it is not known what its bytes stand for."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin_1")
