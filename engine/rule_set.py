"""The rules of one file, and their checks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from contracts.report import Severity
from engine.instance import Instance
from engine.rule import Rule
from engine.violation import Violation

Check: TypeAlias = Callable[[Instance], Iterator[Violation]]
"""Looks at an instance and yields each place where it breaks the rule."""


@dataclass(frozen=True)
class CheckedRule(Rule):
    """A rule whose violations are found by a function of its own."""

    check: Check = field(kw_only=True)


class RuleSet:
    """Collects the rules of one file in `engine.rules`, in the order in which they are written.

    Args:
        module: `__name__` of the file. Codes begin with the name of the file; in a package such as
            `engine.rules.pixel`, with that of the package.
        found_by: the module that finds violations of the rules without a check; by default the file
            itself.
    """

    def __init__(self, module: str, *, found_by: str | None = None) -> None:
        self._layer = module.split(".")[2]
        self._found_by = found_by or module
        self._rules: list[Rule] = []

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def define(
        self,
        code: str,
        severity: Severity,
        message: str,
        section: str,
        *,
        why: str = "",
        fix: str = "",
        refusal: str = "",
        violation: bool = True,
        found_by: str | None = None,
    ) -> Rule:
        """Add a rule without a check: other code finds its violations.

        The parameters are those of `Rule`.
        """
        found_by = found_by or self._found_by
        return self.add(
            Rule(code, severity, message, section, why, fix, refusal, violation, found_by)
        )

    def check(
        self,
        code: str,
        severity: Severity,
        message: str,
        section: str,
        *,
        why: str = "",
        fix: str = "",
        refusal: str = "",
        violation: bool = True,
    ) -> Callable[[Check], Check]:
        """Add a rule whose check is the decorated function.

        The parameters are those of `Rule`.
        """

        def add(check: Check) -> Check:
            found_by = check.__module__
            self.add(
                CheckedRule(
                    *(code, severity, message, section, why, fix, refusal, violation, found_by),
                    check=check,
                )
            )
            return check

        return add

    def add(self, rule: Rule) -> Rule:
        """Add a rule that was made elsewhere."""
        if rule.layer != self._layer:
            raise ValueError(f"the code {rule.code} does not begin with {self._layer}")
        self._rules.append(rule)
        return rule
