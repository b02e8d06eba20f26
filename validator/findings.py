"""Collects what an examination finds: equal findings become one with a count."""

from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag

from contracts.report import Finding
from validator.elements import Element, tag_text
from validator.rule import Rule, Violation

_VALUE_LENGTH = 120
"""How much of a value a finding shows, in characters."""
_PATH_LENGTH = 500
"""The longest path, in characters; of a longer one the end is kept."""


@dataclass(slots=True)
class _Place:
    finding: Finding
    position: tuple[int, int]
    count: int = 1


class Findings:
    """The findings of one examination.

    Findings of one code at one element are equal whichever item they are in: the first stands
    for all. A code keeps at most `max_per_code` elements apart, and one more finding without a
    path counts the others, so that no error gets lost and no file can fill the memory.
    """

    def __init__(self, max_per_code: int) -> None:
        self._max_per_code = max_per_code
        self._places: dict[tuple[str, object], _Place] = {}
        self._per_code: dict[str, int] = {}

    def add(self, rule: Rule, violation: Violation) -> None:
        """Record a violation of a rule."""
        at = violation.at
        key: tuple[str, object] = (rule.code, at.trail if isinstance(at, Element) else at)
        if key not in self._places:
            known = self._per_code.get(rule.code, 0)
            if known < self._max_per_code:
                self._per_code[rule.code] = known + 1
                self._places[key] = _place(rule, violation)
                return
            key = (rule.code, "elsewhere")
            if key not in self._places:
                self._places[key] = _place(rule, Violation())
                return
        self._places[key].count += 1

    def in_order(self) -> tuple[Finding, ...]:
        """The findings in the order of the file, absent elements last."""
        places = sorted(self._places.values(), key=lambda place: place.position)
        return tuple(
            place.finding
            if place.count == 1
            else place.finding.model_copy(update={"count": place.count})
            for place in places
        )


def _place(rule: Rule, violation: Violation) -> _Place:
    at, offset = violation.at, violation.offset
    path = keyword = None
    position = (0, offset or 0)
    if isinstance(at, Element):
        path, keyword = at.path, at.keyword
        offset = at.offset if offset is None else offset
        position = (0 if at.elements.in_file else 1, offset)
        if not at.elements.in_file:
            offset = None
    elif at is not None:
        path, keyword = tag_text(at), keyword_for_tag(at) or None
        position = (2, at)
    finding = Finding(
        code=rule.code,
        severity=rule.severity,
        message=rule.message,
        path=path and path[-_PATH_LENGTH:],
        keyword=keyword,
        expected=_shown(violation.expected),
        found=_shown(violation.found),
        reference=rule.reference,
        offset=offset,
    )
    return _Place(finding, position)


def _shown(value: str | bytes | None) -> str | None:
    """A value fit for a report: short, control characters and bytes beyond ASCII escaped."""
    if value is None:
        return None
    text = value[:_VALUE_LENGTH]
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    escaped = "".join(c if c.isascii() and c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    if len(escaped) <= _VALUE_LENGTH and len(value) <= _VALUE_LENGTH:
        return escaped
    return escaped[: _VALUE_LENGTH - 3] + "..."
