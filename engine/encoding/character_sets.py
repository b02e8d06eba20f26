"""Specific Character Set (0008,0005): what it declares, and text decoded by it (PS3.3 C.12.1.1.2).

This is the only decoder of text: findings and descriptions rest on the same characters.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from engine.encoding import graphic_sets as sets
from engine.encoding import vr as vrs
from engine.encoding.code_extensions import (
    ESC,
    IN_G1,
    TO_ASCII,
    TO_ROMAJI,
    Decoded,
    decode_extended,
)
from engine.encoding.elements import Element, Elements
from engine.encoding.graphic_sets import GraphicSet
from engine.tags import SPECIFIC_CHARACTER_SET

SEPARATORS = {
    vrs.CODES[b"LO"]: "\\",
    vrs.CODES[b"LT"]: "",
    vrs.CODES[b"PN"]: "\\^=",
    vrs.CODES[b"SH"]: "\\",
    vrs.CODES[b"ST"]: "",
    vrs.CODES[b"UC"]: "\\",
    vrs.CODES[b"UT"]: "",
}
"""The codes of the VRs whose text (0008,0005) is about, with the delimiters in it."""

_PADDING = b" \0"
_MOST_BYTES = 256
"""How much of a value of (0008,0005) is read."""

_TO_KATAKANA = b"\x1b)I"
# Tables C.12-2 and C.12-3: the ISO registration number, and the escape sequence of the set.
_SINGLE_BYTE = {
    "6": TO_ASCII,
    "13": _TO_KATAKANA,
    "100": b"\x1b-A",
    "101": b"\x1b-B",
    "109": b"\x1b-C",
    "110": b"\x1b-D",
    "126": b"\x1b-F",
    "127": b"\x1b-G",
    "138": b"\x1b-H",
    "144": b"\x1b-L",
    "148": b"\x1b-M",
    "166": b"\x1b-T",
    "203": b"\x1b-b",
}
# Table C.12-4: these are used with code extensions only, and never come first.
_MULTI_BYTE = {"58": b"\x1b$)A", "87": b"\x1b$B", "149": b"\x1b$)C", "159": b"\x1b$(D"}
# Table C.12-5: these know no escape sequences.
_ALONE = {"ISO_IR 192": sets.UTF_8, "GB18030": sets.GB18030, "GBK": sets.GBK}
_EXTENSIBLE, _PLAIN = "ISO 2022 IR ", "ISO_IR "

# Terms as some writers spell them, in capital letters.
_MISSPELT = re.compile(r"ISO[-_ ]*(2022)?[-_ ]*(?:IR)?[-_ ]*([0-9]+)")
_UTF_8 = re.compile(r"UTF[-_ ]?8")


@dataclass(frozen=True, eq=False)
class CharacterSet:
    """What a value of (0008,0005) means; compared by identity, made once for each.

    Attributes:
        g0: the set of bytes without the high bit that is in force first.
        g1: that of bytes with the high bit.
        escapes: the escape sequences that may be used; none without code extensions.
        is_declared: whether there is a value at all; without one text is ASCII.
        is_certain: whether the value is as it should be; if not, it is taken for what it resembles.
    """

    g0: GraphicSet = sets.ASCII
    g1: GraphicSet = sets.ASCII
    escapes: Collection[bytes] = ()
    is_declared: bool = True
    is_certain: bool = True

    def decode(self, text: bytes, vr: int) -> Decoded:
        """The characters of a text.

        Args:
            text: the bytes of an element, or the first of them.
            vr: the code of its VR, one of `SEPARATORS`.
        """
        separators = SEPARATORS[vr]
        if text.isascii() and self.g0 is sets.ASCII and not (self.escapes and ESC in text):
            return Decoded(_split(text.decode("ascii"), separators))
        if self.escapes:
            return decode_extended(text, (self.g0, self.g1), self.escapes, separators)
        decoded, is_whole = self.g1.decode(text)
        # Decoded before it is split, since half a character of GBK may look like a backslash; split
        # before backslashes become yen signs.
        values = _split(decoded, separators)
        if corrected := self.g0.corrected:
            values = [value.translate(corrected) for value in values]
        return Decoded(values, is_whole)


def _split(text: str, separators: str) -> list[str]:
    return text.split("\\") if "\\" in separators else [text]


DEFAULT = CharacterSet(is_declared=False)
"""The default repertoire: ASCII (PS3.5 6.1.2.1)."""


class Declaration(NamedTuple):
    """What a value of (0008,0005) declares.

    Attributes:
        characters: the character set.
        unknown: the first term that the standard does not have.
        expected: what should be there, if its terms cannot be used together or in this way.
    """

    characters: CharacterSet
    unknown: str | None = None
    expected: str | None = None


def declarations(elements: Elements) -> dict[int, tuple[Element, Declaration]]:
    """Each (0008,0005) and what it declares, by the row of its item, or `TOP`.

    Of two in one place the last one counts, as for every duplicate.
    """
    return {
        elements.parents[row]: (element, declaration(element.value(_MOST_BYTES)))
        for row in elements.rows_with(SPECIFIC_CHARACTER_SET)
        for element in (Element(elements, row),)
    }


def declaration(value: bytes) -> Declaration:
    """What a value of (0008,0005) declares."""
    return _declaration(value[:_MOST_BYTES].rstrip(_PADDING))


@lru_cache(maxsize=256)
def _declaration(value: bytes) -> Declaration:
    if not value:
        return Declaration(DEFAULT)
    terms = [term.strip(" ") for term in value.decode("latin-1").split("\\")]
    unknown = next((term for term in terms if not _is_known(term)), None)
    if unknown is not None:
        return Declaration(_characters(_meant(terms), is_certain=False), unknown)
    expected = _expected(terms)
    if _ALONE.keys() & set(terms):
        return Declaration(_characters(_meant(terms), is_certain=not expected), None, expected)
    return Declaration(_characters(terms), None, expected)


def _is_known(term: str) -> bool:
    if not term or term in _ALONE:
        return True
    if term.startswith(_EXTENSIBLE):
        number = term.removeprefix(_EXTENSIBLE)
        return number in _SINGLE_BYTE or number in _MULTI_BYTE
    number = term.removeprefix(_PLAIN)
    # The default repertoire has no term of its own where code extensions are not used.
    return term.startswith(_PLAIN) and number in _SINGLE_BYTE and number != "6"


def _expected(terms: list[str]) -> str | None:
    """What should be there in place of known terms; None if they are as they should be."""
    first, *others = terms
    if not others:
        return "an ISO_IR term if it is alone" if first.startswith(_EXTENSIBLE) else None
    if _ALONE.keys() & set(terms):
        return "ISO_IR 192, GB18030 and GBK without another value"
    if first.removeprefix(_EXTENSIBLE) in _MULTI_BYTE:
        return "a single-byte character set first"
    if any(not term.startswith(_EXTENSIBLE) for term in [first or _EXTENSIBLE, *others]):
        return "ISO 2022 terms in all values"
    return None


def _meant(terms: Sequence[str]) -> list[str]:
    """The terms that others resemble, and that can be used together."""
    known = [term for term in map(_corrected, terms) if term is not None]
    alone = [term for term in known if term in _ALONE]
    others = [term for term in known if term not in _ALONE]
    # One that should be alone, but does not come first, counts if the others have no more than
    # ASCII.
    if alone and (known[0] in _ALONE or not any(map(IN_G1.get, map(_escape, others)))):
        return alone[:1]
    return others


def _corrected(term: str) -> str | None:
    """The term that another one resembles; None if there is none."""
    letters = term.upper()
    if not term or letters in _ALONE:
        return letters
    if _UTF_8.fullmatch(letters):
        return "ISO_IR 192"
    found = _MISSPELT.fullmatch(letters)
    if not found:
        return None
    extensible, number = found.groups()
    for prefix in (_EXTENSIBLE,) if extensible else (_PLAIN, _EXTENSIBLE):
        if _is_known(prefix + number) or number == "6":
            return prefix + number
    return None


def _characters(terms: Sequence[str], *, is_certain: bool = True) -> CharacterSet:
    if not terms:
        return CharacterSet(is_certain=is_certain)
    first = terms[0]
    if first in _ALONE:
        return CharacterSet(g1=_ALONE[first], is_certain=is_certain)
    escapes = {_escape(term) for term in terms}
    if _TO_KATAKANA in escapes:
        escapes.add(TO_ROMAJI)
    is_extended = len(terms) > 1 or first.startswith(_EXTENSIBLE)
    return CharacterSet(
        g0=sets.ROMAJI if _escape(first) == _TO_KATAKANA else sets.ASCII,
        g1=IN_G1.get(_escape(first), sets.ASCII),
        escapes=escapes | {TO_ASCII} if is_extended else (),
        is_certain=is_certain,
    )


def _escape(term: str) -> bytes:
    """The escape sequence of a known term's set; that of ASCII if the term is empty."""
    number = term.rpartition(" ")[2] or "6"
    return _SINGLE_BYTE.get(number) or _MULTI_BYTE[number]
