"""What of a file's values a report shows: nothing that a person can be known by, unless asked."""

import re

from engine.encoding import vr as vrs
from engine.encoding.elements import Element

_LENGTH = 120
"""How much of a value a finding shows, in characters."""
_IDENTIFIER_LENGTH = 128
"""How much of an identifier is kept, in bytes: a UID has 64, a malformed one may have more."""

# A VR alone does not make a value harmless, since anything may stand in the wrong element; nor
# does its form (a date is digits). So a value is shown if
# - the data dictionary knows the element, and gives it a VR of codes, numbers or UIDs: not that of
#   a name, date, identifier or text, and not a private element, whose meaning nobody knows;
# - the file gives it such a VR too;
# - and the value has the form of that VR.
_HARMLESS = {
    vrs.CODES[b"CS"]: re.compile(rb"[A-Z0-9_ ]{0,16}(?:\\[A-Z0-9_ ]{0,16})*"),
    vrs.CODES[b"DS"]: re.compile(rb"[0-9+\-Ee. ]{0,16}(?:\\[0-9+\-Ee. ]{0,16})*"),
    vrs.CODES[b"IS"]: re.compile(rb"[0-9+\- ]{0,12}(?:\\[0-9+\- ]{0,12})*"),
    # Of UIDs the root is looked at too: digits alone, or a date with dots, are none.
    vrs.UI: re.compile(rb"[0-2]\.[0-9.]*(?:[\\ \0]+[0-2]\.[0-9.]*)*"),
}
_PADDING = b" \0"
_UID = re.compile(r"[0-2]\.[0-9.]+")


def shown_value(tag: int | None, vr: int, value: bytes, *, everything: bool) -> str:
    """A value of the file, or how long it is if a person might be known by it.

    Args:
        tag: of the element that it is the value of; None if it is of none.
        vr: the code of the value representation that the file gives it.
        value: the bytes that stand there, or the first of them.
        everything: whether the profile allows to show all values.
    """
    text = value.rstrip(_PADDING)
    if everything or not text or _is_harmless(tag, vr, text):
        return text.decode("latin-1")
    return f"{len(text)} byte{'s' * (len(text) > 1)} (not shown)"


def shown_identifier(element: Element | None, *, everything: bool) -> str:
    """A UID or a code such as the modality; empty if something else stands in its place.

    Args:
        element: the element that should hold it; None if it is absent.
        everything: whether the profile allows to show all values.
    """
    if element is None:
        return ""
    value = element.value(_IDENTIFIER_LENGTH).rstrip(_PADDING)
    if everything or _is_harmless(element.trail[-1], element.vr, value):
        return value.decode("ascii", "replace")
    return ""


def shown_uid(text: str) -> str:
    """A UID that several files have in common, or that it is none."""
    return text if _UID.fullmatch(text) else "what is no UID"


def _is_harmless(tag: int | None, vr: int, text: bytes) -> bool:
    form = _HARMLESS.get(vr)
    if tag is None or form is None or vrs.BY_TAG[tag] not in _HARMLESS:
        return False
    return form.fullmatch(text) is not None


def shown(text: str | None) -> str | None:
    """A text fit for a report: short, control characters and bytes beyond ASCII escaped."""
    if text is None:
        return None
    part = text[:_LENGTH]
    escaped = "".join(c if c.isascii() and c.isprintable() else f"\\x{ord(c):02x}" for c in part)
    if len(escaped) <= _LENGTH and len(text) <= _LENGTH:
        return escaped
    return escaped[: _LENGTH - 3] + "..."
