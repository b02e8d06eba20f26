"""Unique identifiers (PS3.5 9)."""

import re

from engine.rules import uid as rules
from engine.values.defect import NOTHING, SHOWN, VALID, Defect, Verdict

_COMPONENT = rb"(?:0|[1-9][0-9]*+)"
_UID = re.compile(rb"%b(?:\.%b)*+" % (_COMPONENT, _COMPONENT))
# Below 0 and 1 there are 40 arcs, below 2 as many as one likes (ITU-T X.660 6.2, X.690 8.19.4).
_ROOT = re.compile(rb"(?:[01]\.[1-3]?[0-9]|2\.[0-9]+)(?:\..*)?")
_LENGTH = 64
_PADDING = b" \0"
_FORM = "at most 64 digits and dots, no component empty or with a leading zero"
_ROOTS = "two components or more, the first 0, 1 or 2"


def judge_identifying(value: bytes) -> Verdict:
    """Judge a UID that an instance is filed by; it has exactly one value."""
    text = value.rstrip(_PADDING)
    if not text:
        return NOTHING
    if not _is_well_formed(text):
        # One value here, however many: what else there is to say of it is said already.
        defect = Defect(rules.MALFORMED, _FORM, value=text[:SHOWN])
        return Verdict(1, (defect, *_padding_defects(value)))
    return _verdict([text], [*_root_defects(text), *_padding_defects(value)])


def judge(value: bytes) -> Verdict:
    """Judge the UIDs of any other element."""
    text = value.rstrip(_PADDING)
    if not text:
        return NOTHING
    parts = text.split(b"\\")
    defects = []
    for part in parts:
        uid = part.rstrip(_PADDING)
        if uid and not _is_well_formed(uid):
            defects.append(Defect(rules.MALFORMED_ELSEWHERE, _FORM, value=uid[:SHOWN]))
            break
        if uid and (defects := _root_defects(uid)):
            break
    return _verdict(parts, [*defects, *_padding_defects(value)])


def _verdict(parts: list[bytes], defects: list[Defect]) -> Verdict:
    if len(parts) == 1 and not defects:
        return VALID
    return Verdict(len(parts), tuple(defects))


def _is_well_formed(uid: bytes) -> bool:
    return len(uid) <= _LENGTH and _UID.fullmatch(uid) is not None


def _root_defects(uid: bytes) -> list[Defect]:
    return [] if _ROOT.fullmatch(uid) else [Defect(rules.ROOT, _ROOTS, value=uid)]


def _padding_defects(value: bytes) -> list[Defect]:
    if value.endswith((b" ", b"\0\0", b" \0")):
        return [Defect(rules.PADDING, "at most one null byte", value=value[-16:])]
    return []
