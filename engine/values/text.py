"""Text in the declared character set: LO, LT, PN, SH, ST, UC, UT (PS3.5 6.2)."""

import re
from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.encoding.character_sets import SEPARATORS, CharacterSet
from engine.encoding.code_extensions import ESC
from engine.rules import value as rules
from engine.values.judgement import NOTHING, SHOWN, VALID, Judgement, broken
from engine.violation import RuleViolation

_PADDING = b" \0"
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
_CONTROL_IN_PARAGRAPHS = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""TAB, LF, FF and CR are allowed in ST, LT and UT (PS3.5 6.1.3)."""
_PN = vrs.CODES[b"PN"]
_GROUP_LENGTH, _GROUPS, _COMPONENTS = 64, 3, 5


class _Form(NamedTuple):
    length: int | None
    """How many characters a value may have; None for 2^32 - 2."""
    simple: "re.Pattern[bytes]"
    """What nothing can be wrong with: one value, ASCII without control characters."""
    control: "re.Pattern[str]"
    """The control characters that are not allowed."""


def _line(length: int | None) -> _Form:
    simple = rb"[ -\[\]-~]{0,%b}+" % (str(length).encode() if length else b"")
    return _Form(length, re.compile(simple), control=_CONTROL)


def _paragraphs(length: int | None) -> _Form:
    simple = rb"[ -~\t\n\f\r]{0,%b}+" % (str(length).encode() if length else b"")
    return _Form(length, re.compile(simple), control=_CONTROL_IN_PARAGRAPHS)


TEXTS = {
    vrs.LO: _line(64),
    vrs.CODES[b"LT"]: _paragraphs(10240),
    _PN: _Form(None, re.compile(rb"[ -<>-\[\]_-~]{0,64}+"), control=_CONTROL),
    vrs.CODES[b"SH"]: _line(16),
    vrs.CODES[b"ST"]: _paragraphs(1024),
    vrs.CODES[b"UC"]: _line(None),
    vrs.CODES[b"UT"]: _paragraphs(None),
}
"""The form of each VR whose characters depend on (0008,0005), by its code."""


def judge(vr: int, value: bytes, characters: CharacterSet) -> Judgement:
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
    violations: list[RuleViolation] = []
    if encoded.endswith(b"\0"):
        encoded = encoded.rstrip(_PADDING)
        if not encoded:
            return NOTHING
        violations.append(broken(rules.PADDING, "spaces", value=value[-SHOWN:]))
    values = _decoded(encoded, vr, characters, violations)
    if found := next(filter(None, map(form.control.search, values)), None):
        character = f"character {ord(found[0]):02X} (hexadecimal)"
        violations.append(broken(rules.CONTROL_CHARACTER, "no control character", character))
    if vr == _PN:
        _judge_names(values, violations)
    elif form.length:
        longest = max(len(one.rstrip(" ")) for one in values)
        if longest > form.length:
            violations.append(_too_long(form.length, longest))
    return Judgement(len(values), tuple(violations))


def is_ascii(encoded: bytes) -> bool:
    """Whether each byte is a character, whatever the character set."""
    return encoded.isascii() and ESC not in encoded


def _decoded(
    encoded: bytes, vr: int, characters: CharacterSet, violations: list[RuleViolation]
) -> list[str]:
    """The values; guessed where the character set does not have their characters."""
    decoded = characters.decode(encoded, vr)
    if not characters.is_certain or not decoded.is_whole:
        if not characters.is_declared:
            expected = "(0008,0005) in the data set"
            violations.append(broken(rules.CHARACTER_SET_MISSING, expected, _kind(encoded)))
        elif characters.is_certain:
            violations.append(broken(rules.UNDECODABLE, value=encoded[:SHOWN]))
        guess = encoded.replace(ESC, b"").decode("utf-8", "replace")
        return guess.split("\\") if SEPARATORS[vr] else [guess]
    if decoded.is_left_open:
        violations.append(broken(rules.LEFT_OPEN, "the first character set at the end"))
    return decoded.values


def _kind(encoded: bytes) -> str:
    try:
        encoded.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes beyond ASCII, not UTF-8"
    return "bytes beyond ASCII that are valid UTF-8"


def _judge_names(names: list[str], violations: list[RuleViolation]) -> None:
    groups = [name.split("=") for name in names]
    most_groups = max(map(len, groups))
    most_components = max(group.count("^") + 1 for name in groups for group in name)
    longest = max(len(group.rstrip(" ")) for name in groups for group in name)
    if most_groups > _GROUPS:
        expected = f"at most {_GROUPS} component groups"
        violations.append(broken(rules.NAME, expected, f"{most_groups} component groups"))
    elif most_components > _COMPONENTS:
        expected = f"at most {_COMPONENTS} components"
        violations.append(broken(rules.NAME, expected, f"{most_components} components"))
    if longest > _GROUP_LENGTH:
        violations.append(_too_long(_GROUP_LENGTH, longest, " in each component group"))


def _too_long(limit: int, length: int, where: str = "") -> RuleViolation:
    expected = f"at most {limit} characters{where}"
    return broken(rules.TEXT_TOO_LONG, expected, f"{length} characters")
