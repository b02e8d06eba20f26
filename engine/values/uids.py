"""Unique identifiers (PS3.5 9)."""

import re

from engine.rules import uid as rules
from engine.values.judgement import NOTHING, SHOWN, VALID, Judgement, broken
from engine.violation import RuleViolation

_COMPONENT = rb"(?:0|[1-9][0-9]*+)"
_UID = re.compile(rb"%b(?:\.%b)*+" % (_COMPONENT, _COMPONENT))
_NUMBERS = re.compile(rb"[0-9]++(?:\.[0-9]++)*+")
# Below 0 and 1 there are 40 arcs, below 2 as many as one likes (ITU-T X.660 6.2, X.690 8.19.4).
_ROOT = re.compile(rb"(?:[01]\.[1-3]?[0-9]|2\.[0-9]+)(?:\..*)?")
_LENGTH = 64
_PADDING = b" \0"
_FORM = "at most 64 digits and dots, no component empty or with a leading zero"
_ROOTS = "two components or more, the first 0, 1 or 2"


def judge_identifying(value: bytes) -> Judgement:
    """Judge a UID that an instance is filed by; it has exactly one value."""
    text = value.rstrip(_PADDING)
    if not text:
        return NOTHING
    if not _is_well_formed(text):
        # Counted as one value: the rule of the form covers several values as well.
        is_usable = len(text) <= _LENGTH and _NUMBERS.fullmatch(text)
        rule = rules.LEADING_ZERO if is_usable else rules.MALFORMED
        violation = broken(rule, _FORM, value=text[:SHOWN])
        return Judgement(1, (violation, *_padding_violations(value)))
    return _judgement([text], [*_root_violations(text), *_padding_violations(value)])


def judge(value: bytes) -> Judgement:
    """Judge the UIDs of any other element."""
    text = value.rstrip(_PADDING)
    if not text:
        return NOTHING
    parts = text.split(b"\\")
    violations = []
    for part in parts:
        uid = part.rstrip(_PADDING)
        if uid and not _is_well_formed(uid):
            violations.append(broken(rules.MALFORMED_ELSEWHERE, _FORM, value=uid[:SHOWN]))
            break
        if uid and (violations := _root_violations(uid)):
            break
    return _judgement(parts, [*violations, *_padding_violations(value)])


def _judgement(parts: list[bytes], violations: list[RuleViolation]) -> Judgement:
    if len(parts) == 1 and not violations:
        return VALID
    return Judgement(len(parts), tuple(violations))


def _is_well_formed(uid: bytes) -> bool:
    return len(uid) <= _LENGTH and _UID.fullmatch(uid) is not None


def _root_violations(uid: bytes) -> list[RuleViolation]:
    return [] if _ROOT.fullmatch(uid) else [broken(rules.ROOT, _ROOTS, value=uid)]


def _padding_violations(value: bytes) -> list[RuleViolation]:
    if value.endswith((b" ", b"\0\0", b" \0")):
        return [broken(rules.PADDING, "at most one null byte", value=value[-16:])]
    return []
