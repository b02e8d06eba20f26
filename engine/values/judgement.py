"""What the bytes of a value are judged to be, before it is known which element has them."""

from typing import NamedTuple

from engine.rule import Rule
from engine.violation import RuleViolation, Violation

SHOWN = 128
"""How much of an invalid value is kept for the report, in bytes."""


class Judgement(NamedTuple):
    """What is known about the bytes of an element."""

    values: int
    """The number of values; 0 if there is nothing but padding."""
    violations: tuple[RuleViolation, ...] = ()
    """The rules that they break; the element is added by the caller."""


NOTHING = Judgement(0)
VALID = Judgement(1)


def broken(
    rule: Rule, expected: str | None = None, found: str | None = None, value: bytes | None = None
) -> RuleViolation:
    """A rule that a value breaks; the other fields are those of `Violation`."""
    return rule, Violation(None, expected, found, value)
