"""What a value says, however it is written: values are compared by it (PS3.5 6.2).

Of one value there are several spellings: `7` and `007`, `Doe^Jane` and `Doe^Jane^^^`, a name in two
character sets, a time with and without its fraction.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from engine.encoding import vr as vrs
from engine.encoding.character_sets import SEPARATORS, CharacterSet
from engine.encoding.values import ByteOrder, values_of

Comparable: TypeAlias = tuple[str, ...]
"""The value at rising precision; empty if there is none. Most values have one precision only."""

_PN, _DA, _TM = vrs.CODES[b"PN"], vrs.CODES[b"DA"], vrs.CODES[b"TM"]
_NUMBERS = frozenset({vrs.CODES[b"DS"], vrs.CODES[b"IS"]})
_PARAGRAPHS = frozenset(vrs.CODES[letters] for letters in (b"LT", b"ST", b"UT"))
"""Texts of one value in which spaces at the beginning count."""
_PADDING = " \0"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")
_OLD_DATE = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})")
_TIME = re.compile(r"(\d{2}):?(?:(\d{2}):?(?:(\d{2})(?:\.(\d{1,6}))?)?)?")
"""With the colons of ACR-NEMA, too."""


def comparable(
    vr: int, value: bytes, byte_order: ByteOrder, characters: CharacterSet
) -> Comparable:
    """What a value says.

    Args:
        vr: the code of the value representation.
        value: the bytes.
        byte_order: of binary numbers.
        characters: the character set of texts.

    Returns:
        Texts that are equal if the values are. Two values agree also if one is the beginning of the
        other: then one is the other with less precision (see `agreeing`).
    """
    if vr not in vrs.TEXT:
        numbers = values_of(vr, value, byte_order)
        return ("\\".join(map(str, numbers)),) if numbers else ()
    texts = _texts(vr, value, characters)
    if vr in _PARAGRAPHS:
        text = texts[0].rstrip(_PADDING)
        return (text,) if text else ()
    spelled = _SPELLINGS.get(vr, str)
    values = [spelled(one.strip(_PADDING)) for one in texts]
    if vr == _TM and len(values) == 1:
        return _time(values[0])
    return ("\\".join(values),) if any(values) else ()


def agreeing(values: set[Comparable]) -> dict[Comparable, Comparable]:
    """Each of some values with the most precise one that it may stand for."""
    return {one: max((other for other in values if _begins(one, other)), key=len) for one in values}


def _begins(one: Comparable, other: Comparable) -> bool:
    # Nothing is the beginning of everything, but no value agrees with none.
    return other[: len(one)] == one if one else not other


def _texts(vr: int, value: bytes, characters: CharacterSet) -> list[str]:
    if vr in SEPARATORS:
        decoded = characters.decode(value.rstrip(b" \0"), vr)
        if decoded.is_whole:  # what is guessed may be the same for different bytes
            return [unicodedata.normalize("NFC", text) for text in decoded.values]
    text = value.decode("latin-1")
    return [text] if vr in _PARAGRAPHS else text.split("\\")


def _name(name: str) -> str:
    """Delimiters at the end of a component group or a name separate nothing (PS3.5 6.2.1)."""
    groups = (
        "^".join(component.strip(" ") for component in group.split("^")).rstrip("^")
        for group in name.split("=")
    )
    return "=".join(groups).rstrip("=")


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text)
    return str(number.normalize()) if number else "0"


def _date(text: str) -> str:
    return _OLD_DATE.sub(r"\1\2\3", text)


def _time(text: str) -> Comparable:
    found = _TIME.fullmatch(text)
    if not found:
        return (text,) if text else ()
    *clock, fraction = found.groups()
    # A fraction of zeros is what most devices write for one that they do not know.
    return (*filter(None, clock), *(fraction or "").rstrip("0"))


_SPELLINGS: dict[int, Callable[[str], str]] = {_PN: _name, _DA: _date} | dict.fromkeys(
    _NUMBERS, _number
)
"""What makes one spelling of all, by VR."""
