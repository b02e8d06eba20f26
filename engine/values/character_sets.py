"""Character sets: the terms of (0008,0005), and decoding with code extensions (PS3.5 6.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from engine.rules import value as rules
from engine.values.judgement import SHOWN, broken
from engine.violation import RuleViolation

_ESC = b"\x1b"
_ESCAPE = re.compile(rb"(\x1b[\x20-\x2f]+[\x30-\x7e])")
_PADDING = b" \0"

_KATAKANA = "JIS X 0201"
_KANJI = "JIS X 0208"
_MORE_KANJI = "JIS X 0212"
_ASCII = "ascii"

# PS3.3 tables C.12-2 and C.12-3: ISO registration number, Python's codec, escape sequence to G1.
_SINGLE_BYTE = {
    "6": (_ASCII, b""),
    "13": (_KATAKANA, b"\x1b)I"),
    "100": ("latin_1", b"\x1b-A"),
    "101": ("iso8859_2", b"\x1b-B"),
    "109": ("iso8859_3", b"\x1b-C"),
    "110": ("iso8859_4", b"\x1b-D"),
    "126": ("iso8859_7", b"\x1b-F"),
    "127": ("iso8859_6", b"\x1b-G"),
    "138": ("iso8859_8", b"\x1b-H"),
    "144": ("iso8859_5", b"\x1b-L"),
    "148": ("iso8859_9", b"\x1b-M"),
    "166": ("iso8859_11", b"\x1b-T"),
    "203": ("iso8859_15", b"\x1b-b"),
}
# Table C.12-4: the sets of two bytes, that with code extensions only and never come first.
_MULTI_BYTE = {
    "58": ("gb2312", b"\x1b$)A"),
    "87": (_KANJI, b"\x1b$B"),
    "149": ("euc_kr", b"\x1b$)C"),
    "159": (_MORE_KANJI, b"\x1b$(D"),
}
# Table C.12-5: these know no escape sequences.
_ALONE = {"ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}
_EXTENSIBLE = "ISO 2022 IR "
_PLAIN = "ISO_IR "

_IN_G0 = {b"\x1b(B": _ASCII, b"\x1b(J": _ASCII, b"\x1b$B": _KANJI, b"\x1b$(D": _MORE_KANJI}
_EIGHT_BIT = frozenset(codec for codec, _ in _SINGLE_BYTE.values())
_NO_GRAPHIC = re.compile(rb"[\x80-\x9f]")
_NO_KATAKANA = re.compile(rb"[\x80-\xa0\xe0-\xff]")
_RUNS = re.compile(rb"[\x21-\x7e]+|[\x80-\xff]+|[\0-\x20\x7f]+")
_TO_G1 = bytes(byte | 0x80 for byte in range(256))
_PAIR = re.compile(rb"(..)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class CharacterSet:
    """What the values of (0008,0005) stand for; compared by identity, made once for each.

    Attributes:
        codec: Python's name of the set that is active first; None where nothing is known.
        is_declared: whether there is a value at all; without one text is ASCII.
        escapes: the escape sequences that may be used, with the set each one calls.
    """

    codec: str | None
    is_declared: bool = True
    escapes: Mapping[bytes, str] = field(default_factory=dict)

    def decode(self, text: bytes) -> str | None:
        """The characters of a text; None if some bytes are none."""
        if self.codec is None:
            return guessed(text)
        try:
            if self.escapes and _ESC in text:
                return self._decode_extended(text)
            return _decode(text, self.codec)
        except UnicodeDecodeError:
            return None

    def is_left_open(self, text: bytes) -> bool:
        """Whether a text ends without switching back from a set of two bytes."""
        if not self.escapes or _ESC not in text:
            return False
        in_g0 = [_IN_G0[escape] for escape in _ESCAPE.findall(text) if escape in _IN_G0]
        return bool(in_g0) and in_g0[-1] != _ASCII

    def _decode_extended(self, text: bytes) -> str | None:
        g0, g1 = _ASCII, self.codec or _ASCII
        decoded = []
        for part in _ESCAPE.split(text):
            if not part.startswith(_ESC):
                decoded.append(_decode_part(part, g0, g1))
                continue
            called = self.escapes.get(part)
            if called is None:
                return None
            if part in _IN_G0:
                g0 = called
            else:
                g1 = called
        return "".join(decoded)


DEFAULT = CharacterSet(_ASCII, is_declared=False)
"""The default repertoire: ASCII without control characters (PS3.5 6.1.2.1)."""
UNKNOWN = CharacterSet(None)


def guessed(text: bytes) -> str:
    """About as many characters as a text has, where it is not known what its bytes stand for."""
    return text.replace(_ESC, b"").decode("utf-8", "replace")


def character_set(declared: bytes) -> tuple[CharacterSet, tuple[RuleViolation, ...]]:
    """The character set that a value of (0008,0005) declares, and what is wrong with it."""
    return _character_set(bytes(declared[:256]).rstrip(_PADDING))


@lru_cache(maxsize=256)
def _character_set(declared: bytes) -> tuple[CharacterSet, tuple[RuleViolation, ...]]:
    if not declared:
        return DEFAULT, ()
    terms = [term.strip(" ") for term in declared.decode("latin-1").split("\\")]
    unknown = [term for term in terms if not _is_known(term)]
    if unknown:
        value = unknown[0].encode("latin-1")[:SHOWN]
        return UNKNOWN, (broken(rules.CHARACTER_SET_UNKNOWN, "a defined term", value=value),)
    if len(terms) == 1 and not terms[0].startswith(_EXTENSIBLE):
        return _unextended(terms[0]), ()
    return _extended(tuple(terms)), _combination_violations(terms)


def _is_known(term: str) -> bool:
    if not term or term in _ALONE:
        return True
    if term.startswith(_EXTENSIBLE):
        number = term.removeprefix(_EXTENSIBLE)
        return number in _SINGLE_BYTE or number in _MULTI_BYTE
    number = term.removeprefix(_PLAIN)
    # The default repertoire has no term of its own where code extensions are not used.
    return term.startswith(_PLAIN) and number in _SINGLE_BYTE and number != "6"


@cache
def _unextended(term: str) -> CharacterSet:
    if term in _ALONE:
        return CharacterSet(_ALONE[term])
    return CharacterSet(_SINGLE_BYTE[term.removeprefix(_PLAIN)][0])


def _extended(terms: tuple[str, ...]) -> CharacterSet:
    if _ALONE.keys() & set(terms):
        return UNKNOWN
    numbers = [term.rpartition(" ")[2] or "6" for term in terms]
    escapes = {b"\x1b(B": _ASCII}
    for number in numbers:
        codec, escape = _SINGLE_BYTE.get(number) or _MULTI_BYTE[number]
        escapes[escape] = codec
        if number == "13":
            escapes[b"\x1b(J"] = _ASCII
    escapes.pop(b"", None)
    first, _ = _SINGLE_BYTE.get(numbers[0], (_ASCII, b""))
    return CharacterSet(first, escapes=escapes)


def _combination_violations(terms: list[str]) -> tuple[RuleViolation, ...]:
    first, *others = terms
    expected = None
    if _ALONE.keys() & set(terms):
        expected = "ISO_IR 192, GB18030 and GBK without another value"
    elif first.removeprefix(_EXTENSIBLE) in _MULTI_BYTE:
        expected = "a single-byte character set first"
    elif any(not term.startswith(_EXTENSIBLE) for term in [first or _EXTENSIBLE, *others]):
        expected = "ISO 2022 terms in all values"
    if expected is None:
        return ()
    value = "\\".join(terms).encode("latin-1")[:SHOWN]
    return (broken(rules.CHARACTER_SET_COMBINATION, expected, value=value),)


def _decode(text: bytes, codec: str) -> str:
    """Strict decoding.

    Raises:
        UnicodeDecodeError: some bytes are no characters.
    """
    if text.isascii():
        return text.decode(_ASCII)
    if codec == _KATAKANA:
        _refuse(_NO_KATAKANA, text, codec)
        return text.decode("shift_jis")
    if codec in (_KANJI, _MORE_KANJI):
        return text.decode(_ASCII)
    if codec in _EIGHT_BIT:
        # Python's codecs take these for control characters: the sets have none there.
        _refuse(_NO_GRAPHIC, text, codec)
    return text.decode(codec)


def _refuse(bytes_of_no_character: "re.Pattern[bytes]", text: bytes, codec: str) -> None:
    if found := bytes_of_no_character.search(text):
        raise UnicodeDecodeError(codec, text, found.start(), found.end(), "no character")


def _decode_part(part: bytes, g0: str, g1: str) -> str:
    if g0 == _ASCII:
        return _decode(part, g1)
    decoded = []
    for run in _RUNS.findall(part):
        if run[0] < 0x21 or run[0] == 0x7F:
            decoded.append(run.decode(_ASCII))
        elif run[0] >= 0x80:
            decoded.append(_decode(run, g1))
        elif g0 == _KANJI:
            decoded.append(run.translate(_TO_G1).decode("euc_jp"))
        else:
            decoded.append(_PAIR.sub(b"\x8f\\1", run.translate(_TO_G1)).decode("euc_jp"))
    return "".join(decoded)
