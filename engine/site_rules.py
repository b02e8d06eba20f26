"""Checks an instance against the rules of a site's profile, see docs/site-profiles.md."""

from collections.abc import Iterator, Sequence
from math import isfinite
from struct import calcsize, iter_unpack
from typing import NamedTuple

from engine.encoding import vr as vrs
from engine.encoding.character_sets import SEPARATORS, declaration
from engine.encoding.elements import Element, Elements
from engine.findings import Findings
from engine.formulas.level import Level, Surroundings
from engine.formulas.parsing import parsed
from engine.instance import Instance
from engine.profiles.pattern import compiled
from engine.profiles.site_rule import MustBe, SiteRule
from engine.rule import Rule
from engine.rules import site as rules
from engine.tags import MODALITY, SOP_CLASS_UID, SPECIFIC_CHARACTER_SET
from engine.violation import Absent, Violation

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
_UR = vrs.CODES[b"UR"]


class _Place(NamedTuple):
    """Where a rule looks: at an element, or where that or a sequence around it is missing."""

    at: Element | Absent | int
    element: Element | None


class _Value(NamedTuple):
    """One value of an element: as a text or as a number, and as what a finding says of it."""

    text: str
    number: float | None
    shown: Violation


def check_site_rules(instance: Instance, findings: Findings) -> None:
    """Hold an instance against the rules of the profile."""
    if not instance.profile.rules or instance.is_media_directory:
        return
    sop_class_uid = instance.dataset.text(SOP_CLASS_UID)
    modality = instance.dataset.text(MODALITY)
    surroundings = Surroundings(instance.dataset, instance.meta)
    for rule in instance.profile.rules:
        if rule.has(sop_class_uid, modality):
            for broken, violation in _violations(instance, rule, surroundings):
                findings.add(broken, violation)


def _violations(
    instance: Instance, site: SiteRule, surroundings: Surroundings
) -> Iterator[tuple[Rule, Violation]]:
    elements = instance.meta if site.element[0] >> 16 == 2 else instance.dataset
    if elements is None:
        return
    for place in _places(elements, site):
        if broken := _broken_presence(elements, place, site.must_be):
            rule, expected = broken
            yield rule, Violation(place.at, f"{site.id}: {expected}", site=site)
        elif place.element:
            if site.restricts_values and not place.element.is_empty:
                yield from _wrong_values(instance, site, place.element)
            if site.require:
                yield from _broken_formula(site, place.element, surroundings)


def _broken_presence(
    elements: Elements, place: _Place, must_be: MustBe | None
) -> tuple[Rule, str] | None:
    """The rule that an element breaks by being present, absent or empty, and what is expected."""
    if place.element is None:
        is_required = must_be in {MustBe.PRESENT, MustBe.FILLED}
        if is_required and not _is_cut(elements, place.at):
            return rules.MISSING, "the element"
    elif must_be is MustBe.ABSENT:
        return rules.PRESENT, "no such element"
    elif must_be is MustBe.EMPTY and not place.element.is_empty:
        return rules.VALUE_PRESENT, "no value"
    elif must_be is MustBe.FILLED and place.element.is_empty:
        return rules.EMPTY, "a value"
    return None


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
    """Whether the file ends before the place where the element would be."""
    if isinstance(at, int):
        return elements.may_have(at)
    return not elements.complete


def _broken_formula(
    site: SiteRule, element: Element, surroundings: Surroundings
) -> Iterator[tuple[Rule, Violation]]:
    """The formula of a rule, in the data set or item that has the element."""
    elements, row = element
    level = Level(surroundings, elements.parents[row], elements)
    statement = parsed(site.require or "")
    is_asked = not site.when or parsed(site.when).truth(level) is True
    if is_asked and statement.truth(level) is False:
        expected, found = statement.reason(level)
        yield rules.FORMULA, Violation(element, f"{site.id}: {expected}", found, site=site)


def _wrong_values(
    instance: Instance, site: SiteRule, element: Element
) -> Iterator[tuple[Rule, Violation]]:
    values = list(_values(instance, element, site))
    if site.position is not None:
        values = values[site.position - 1 : site.position]
        if not values and site.must_be is MustBe.FILLED:
            yield rules.EMPTY, Violation(element, f"{site.id}: value {site.position}", site=site)
    for value in values:
        for rule, expected in _broken_restrictions(value, site):
            yield rule, value.shown._replace(expected=f"{site.id}: {expected}")


def _broken_restrictions(value: _Value, site: SiteRule) -> Iterator[tuple[Rule, str]]:
    """The rules that one value breaks, each with what is expected."""
    if site.allowed and not _is_allowed(value, site):
        yield rules.NOT_ALLOWED, " or ".join(site.allowed)
    if site.has_bounds and not _is_within(value, site):
        yield rules.OUT_OF_RANGE, site.bounds
    if site.matches and not _matches(value.text, site.matches):
        yield rules.FORMAT, f"a text that matches {site.matches}"


def _matches(text: str, pattern: str) -> bool:
    return len(text) <= _TEXT_LIMIT and compiled(pattern).matches(text)


def _values(instance: Instance, element: Element, rule: SiteRule) -> Iterator[_Value]:
    content = element.value(_VALUE_LIMIT)
    if code := _BINARY.get(element.typed_vr):
        order = "<" if element.elements.byte_order == "little" else ">"
        size = calcsize(code)
        for (number,) in iter_unpack(order + code, content[: len(content) // size * size]):
            text = str(number)
            if element.vr == _FL:
                # 32 bits hold about 7 digits: 0.1 comes out as 0.10000000149.
                text = f"{number:.7g}"
            yield _Value(text, float(text), Violation(element, found=text, site=rule))
        return
    for part in _texts(content, element.typed_vr, instance):
        value = part.strip(" \0")
        violation = Violation(element, value=value.encode(), site=rule)
        yield _Value(value, _number(value), violation)


def _texts(content: bytes, vr: int, instance: Instance) -> list[str]:
    """The values of a text; what is no character is a replacement character."""
    if vr not in SEPARATORS:
        text = content.decode("ascii", "replace")
        return [text] if vr == _UR else text.split("\\")
    declared = instance.dataset.get(SPECIFIC_CHARACTER_SET)
    characters = declaration(declared.value(256) if declared else b"").characters
    return characters.decode(content, vr).values


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
