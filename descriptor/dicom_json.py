"""The value of one data element in the DICOM JSON Model (PS3.18 F.2)."""

import base64
import math
import re
import struct
from functools import lru_cache
from typing import Any

import orjson

from engine.encoding import vr as vrs
from engine.encoding.character_sets import SEPARATORS, CharacterSet

Attribute = dict[str, Any]
"""An attribute object: ``vr`` and at most one of ``Value``, ``InlineBinary``, ``BulkDataURI``."""

INLINE_BYTES = 1024
"""Binary values up to this length in bytes are in the JSON; longer ones stay in the file."""

PERSON_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
"""The component groups of a person name, in order (PS3.5 6.2.1)."""

_NUMBERS = {"FL": "f", "FD": "d", "SS": "h", "US": "H", "SL": "i", "UL": "I", "SV": "q", "UV": "Q"}
_REMEMBERED_BYTES = 64
_BYTES = frozenset({"OB", "UN"})
_WORDS = frozenset({"OD", "OF", "OL", "OV", "OW"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def attribute_json(
    vr: str,
    raw: bytes,
    characters: CharacterSet,
    little_endian: bool,
) -> bytes | None:
    """An attribute object as JSON; see `attribute`.

    The instances of a study repeat most values, so short ones are remembered.
    """
    convert = _remembered if len(raw) <= _REMEMBERED_BYTES else _as_json
    return convert(vr, raw, characters, little_endian)


def _as_json(vr: str, raw: bytes, characters: CharacterSet, little_endian: bool) -> bytes | None:
    described = attribute(vr, raw, characters, little_endian=little_endian)
    return None if described is None else orjson.dumps(described, option=orjson.OPT_SORT_KEYS)


_remembered = lru_cache(maxsize=4096)(_as_json)


def first_value(vr: str, raw: bytes, characters: CharacterSet, little_endian: bool) -> Any:  # noqa: ANN401 -- any JSON value
    """The first value of an element, which is not to be changed; None if there is none."""
    find = _first_remembered if len(raw) <= _REMEMBERED_BYTES else _first
    return find(vr, raw, characters, little_endian)


def _first(vr: str, raw: bytes, characters: CharacterSet, little_endian: bool) -> Any:  # noqa: ANN401 -- any JSON value
    described = attribute(vr, raw, characters, little_endian=little_endian) or {}
    return next(iter(described.get("Value", ())), None)


_first_remembered = lru_cache(maxsize=1024)(_first)


def attribute(
    vr: str, raw: bytes, characters: CharacterSet, *, little_endian: bool
) -> Attribute | None:
    """An element's value as an attribute object.

    The meaning of a value is not checked here: text that is not the number it should be is given as
    text, bytes that cannot be decoded as U+FFFD.

    Args:
        vr: the value representation, two letters, not ``SQ``.
        raw: the value field.
        characters: the character set of texts.
        little_endian: byte order of the value field.

    Returns:
        None when the model has no place for the value (NaN, long binary, broken numbers).
    """
    if vr in _BYTES or vr in _WORDS:
        # Inline words are little endian (PS3.18 F.2.7); retired big endian ones stay in the file.
        if len(raw) > INLINE_BYTES or (vr in _WORDS and not little_endian):
            return None
        return _attribute(vr, "InlineBinary", base64.b64encode(raw).decode())
    if vr in _NUMBERS or vr == "AT":
        values = _numbers(vr, raw, little_endian=little_endian)
        return None if values is None else _attribute(vr, "Value", values)
    texts = _texts(vr, raw, characters)
    return _attribute(vr, "Value", [_from_text(vr, text) for text in texts] if any(texts) else [])


def _attribute(vr: str, key: str, value: str | list[Any]) -> Attribute:
    """An attribute object; an empty value has no key (PS3.18 F.2.5)."""
    return {"vr": vr, key: value} if value else {"vr": vr}


def _numbers(vr: str, raw: bytes, *, little_endian: bool) -> list[Any] | None:
    order = "<" if little_endian else ">"
    code = _NUMBERS.get(vr, "HH")
    try:
        values = list(struct.iter_unpack(order + code, raw))
    except struct.error:
        return None
    if vr == "AT":
        return [f"{group:04X}{element:04X}" for group, element in values]
    if code in "fd" and not all(math.isfinite(value) for (value,) in values):
        return None
    return [value for (value,) in values]


def _texts(vr: str, raw: bytes, characters: CharacterSet) -> list[str]:
    """The values of a string, without the padding (PS3.5 6.2)."""
    code = vrs.CODES[vr.encode()]
    if code in SEPARATORS:
        values = characters.decode(raw, code).values
    else:
        text = raw.decode("latin-1")
        values = [text] if vr == "UR" else text.split("\\")
    return [value.rstrip(" \0") for value in values]


def _from_text(vr: str, text: str) -> Any:  # noqa: ANN401 -- any JSON value
    """One value of a string VR; null when empty (PS3.18 F.2.5)."""
    if not text:
        return None
    if vr == "PN":
        return _person_name(text)
    if vr == "IS" and _INTEGER.fullmatch(text.strip()):
        return int(text)
    if vr == "DS" and _DECIMAL.fullmatch(text.strip()) and math.isfinite(float(text)):
        return float(text)
    return text


def _person_name(text: str) -> dict[str, str] | None:
    """A person name by its component groups, the empty ones left out (PS3.18 F.2.2)."""
    groups = zip(PERSON_NAME_GROUPS, text.split("=", 2), strict=False)
    return {name: group for name, group in groups if group} or None
