"""Rules that a site makes for elements of its choice, in its profile: see docs/site-profiles.md."""

from collections.abc import Iterator, Sequence
from math import isfinite
from struct import calcsize, iter_unpack
from typing import NamedTuple

from contracts.report import Severity
from engine.encoding import vr as vrs
from engine.encoding.elements import Element, Elements
from engine.findings import Findings
from engine.instance import Instance
from engine.profiles.pattern import compiled
from engine.profiles.site import MustBe, SiteRule
from engine.rule import Absent, Rule, Violation, define
from engine.values.character_sets import character_set

_SECTION = "the site's profile"
_WHY = "What the profile is for, a trial's analysis perhaps, can't be done with the file."
_FIX = "`expected` starts with the id of the site's rule, whose author knows what it is for; "

MISSING = define(
    "site.element-missing",
    Severity.ERROR,
    "An element that the site requires is missing.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "have the sender fill the element in, or limit the rule to other instances.",
    violation=False,
)
EMPTY = define(
    "site.element-empty",
    Severity.ERROR,
    "An element that the site requires has no value.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "have the sender fill the element in, or limit the rule to other instances.",
    violation=False,
)
PRESENT = define(
    "site.element-present",
    Severity.ERROR,
    "An element is present that the site does not allow.",
    _SECTION,
    why="Most often it tells who the patient is, and the files were to be without that.",
    fix=_FIX + "remove the element where the files are de-identified.",
    violation=False,
)
VALUE_PRESENT = define(
    "site.value-present",
    Severity.ERROR,
    "An element has a value, which the site does not allow.",
    _SECTION,
    why="Most often it tells who the patient is, and the files were to be without that.",
    fix=_FIX + "empty the element where the files are de-identified.",
    violation=False,
)
NOT_ALLOWED = define(
    "site.value-not-allowed",
    Severity.ERROR,
    "The value is not one of those that the site allows.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "correct the value, acquire again, or add it to the rule's list.",
    violation=False,
)
OUT_OF_RANGE = define(
    "site.value-out-of-range",
    Severity.ERROR,
    "The number is not within the bounds that the site sets.",
    _SECTION,
    why=_WHY,
    fix=_FIX + "acquire again with other settings, or correct the value or the bounds.",
    violation=False,
)
FORMAT = define(
    "site.value-format",
    Severity.ERROR,
    "The value does not have the form that the site asks for.",
    _SECTION,
    why="Subjects, visits and the like are found by such values; others get lost.",
    fix=_FIX + "correct the value, or the pattern.",
    violation=False,
)

_SOP_CLASS_UID = 0x00080016
_MODALITY = 0x00080060
_SPECIFIC_CHARACTER_SET = 0x00080005
_VALUE_LIMIT = 1 << 20
"""How much of a value is looked at, in bytes."""
_TEXT_LIMIT = 1024
"""How much of a single value a pattern is tried on, in characters; a longer one does not match."""
_BINARY = {
    vrs.CODES[letters]: code
    for letters, code in (
        *((b"US", "H"), (b"SS", "h"), (b"UL", "I"), (b"SL", "i")),
        *((b"UV", "Q"), (b"SV", "q"), (b"FL", "f"), (b"FD", "d")),
    )
}
_FL = vrs.CODES[b"FL"]
_UNDIVIDED = frozenset(vrs.CODES[letters] for letters in (b"LT", b"ST", b"UT", b"UR"))
"""In these a backslash is text (PS3.5 6.4)."""


class _Place(NamedTuple):
    """Where a rule looks: at an element, or where that or a sequence around it is missing."""

    at: Element | Absent | int
    element: Element | None


class _Value(NamedTuple):
    """One value of an element: as a text or as a number, and as what a finding says of it."""

    text: str
    number: float | None
    shown: Violation


def check(instance: Instance, findings: Findings) -> None:
    """Hold an instance against the rules of the profile."""
    if not instance.profile.rules or instance.is_media_directory:
        return
    sop_class_uid = instance.dataset.text(_SOP_CLASS_UID)
    modality = instance.dataset.text(_MODALITY)
    for rule in instance.profile.rules:
        if rule.has(sop_class_uid, modality):
            for broken, violation in _violations(instance, rule):
                findings.add(broken, violation)


def _violations(instance: Instance, rule: SiteRule) -> Iterator[tuple[Rule, Violation]]:
    elements = instance.meta if rule.element[0] >> 16 == 2 else instance.dataset
    if elements is None:
        return
    for place in _places(elements, rule):
        if place.element is None:
            if rule.must_be in {MustBe.PRESENT, MustBe.FILLED} and not _is_cut(elements, place.at):
                yield MISSING, Violation(place.at, expected=f"{rule.id}: the element", site=rule)
            continue
        is_empty = place.element.is_empty
        if rule.must_be is MustBe.ABSENT:
            yield PRESENT, Violation(place.at, expected=f"{rule.id}: no such element", site=rule)
        elif rule.must_be is MustBe.EMPTY and not is_empty:
            yield VALUE_PRESENT, Violation(place.at, expected=f"{rule.id}: no value", site=rule)
        elif rule.must_be is MustBe.FILLED and is_empty:
            yield EMPTY, Violation(place.at, expected=f"{rule.id}: a value", site=rule)
        elif rule.restricts_values and not is_empty:
            yield from _wrong_values(instance, rule, place.element)


def _places(elements: Elements, rule: SiteRule) -> Iterator[_Place]:
    if rule.anywhere:
        return _found_anywhere(elements, rule)
    first = elements.get(rule.element[0])
    return _found(_Place(first or rule.element[0], first), rule.element[1:])


def _found(place: _Place, path: Sequence[int]) -> Iterator[_Place]:
    """Where a path leads from a place; where it breaks off, the sequence is what is missing."""
    if not path or place.element is None:
        yield place
        return
    is_empty = True
    for item in place.element.children():
        is_empty = False
        yield from _found(_in_item(item, path[0]), path[1:])
    if is_empty:
        yield _Place(place.at, None)


def _in_item(item: Element, tag: int) -> _Place:
    tags = item.elements.tags
    for element in item.children():
        if tags[element.row] == tag:
            return _Place(element, element)
    return _Place(Absent(item, tag), None)


def _found_anywhere(elements: Elements, rule: SiteRule) -> Iterator[_Place]:
    """All elements whose path ends with that of the rule; the element itself if there is none."""
    tag, length = rule.element[-1], len(rule.element)
    row, is_found = -1, False
    for _ in range(elements.tags.count(tag)):
        row = elements.tags.index(tag, row + 1)
        element = Element(elements, row)
        if length == 1 or element.trail[-length:] == rule.element:
            is_found = True
            yield _Place(element, element)
    if not is_found:
        yield _Place(tag, None)


def _is_cut(elements: Elements, at: Element | Absent | int) -> bool:
    """Whether the file breaks off before the place where the element would stand."""
    if isinstance(at, int):
        return elements.may_have(at)
    return not elements.complete


def _wrong_values(
    instance: Instance, rule: SiteRule, element: Element
) -> Iterator[tuple[Rule, Violation]]:
    values = list(_values(instance, element, rule))
    if rule.position is not None:
        values = values[rule.position - 1 : rule.position]
        if not values and rule.must_be is MustBe.FILLED:
            yield EMPTY, Violation(element, f"{rule.id}: value {rule.position}", site=rule)
    for value in values:
        if rule.allowed and not _is_allowed(value, rule):
            expected = f"{rule.id}: {' or '.join(rule.allowed)}"
            yield NOT_ALLOWED, value.shown._replace(expected=expected)
        if rule.has_bounds and not _is_within(value, rule):
            yield OUT_OF_RANGE, value.shown._replace(expected=f"{rule.id}: {rule.bounds}")
        if rule.matches and not (
            len(value.text) <= _TEXT_LIMIT and compiled(rule.matches).matches(value.text)
        ):
            expected = f"{rule.id}: a text that matches {rule.matches}"
            yield FORMAT, value.shown._replace(expected=expected)


def _values(instance: Instance, element: Element, rule: SiteRule) -> Iterator[_Value]:
    content = element.value(_VALUE_LIMIT)
    if code := _BINARY.get(element.vr):
        order = "<" if element.elements.byte_order == "little" else ">"
        size = calcsize(code)
        for (number,) in iter_unpack(order + code, content[: len(content) // size * size]):
            text = str(number)
            if element.vr == _FL:
                # 32 bits hold about 7 digits: 0.1 comes out as 0.10000000149.
                text = f"{number:.7g}"
            yield _Value(text, float(text), Violation(element, found=text, site=rule))
        return
    text = _decoded(content, instance)
    for part in [text] if element.vr in _UNDIVIDED else text.split("\\"):
        value = part.strip(" \0")
        violation = Violation(element, value=value.encode(), site=rule)
        yield _Value(value, _number(value), violation)


def _decoded(content: bytes, instance: Instance) -> str:
    """A text in the data set's character set; what is none in it, in replacement characters."""
    declared = instance.dataset.get(_SPECIFIC_CHARACTER_SET)
    characters, _ = character_set(declared.value(256) if declared else b"")
    text = characters.decode(content)
    return content.decode("ascii", "replace") if text is None else text


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _is_allowed(value: _Value, rule: SiteRule) -> bool:
    if rule.holds_numbers:
        return value.number is not None and value.number in map(float, rule.allowed)
    return value.text in rule.allowed


def _is_within(value: _Value, rule: SiteRule) -> bool:
    return (
        value.number is not None
        and (rule.at_least is None or value.number >= rule.at_least)
        and (rule.at_most is None or value.number <= rule.at_most)
    )
