"""Rules of unique identifiers (PS3.5 9)."""

import re
from collections.abc import Iterator

from contracts.report import Severity
from validator import vr as vrs
from validator.elements import Element
from validator.instance import Instance
from validator.rule import Violation, rule

_COMPONENT = rb"(?:0|[1-9][0-9]*)"
_UID = re.compile(rb"%b(?:\.%b)*" % (_COMPONENT, _COMPONENT))
_UID_LENGTH = 64
_PADDING = b" \0"
_VALUE_LIMIT = 1 << 20
_FORM = "at most 64 digits and dots, no component empty or with a leading zero"

# SOP class, SOP instance, study and series: those that an archive files by.
_IDENTIFYING = frozenset(
    {0x00020002, 0x00020003, 0x00020010, 0x00080016, 0x00080018, 0x0020000D, 0x0020000E}
)


@rule(
    "uid.malformed",
    Severity.ERROR,
    "A UID that identifies the instance is malformed.",
    "PS3.5 9.1",
)
def identifying_uids_are_well_formed(instance: Instance) -> Iterator[Violation]:
    """Those that an instance is filed by; each has exactly one value."""
    for element, value in _uids(instance):
        if not _is_well_formed(value) and _identifies(element):
            yield Violation(element, expected=_FORM, found=value.rstrip(_PADDING))


@rule(
    "uid.malformed-elsewhere",
    Severity.WARNING,
    "A UID is malformed.",
    "PS3.5 9.1",
)
def other_uids_are_well_formed(instance: Instance) -> Iterator[Violation]:
    """References to other instances, frames of reference, devices, in items as well."""
    for element, values in _uids(instance):
        if not _is_well_formed(values) and not _identifies(element):
            malformed = [value for value in values.split(b"\\") if not _is_well_formed(value)]
            if malformed:
                yield Violation(element, expected=_FORM, found=malformed[0].rstrip(_PADDING))


@rule(
    "uid.padding",
    Severity.WARNING,
    "A UID is not padded with a single null byte.",
    "PS3.5 9.1",
)
def uids_are_padded_with_one_null(instance: Instance) -> Iterator[Violation]:
    """Spaces are for other strings; comparing the bytes then finds no match."""
    for element, value in _uids(instance):
        if value.endswith((b" ", b"\0\0", b" \0")) and value.strip(_PADDING):
            yield Violation(element, expected="at most one null byte", found=value[-16:])


def _uids(instance: Instance) -> Iterator[tuple[Element, bytes]]:
    for elements in (instance.meta, instance.dataset):
        if elements:
            for row, value in elements.values_of(vrs.UI, _VALUE_LIMIT):
                yield Element(elements, row), value


def _identifies(element: Element) -> bool:
    trail = element.trail
    return len(trail) == 1 and trail[0] in _IDENTIFYING


def _is_well_formed(value: bytes) -> bool:
    uid = value.rstrip(_PADDING)
    return not uid or (len(uid) <= _UID_LENGTH and _UID.fullmatch(uid) is not None)
