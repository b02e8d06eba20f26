"""Checks a data set or an item against a level of the plan."""

from typing import NamedTuple

from engine.encoding.elements import TOP, Element
from engine.findings import Findings
from engine.iod.condition import Condition
from engine.iod.demands import Attribute, Level
from engine.iod.lacks import Lacks
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


class Sequence(NamedTuple):
    """A sequence whose items are to be checked."""

    row: int
    attribute: Attribute


class Checker:
    """Reports what is wrong with the attributes of a data set or an item.

    Args:
        plans: tells the names and sections of modules, and which values are allowed.
        findings: takes the violations.
        said_elsewhere: tags whose lack at the top other rules report.
    """

    def __init__(self, plans: Plans, findings: Findings, said_elsewhere: frozenset[int]) -> None:
        self._modules = plans.facts.modules
        self._terms = plans.terms
        self._findings = findings
        self._said_elsewhere = said_elsewhere
        self._lacks = Lacks()

    def check(self, scope: Scope, level: Level) -> list[Sequence]:
        """Check one level.

        Returns:
            The sequences on it that the plan knows the items of.
        """
        rows, elements = scope.rows, scope.surroundings.elements
        if missing := level.required.difference(rows):
            self._lacks.add(
                scope,
                missing,
                lambda tag, times: self._missing(
                    scope,
                    tag,
                    level.attributes[tag].type,
                    level.attributes[tag].module,
                    times=times,
                ),
            )
        for attribute in level.conditional:
            self._check_conditional(scope, attribute)
        sequences = []
        examined = level.examined
        for tag in rows:
            if tag in examined:
                attribute, row = examined[tag], rows[tag]
                if attribute.is_never_empty and elements.is_empty(row):
                    if not scope.surroundings.may_go_on(row):
                        type_ = attribute.type if attribute.type == "1" else "1C"
                        self._empty(scope, tag, type_, attribute.module)
                elif attribute.items:
                    sequences.append(Sequence(row, attribute))
                elif attribute.values:
                    self._check_values(scope, row, attribute)
        return sequences

    def add(self, rule: Rule, violation: Violation, times: int = 1) -> None:
        """Report a violation, which may stand for several alike."""
        self._findings.add(rule, violation, times)

    def finish(self) -> None:
        """Report what was only counted."""
        self._lacks.report()

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
            rule: what is broken.
            scope: where.
            tag: of the attribute.
            type_: what is asked for, such as `Type 1`.
            module: the module's id; empty in items.
            times: how many items it stands for.
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
        tag, row = attribute.tag, scope.rows.get(attribute.tag)
        if row is None:
            for condition, type_, module in attribute.requirements:
                if scope.truth(condition):
                    self._missing(scope, tag, type_, module, because=condition)
                    return
            if attribute.type != "3":
                self._missing(scope, tag, attribute.type, attribute.module)
            return
        if scope.surroundings.elements.is_empty(row):
            if attribute.is_never_empty:
                return  # reported with all those that are
            for condition, type_, module in attribute.requirements:
                if type_ == "1C" and scope.truth(condition):
                    self._empty(scope, tag, type_, module)
                    return
        if attribute.is_barred and all(
            scope.truth(requirement.condition) is False for requirement in attribute.requirements
        ):
            self.report(rules.NOT_ALLOWED, scope, tag, "no such attribute", attribute.module)

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
        if not scope.may_have(tag) and not self._is_said_elsewhere(scope, tag):
            self.report(
                _MISSING[type_], scope, tag, f"Type {type_}", module, times=times, because=because
            )

    def _empty(self, scope: Scope, tag: int, type_: str, module: str) -> None:
        if not self._is_said_elsewhere(scope, tag):
            rule = rules.TYPE_1_EMPTY if type_ == "1" else rules.TYPE_1C_EMPTY
            self.report(rule, scope, tag, f"Type {type_}", module)

    def _is_said_elsewhere(self, scope: Scope, tag: int) -> bool:
        return scope.row == TOP and tag in self._said_elsewhere

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


def _numbers(element: Element) -> str | None:
    """The values of a binary element, which no person is known by; None if it is a text."""
    values = element.values()
    return None if any(isinstance(value, str) for value in values) else "\\".join(map(str, values))
