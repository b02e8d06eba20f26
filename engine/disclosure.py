"""Which values of a file a report shows: none that may identify a person, unless asked to."""

import re

from contracts.model import is_uid
from engine.encoding import vr as vrs
from engine.encoding.elements import Element

_LENGTH = 120
"""How much of a value a finding shows, in characters."""
_IDENTIFIER_LENGTH = 128
"""How much of an identifier is kept, in bytes: a UID has 64, a malformed one may have more."""

# A VR alone does not make a value safe to show, since anything may be in the wrong element; nor
# does its form (a date is digits). So a value is shown if
# - the data dictionary knows the element and gives it a VR of codes, numbers or UIDs: not that of
#   a name, date, identifier or text, and not a private element, whose meaning is unknown;
# - the file gives it such a VR too;
# - and the value has the form of that VR.
_SAFE_FORMS = {
    vrs.CODES[b"CS"]: re.compile(rb"[A-Z0-9_ ]{0,16}(?:\\[A-Z0-9_ ]{0,16})*"),
    vrs.CODES[b"DS"]: re.compile(rb"[0-9+\-Ee. ]{0,16}(?:\\[0-9+\-Ee. ]{0,16})*"),
    vrs.CODES[b"IS"]: re.compile(rb"[0-9+\- ]{0,12}(?:\\[0-9+\- ]{0,12})*"),
    # With its root: digits alone, or a date with dots, are not a UID.
    vrs.UI: re.compile(rb"[0-2]\.[0-9.]*(?:[\\ \0]+[0-2]\.[0-9.]*)*"),
}
_PADDING = b" \0"
_UID = re.compile(r"[0-2]\.[0-9.]+")


def shown_value(tag: int | None, vr: int, value: bytes, *, everything: bool) -> str:
    """A value of the file, or only its length if it may identify a person.

    Args:
        tag: of the element; None if the value belongs to none.
        vr: the code of the value representation that the file gives it.
        value: the bytes of the value, or the first of them.
        everything: whether the profile allows to show all values.
    """
    text = value.rstrip(_PADDING)
    if everything or not text or _is_safe(tag, vr, text):
        return text.decode("latin-1")
    return f"{len(text)} byte{'s' * (len(text) > 1)} (not shown)"


def shown_identifier(element: Element | None, *, everything: bool) -> str:
    """A UID or a code such as the modality; empty if the element has something else.

    A UID is one whatever VR the file gives it: what is accepted must be found by it.

    Args:
        element: the element that should hold it; None if it is absent.
        everything: whether the profile allows to show all values.
    """
    if element is None:
        return ""
    value = element.value(_IDENTIFIER_LENGTH).rstrip(_PADDING)
    text, tag = value.decode("ascii", "replace"), element.trail[-1]
    is_known = vrs.BY_TAG[tag] == vrs.UI and is_uid(text)
    if everything or is_known or _is_safe(tag, element.typed_vr, value):
        return text
    return ""


def shown_uid(text: str) -> str:
    """A UID that several files have in common, or the fact that it is not a UID."""
    return text if _UID.fullmatch(text) else "what is no UID"


def _is_safe(tag: int | None, vr: int, text: bytes) -> bool:
    form = _SAFE_FORMS.get(vr)
    if tag is None or form is None or vrs.BY_TAG[tag] not in _SAFE_FORMS:
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
