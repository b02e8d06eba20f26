"""What a rule is, and the registry of all rules: every code that a report can contain."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contracts.report import Severity
from validator.elements import Element
from validator.instance import Instance


@dataclass(frozen=True, slots=True)
class Violation:
    """Where an instance breaks a rule, and what stands there."""

    at: Element | int | None = None
    """The element; the tag of one that is absent; None for the file as a whole."""
    expected: str | None = None
    """What the rule asks for."""
    found: str | bytes | None = None
    """What stands in the file."""
    offset: int | None = None
    """Where in the file, in bytes; that of the element's value if not given."""


Check = Callable[[Instance], Iterator[Violation]]
"""Looks at an instance and yields each place where it breaks the rule."""


@dataclass(frozen=True)
class Rule:
    """One thing that the standard or the profile asks for.

    Attributes:
        code: stable name.
        severity: whether breaking it rejects the instance.
        message: one sentence for people, without values.
        reference: section of the standard.
        check: finds the violations; None if they come up while the file is read.
    """

    code: str
    severity: Severity
    message: str
    reference: str
    check: Check | None = None


RULES: dict[str, Rule] = {}
"""Every rule by its code."""


def define(
    code: str, severity: Severity, message: str, reference: str, check: Check | None = None
) -> Rule:
    """Enter a rule into the registry; on its own for what comes up while a file is read."""
    if code in RULES:
        raise ValueError(f"two rules with the code {code}")
    RULES[code] = Rule(code, severity, message, reference, check)
    return RULES[code]


def rule(code: str, severity: Severity, message: str, reference: str) -> Callable[[Check], Check]:
    """Enter the decorated function into the registry as the check of a rule."""

    def enter(check: Check) -> Check:
        define(code, severity, message, reference, check)
        return check

    return enter
