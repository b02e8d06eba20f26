"""Collects what an examination finds: equal findings become one with a count."""

from dataclasses import dataclass
from typing import NamedTuple

from contracts.report import Finding, Severity
from engine.disclosure import shown, shown_value
from engine.encoding.elements import Element
from engine.profiles.profile import Profile
from engine.rule import Rule
from engine.standard.facts import keyword_of
from engine.tags import tag_text
from engine.violation import Absent, Violation

_PATH_LENGTH = 500
"""The longest path, in characters; of a longer one the last steps are kept."""
_ELSEWHERE = "elsewhere"
"""Represents the elements that are not kept apart."""


class _Location(NamedTuple):
    """Where a violation is; taken at once, since the walker may take an element back."""

    path: str | None
    tag: int | None
    vr: int
    offset: int | None
    position: tuple[int, int]
    """Among the other findings: what is absent comes after what is there."""


@dataclass(slots=True)
class _Place:
    rule: Rule
    violation: Violation
    location: _Location
    count: int = 1


class Findings:
    """The findings of one examination.

    Findings of one code at one element are equal whichever item they are in: the first one
    represents all. A code has findings for at most as many elements as the profile says, and so
    have all codes together; one more finding of a code without a path counts the others, so that no
    error gets lost and no file can fill the memory. Each site rule counts as a code of its own.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._places: dict[tuple[str, str | None, object], _Place] = {}
        self._per_code: dict[tuple[str, str | None], int] = {}

    def add(self, rule: Rule, violation: Violation, times: int = 1) -> None:
        """Record a violation of a rule, or several that are alike."""
        site = violation.site
        code = (rule.code, site.id if site else None)
        subject = _subject(violation.at)
        place = self._places.get((*code, subject))
        if place is None:
            known = self._per_code.get(code, 0)
            limits = self._profile.limits
            if known < limits.max_findings_per_code and len(self._places) < limits.max_findings:
                self._per_code[code] = known + 1
                self._places[*code, subject] = _Place(rule, violation, _locate(violation), times)
                return
            place = self._places.get((*code, _ELSEWHERE))
            if place is None:
                elsewhere = Violation(expected=violation.expected if site else None, site=site)
                self._places[*code, _ELSEWHERE] = _Place(rule, elsewhere, _locate(elsewhere), times)
                return
        place.count += times

    def in_order(self, sop_class_uid: str = "", modality: str = "") -> tuple[Finding, ...]:
        """The findings in the order of the file, absent elements last; without muted rules.

        Args:
            sop_class_uid: of the instance: the profile may weigh findings by it.
            modality: of the instance; likewise.
        """
        found: list[tuple[tuple[int, int], int, Finding]] = []
        for place in self._places.values():
            site = place.violation.site
            severity = (
                site.severity
                if site
                else self._profile.severity_of(place.rule, sop_class_uid, modality)
            )
            if severity is not None:
                location = place.location
                finding = self._finding(place, severity)
                found.append((location.position, location.tag or 0, finding))
        # By tag, where several elements of one item are missing: rules find them in any order.
        found.sort(key=lambda entry: entry[:2])
        return tuple(finding for _, _, finding in found)

    def _finding(self, place: _Place, severity: Severity) -> Finding:
        rule, violation = place.rule, place.violation
        path, tag, vr, offset, _ = place.location
        found = violation.found
        if violation.value is not None:
            found = shown_value(tag, vr, violation.value, everything=self._profile.show_values)
        return Finding(
            code=rule.code,
            severity=severity,
            message=(violation.site and violation.site.message) or rule.message,
            path=path and _shortened(path),
            keyword=None if tag is None else keyword_of(tag),
            count=place.count,
            expected=shown(violation.expected),
            found=shown(found),
            section=None if violation.site else violation.section or rule.section,
            offset=offset,
        )


def _shortened(path: str) -> str:
    if len(path) <= _PATH_LENGTH:
        return path
    return "...>" + path[4 - _PATH_LENGTH :].partition(">")[2]


def _locate(violation: Violation) -> _Location:
    at, offset = violation.at, violation.offset
    if isinstance(at, Element):
        start = at.offset if offset is None else offset
        in_file = at.elements.in_file
        position = (0 if in_file else 1, start)
        return _Location(at.path, at.trail[-1], at.vr, start if in_file else None, position)
    if isinstance(at, Absent):
        return _Location(at.path, at.tag, 0, offset, (1, at.item.offset))
    if at is not None:
        return _Location(tag_text(at), at, 0, offset, (2, at))
    return _Location(None, None, 0, offset, (0, offset or 0))


def _subject(at: Element | Absent | int | None) -> object:
    if isinstance(at, Element):
        return at.trail
    if isinstance(at, Absent):
        return (*at.item.trail, at.tag)
    return at
