"""The value of one data element in the DICOM JSON Model (PS3.18 F.2)."""

import base64
import math
import re
import struct
from functools import lru_cache
from typing import Any

import orjson
from pydicom.charset import convert_encodings, decode_bytes, default_encoding, python_encoding

Attribute = dict[str, Any]
"""An attribute object: ``vr`` and at most one of ``Value``, ``InlineBinary``, ``BulkDataURI``."""

Encodings = tuple[str, ...]
"""Python's names of the character encodings in force."""

ASCII: Encodings = (default_encoding,)
"""The default repertoire; bytes beyond it are read as Latin-1, as pydicom does."""

INLINE_BYTES = 1024
"""Binary values up to this length in bytes are in the JSON; longer ones stay in the file."""

PERSON_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
"""The component groups of a person name, in order (PS3.5 6.2.1)."""

_NUMBERS = {"FL": "f", "FD": "d", "SS": "h", "US": "H", "SL": "i", "UL": "I", "SV": "q", "UV": "Q"}
_REMEMBERED_BYTES = 64
_BYTES = frozenset({"OB", "UN"})
_WORDS = frozenset({"OD", "OF", "OL", "OV", "OW"})
_ONE_TEXT = frozenset({"LT", "ST", "UR", "UT"})
_ANY_CHARACTER_SET = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_ENCODINGS = frozenset(python_encoding.values())
# What sets code extensions back to the first character set (PS3.5 6.1.2.5.3).
_RESETS_TEXT = set(b"\r\n\t\f")
_RESETS_VALUES = _RESETS_TEXT | set(b"\\")
_RESETS_NAME = _RESETS_VALUES | set(b"^=")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def encodings_of(raw: bytes) -> Encodings:
    """The encodings that a value of Specific Character Set (0008,0005) names.

    Unknown terms give the default: pydicom would take any codec of Python's by its name, also
    those that cost quadratic time or make strings that are not Unicode.
    """
    # Python refuses to look up a codec with NUL in its name.
    terms = [term.strip() for term in raw.decode("latin-1").replace("\0", " ").split("\\")]
    return tuple(
        encoding if encoding in _ENCODINGS else default_encoding
        for encoding in convert_encodings(terms)
    )


def attribute_json(
    vr: str,
    raw: bytes,
    encodings: Encodings,
    little_endian: bool,
) -> bytes | None:
    """An attribute object as JSON; see `attribute`.

    The instances of a study repeat most values, so short ones are remembered.
    """
    convert = _remembered if len(raw) <= _REMEMBERED_BYTES else _as_json
    return convert(vr, raw, encodings, little_endian)


def _as_json(vr: str, raw: bytes, encodings: Encodings, little_endian: bool) -> bytes | None:
    described = attribute(vr, raw, encodings, little_endian=little_endian)
    return None if described is None else orjson.dumps(described, option=orjson.OPT_SORT_KEYS)


_remembered = lru_cache(maxsize=4096)(_as_json)


def attribute(
    vr: str, raw: bytes, encodings: Encodings, *, little_endian: bool
) -> Attribute | None:
    """An element's value as an attribute object.

    The meaning of a value is not checked here: text that is not the number it should be is given as
    text, bytes that cannot be decoded as U+FFFD.

    Args:
        vr: the value representation, two letters, not ``SQ``.
        raw: the value field.
        encodings: from `encodings_of`.
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
    texts = _texts(vr, raw, encodings)
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


def _texts(vr: str, raw: bytes, encodings: Encodings) -> list[str]:
    """The values of a string, without the padding (PS3.5 6.2)."""
    resets = _RESETS_NAME if vr == "PN" else _RESETS_VALUES
    if vr in _ONE_TEXT:
        resets = _RESETS_TEXT
    text = decode_bytes(raw, encodings if vr in _ANY_CHARACTER_SET else ASCII, resets)
    # Decoded before it is split: a backslash can be the second byte of a character in GB18030.
    values = [text] if vr in _ONE_TEXT else text.split("\\")
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
