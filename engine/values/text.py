"""Text in the declared character set: LO, LT, PN, SH, ST, UC, UT (PS3.5 6.2)."""

import re
from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.rules import value as rules
from engine.values.character_sets import CharacterSet, guessed
from engine.values.defect import NOTHING, SHOWN, VALID, Defect, Verdict

_PADDING = b" \0"
_ESC = b"\x1b"
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
_CONTROL_IN_PARAGRAPHS = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""TAB, LF, FF and CR are allowed in ST, LT and UT (PS3.5 6.1.3)."""
_PN = vrs.CODES[b"PN"]
_GROUP_LENGTH, _GROUPS, _COMPONENTS = 64, 3, 5


class _Form(NamedTuple):
    length: int | None
    """How many characters a value may have; None if they have no bound to speak of."""
    simple: "re.Pattern[bytes]"
    """What nothing can be wrong with: one value, ASCII without control characters."""
    multiple: bool
    """Whether a backslash separates values."""
    control: "re.Pattern[str]"
    """The control characters that are not allowed."""


def _line(length: int | None) -> _Form:
    simple = rb"[ -\[\]-~]{0,%b}+" % (str(length).encode() if length else b"")
    return _Form(length, re.compile(simple), multiple=True, control=_CONTROL)


def _paragraphs(length: int | None) -> _Form:
    simple = rb"[ -~\t\n\f\r]{0,%b}+" % (str(length).encode() if length else b"")
    return _Form(length, re.compile(simple), multiple=False, control=_CONTROL_IN_PARAGRAPHS)


TEXTS = {
    vrs.LO: _line(64),
    vrs.CODES[b"LT"]: _paragraphs(10240),
    _PN: _Form(None, re.compile(rb"[ -<>-\[\]_-~]{0,64}+"), multiple=True, control=_CONTROL),
    vrs.CODES[b"SH"]: _line(16),
    vrs.CODES[b"ST"]: _paragraphs(1024),
    vrs.CODES[b"UC"]: _line(None),
    vrs.CODES[b"UT"]: _paragraphs(None),
}
"""The form of each VR whose characters depend on (0008,0005), by its code."""


def judge(vr: int, value: bytes, characters: CharacterSet) -> Verdict:
    """Judge the text of an element.

    Args:
        vr: the code of its VR, one of `TEXTS`.
        value: its bytes.
        characters: what (0008,0005) declares for it.
    """
    form = TEXTS[vr]
    encoded = value.rstrip(b" ")
    if form.simple.fullmatch(encoded):
        return VALID if encoded else NOTHING
    defects: list[Defect] = []
    if encoded.endswith(b"\0"):
        encoded = encoded.rstrip(_PADDING)
        if not encoded:
            return NOTHING
        defects.append(Defect(rules.PADDING, "spaces", value=value[-SHOWN:]))
    text = _decoded(encoded, characters, defects)
    if found := form.control.search(text):
        character = f"character {ord(found[0]):02X} (hexadecimal)"
        defects.append(Defect(rules.CONTROL_CHARACTER, "no control character", character))
    values = text.split("\\") if form.multiple else [text]
    if vr == _PN:
        _judge_names(values, defects)
    elif form.length:
        longest = max(len(one.rstrip(" ")) for one in values)
        if longest > form.length:
            defects.append(_too_long(form.length, longest))
    return Verdict(len(values), tuple(defects))


def is_ascii(encoded: bytes) -> bool:
    """Whether each byte is a character, whatever the character set."""
    return encoded.isascii() and _ESC not in encoded


def _decoded(encoded: bytes, characters: CharacterSet, defects: list[Defect]) -> str:
    """The characters; a guess where the character set does not have them."""
    if is_ascii(encoded):
        return encoded.decode("ascii")
    text = characters.decode(encoded)
    if text is not None:
        if characters.is_left_open(encoded):
            defects.append(Defect(rules.LEFT_OPEN, "the first character set at the end"))
        return text
    if characters.is_declared:
        defects.append(Defect(rules.UNDECODABLE, value=encoded[:SHOWN]))
    else:
        defects.append(
            Defect(rules.CHARACTER_SET_MISSING, "(0008,0005) in the data set", _kind(encoded))
        )
    return guessed(encoded)


def _kind(encoded: bytes) -> str:
    try:
        encoded.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes beyond ASCII, not UTF-8"
    return "bytes beyond ASCII that are valid UTF-8"


def _judge_names(names: list[str], defects: list[Defect]) -> None:
    groups = [name.split("=") for name in names]
    most_groups = max(map(len, groups))
    most_components = max(group.count("^") + 1 for name in groups for group in name)
    longest = max(len(group.rstrip(" ")) for name in groups for group in name)
    if most_groups > _GROUPS:
        expected = f"at most {_GROUPS} component groups"
        defects.append(Defect(rules.NAME, expected, f"{most_groups} component groups"))
    elif most_components > _COMPONENTS:
        expected = f"at most {_COMPONENTS} components"
        defects.append(Defect(rules.NAME, expected, f"{most_components} components"))
    if longest > _GROUP_LENGTH:
        defects.append(_too_long(_GROUP_LENGTH, longest, " in each component group"))


def _too_long(limit: int, length: int, where: str = "") -> Defect:
    expected = f"at most {limit} characters{where}"
    return Defect(rules.TEXT_TOO_LONG, expected, f"{length} characters")
