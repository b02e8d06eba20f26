"""What is wrong with a value, before it is known which element has it."""

from typing import NamedTuple

from engine.rule import Rule

SHOWN = 128
"""How much of a defective value is kept for the report, in bytes."""


class Defect(NamedTuple):
    """A rule that a value breaks; see `engine.rule.Violation` for the other fields."""

    rule: Rule
    expected: str | None = None
    found: str | None = None
    value: bytes | None = None


class Verdict(NamedTuple):
    """What is to be said of the bytes of an element."""

    values: int
    """How many values there are; 0 if there is nothing but padding."""
    defects: tuple[Defect, ...] = ()


NOTHING = Verdict(0)
VALID = Verdict(1)
