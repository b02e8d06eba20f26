"""Judges the bytes of a string by its VR, and remembers the judgements of short ones."""

from functools import lru_cache

from engine.encoding import vr as vrs
from engine.encoding.character_sets import CharacterSet
from engine.encoding.elements import Buffer
from engine.values import text, uids
from engine.values.formats import FORMATS
from engine.values.judgement import NOTHING, Judgement

IDENTIFYING_UI = -1
"""In place of the VR, for the UIDs that an instance is filed by."""

_REMEMBERED_LENGTH = 256
"""In bytes: longer values hardly ever come twice. What is remembered stays in the memory of the
process, is found by the bytes of a file only, and is never shown."""
_MOST = 1 << 20
"""How many bytes of a string are judged; in longer ones the values are counted."""
_STEP = 1 << 20
"""How many bytes are searched for separators at a time."""


def judge(vr: int, data: Buffer, offset: int, length: int, characters: CharacterSet) -> Judgement:
    """Judge a string; a very long one by its beginning.

    Args:
        vr: the code of a VR in `engine.encoding.vr.TEXT`, or `IDENTIFYING_UI`.
        data: the file.
        offset: where the string starts, in bytes.
        length: of the string, in bytes.
        characters: what (0008,0005) declares for the element.
    """
    if length <= _REMEMBERED_LENGTH:
        return _remembered(vr, bytes(data[offset : offset + length]), characters)
    if length <= _MOST:
        return _judged(vr, bytes(data[offset : offset + length]), characters)
    judgement = _judge_beginning(vr, bytes(data[offset : offset + _MOST]), characters)
    return judgement._replace(values=_count_values(vr, data, offset, offset + length))


def _judged(vr: int, value: bytes, characters: CharacterSet) -> Judgement:
    if vr in FORMATS:
        return FORMATS[vr].judge(value)
    if vr == vrs.UI:
        return uids.judge(value)
    if vr == IDENTIFYING_UI:
        return uids.judge_identifying(value)
    return text.judge(vr, value, characters)


_remembered = lru_cache(maxsize=8192)(_judged)


def _judge_beginning(vr: int, beginning: bytes, characters: CharacterSet) -> Judgement:
    """Judge a value by its first bytes, where all of it would be too much."""
    # A cut behind a space splits no character of text, a cut behind a backslash no other value.
    end = beginning.rfind(b" " if vr in text.TEXTS else b"\\")
    if end < 0 and vr in text.TEXTS and not text.is_ascii(beginning):
        return NOTHING
    return _judged(vr, beginning[:end] if end >= 0 else beginning, characters)


def _count_values(vr: int, data: Buffer, start: int, end: int) -> int:
    """The number of values; 0 in text, where a backslash may be half of a character."""
    if vr in text.TEXTS or (vr in FORMATS and not FORMATS[vr].multiple):
        return 0
    steps = range(start, end, _STEP)
    return 1 + sum(bytes(data[at : min(at + _STEP, end)]).count(b"\\") for at in steps)
