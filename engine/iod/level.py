"""Checks a data set or an item against a level of the plan."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from engine.encoding.elements import TOP, Element
from engine.findings import Findings
from engine.iod.condition import Condition
from engine.iod.demands import Attribute, Level
from engine.iod.missing import MissingAttributes
from engine.iod.plan import Plans
from engine.iod.scope import Scope
from engine.iod.wording import worded
from engine.rule import Rule
from engine.rules import iod as rules
from engine.violation import Violation

_MISSING = {
    "1": rules.TYPE_1_MISSING,
    "1C": rules.TYPE_1C_MISSING,
    "2": rules.TYPE_2_MISSING,
    "2C": rules.TYPE_2C_MISSING,
}


class OpenSequence(NamedTuple):
    """A sequence whose items are to be checked."""

    row: int
    attribute: Attribute


class Checker:
    """Reports what is wrong with the attributes of a data set or an item.

    Args:
        plans: has the names and sections of modules, and the allowed values.
        findings: collects the violations.
        reported_elsewhere: tags of the data set that other rules report if they are missing.
    """

    def __init__(
        self, plans: Plans, findings: Findings, reported_elsewhere: frozenset[int]
    ) -> None:
        self._modules = plans.facts.modules
        self._terms = plans.terms
        self._findings = findings
        self._reported_elsewhere = reported_elsewhere
        self._missing_attributes = MissingAttributes()

    def check(self, scope: Scope, level: Level) -> list[OpenSequence]:
        """Check one level.

        Returns:
            The sequences on it that the plan knows the items of.
        """
        if missing := level.required.difference(scope.rows):
            self._missing_attributes.add(
                scope, missing, partial(self._report_missing, scope, level.attributes)
            )
        for attribute in level.conditional:
            self._check_conditional(scope, attribute)
        sequences = []
        examined, is_empty = level.examined, scope.surroundings.elements.is_empty
        for tag, row in scope.rows.items():
            if tag in examined:
                attribute = examined[tag]
                if attribute.is_never_empty and is_empty(row):
                    self._report_never_empty(scope, row, attribute)
                elif attribute.items:
                    sequences.append(OpenSequence(row, attribute))
                elif attribute.values:
                    self._check_values(scope, row, attribute)
        return sequences

    def add(self, rule: Rule, violation: Violation, times: int = 1) -> None:
        """Report a violation, or several of the same kind at once."""
        self._findings.add(rule, violation, times)

    def report_items(self, scope: Scope, sequence: OpenSequence, number: int) -> None:
        """Report a sequence that has more than the one item that is allowed."""
        section = self._modules[scope.module or sequence.attribute.module].section
        self._findings.add(
            rules.SINGLE_ITEM,
            Violation(
                Element(scope.surroundings.elements, sequence.row),
                expected="one item",
                found=f"{number} items",
                section=f"PS3.3 {section}" if section else None,
            ),
        )

    def finish(self) -> None:
        """Report the items that were only counted."""
        self._missing_attributes.report_counted()

    def report(
        self,
        rule: Rule,
        scope: Scope,
        tag: int,
        type_: str,
        module: str,
        *,
        times: int = 1,
        because: Condition | None = None,
    ) -> None:
        """Report an attribute by its type in a module.

        Args:
            rule: the broken rule.
            scope: where.
            tag: of the attribute.
            type_: what is required, such as `Type 1`.
            module: the module's id; empty in items.
            times: how many items are counted by it.
            because: the condition that holds, if the type has one.
        """
        name, section, _ = self._modules[scope.module or module]
        expected = f"{type_} in the {name} module"
        if because and (reason := worded(because.expression)):
            expected += f", since {reason}"
        place = section and f"PS3.3 {section}"
        violation = Violation(scope.place(tag), expected=expected, section=place or None)
        self._findings.add(rule, violation, times)

    def _check_conditional(self, scope: Scope, attribute: Attribute) -> None:
        row = scope.rows.get(attribute.tag)
        if row is None:
            self._check_absent(scope, attribute)
        elif not (
            scope.surroundings.elements.is_empty(row) and self._check_empty(scope, attribute)
        ) and _is_barred(scope, attribute):
            tag, module = attribute.tag, attribute.module
            self.report(rules.NOT_ALLOWED, scope, tag, "no such attribute", module)

    def _check_absent(self, scope: Scope, attribute: Attribute) -> None:
        for condition, type_, module in attribute.requirements:
            if scope.truth(condition):
                self._missing(scope, attribute.tag, type_, module, because=condition)
                return
        if attribute.type != "3":
            self._missing(scope, attribute.tag, attribute.type, attribute.module)

    def _check_empty(self, scope: Scope, attribute: Attribute) -> bool:
        """Whether an attribute without a value should have one; it is reported, here or there."""
        if attribute.is_never_empty:
            return True  # `check` reports all those
        for condition, type_, module in attribute.requirements:
            if type_ == "1C" and scope.truth(condition):
                self._empty(scope, attribute.tag, type_, module)
                return True
        return False

    def _report_missing(
        self, scope: Scope, attributes: Mapping[int, Attribute], tag: int, items: int
    ) -> None:
        attribute = attributes[tag]
        self._missing(scope, tag, attribute.type, attribute.module, times=items)

    def _report_never_empty(self, scope: Scope, row: int, attribute: Attribute) -> None:
        if not scope.surroundings.may_go_on(row):
            type_ = "1" if attribute.type == "1" else "1C"
            self._empty(scope, attribute.tag, type_, attribute.module)

    def _missing(
        self,
        scope: Scope,
        tag: int,
        type_: str,
        module: str,
        *,
        times: int = 1,
        because: Condition | None = None,
    ) -> None:
        if not scope.may_have(tag) and not self._is_reported_elsewhere(scope, tag):
            self.report(
                _MISSING[type_], scope, tag, f"Type {type_}", module, times=times, because=because
            )

    def _empty(self, scope: Scope, tag: int, type_: str, module: str) -> None:
        if not self._is_reported_elsewhere(scope, tag):
            rule = rules.TYPE_1_EMPTY if type_ == "1" else rules.TYPE_1C_EMPTY
            self.report(rule, scope, tag, f"Type {type_}", module)

    def _is_reported_elsewhere(self, scope: Scope, tag: int) -> bool:
        return scope.row == TOP and tag in self._reported_elsewhere

    def _check_values(self, scope: Scope, row: int, attribute: Attribute) -> None:
        element = Element(scope.surroundings.elements, row)
        unlisted = self._terms.unlisted(attribute.values, element)
        if unlisted:
            rule = rules.VALUE_NOT_ALLOWED if unlisted.is_enumerated else rules.VALUE_UNEXPECTED
            section = self._modules[scope.module or attribute.module].section
            self._findings.add(
                rule,
                Violation(
                    element,
                    expected=unlisted.expected,
                    found=_numbers(element),
                    value=None if _numbers(element) else element.value(128),
                    section=f"PS3.3 {section}" if section else None,
                ),
            )


def _is_barred(scope: Scope, attribute: Attribute) -> bool:
    """Whether an attribute must be absent, because no condition for it holds."""
    return attribute.is_barred and all(
        scope.truth(requirement.condition) is False for requirement in attribute.requirements
    )


def _numbers(element: Element) -> str | None:
    """The values of a binary element, which cannot identify a person; None if it is a text."""
    values = element.values()
    return None if any(isinstance(value, str) for value in values) else "\\".join(map(str, values))
