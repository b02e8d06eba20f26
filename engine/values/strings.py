"""Judges the bytes of a string by its VR, and remembers the verdicts on short ones."""

from functools import lru_cache

from engine.encoding import vr as vrs
from engine.encoding.elements import Buffer
from engine.values import text, uids
from engine.values.character_sets import CharacterSet
from engine.values.defect import NOTHING, Verdict
from engine.values.formats import FORMATS

IDENTIFYING_UI = -1
"""Stands for the VR of UIDs that an instance is filed by."""

_REMEMBERED_LENGTH = 256
"""Longer values hardly come twice. What is remembered stays in the memory of the process: it
is looked up by bytes that a file brings along, and never shown."""
_STEP = 1 << 20
"""How many bytes are searched for separators at a time."""


def judge(vr: int, value: bytes, characters: CharacterSet) -> Verdict:
    """Judge the value of a string.

    Args:
        vr: the code of a VR in `engine.encoding.vr.TEXT`, or `IDENTIFYING_UI`.
        value: the bytes.
        characters: what (0008,0005) declares for the element.
    """
    if len(value) <= _REMEMBERED_LENGTH:
        return _remembered(vr, value, characters)
    return _judged(vr, value, characters)


def _judged(vr: int, value: bytes, characters: CharacterSet) -> Verdict:
    if vr in FORMATS:
        return FORMATS[vr].judge(value)
    if vr == vrs.UI:
        return uids.judge(value)
    if vr == IDENTIFYING_UI:
        return uids.judge_identifying(value)
    return text.judge(vr, value, characters)


_remembered = lru_cache(maxsize=8192)(_judged)


def judge_beginning(vr: int, beginning: bytes, characters: CharacterSet) -> Verdict:
    """Judge a value by its beginning, where all of it would be too much.

    Args:
        vr: as for `judge`.
        beginning: the first bytes.
        characters: what (0008,0005) declares for the element.

    Returns:
        A verdict without a number of values.
    """
    # Cut behind a space no character of text is torn apart, behind a backslash no other value.
    end = beginning.rfind(b" " if vr in text.TEXTS else b"\\")
    if end < 0 and vr in text.TEXTS and not text.is_ascii(beginning):
        return NOTHING
    verdict = _judged(vr, beginning[:end] if end >= 0 else beginning, characters)
    return Verdict(0, verdict.defects)


def count_values(vr: int, data: Buffer, start: int, end: int) -> int:
    """How many values a string has, without a look at any.

    Args:
        vr: the code of a VR in `engine.encoding.vr.TEXT`.
        data: the file.
        start: where the string starts, in bytes.
        end: where it ends.

    Returns:
        0 where that can't be told: in text a backslash may be half of a character.
    """
    if vr in text.TEXTS or (vr in FORMATS and not FORMATS[vr].multiple):
        return 0
    steps = range(start, end, _STEP)
    return 1 + sum(bytes(data[at : min(at + _STEP, end)]).count(b"\\") for at in steps)
