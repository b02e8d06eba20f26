"""What a violation is: one place where an instance breaks a rule."""

from typing import NamedTuple, TypeAlias

from engine.encoding.elements import Element
from engine.profiles.site_rule import SiteRule
from engine.rule import Rule
from engine.tags import tag_text


class Absent(NamedTuple):
    """An element that is missing from a sequence item."""

    item: Element
    tag: int

    @property
    def path(self) -> str:
        """The path that the element would have."""
        return f"{self.item.path}>{tag_text(self.tag)}"


class Violation(NamedTuple):
    """One place where an instance breaks a rule.

    A tuple, because a hostile file can have a million of them.
    """

    at: Element | Absent | int | None = None
    """The element; an element that an item has not; the tag of one that the data set has not; None
    for the file as a whole."""
    expected: str | None = None
    """What the rule requires; of a file's text it contains UIDs and numbers at most."""
    found: str | None = None
    """What is there instead, in our words: `48 bytes`."""
    value: bytes | None = None
    """What is there instead, in the bytes of the file. It is only shown if the profile allows it or
    if it cannot identify a person."""
    offset: int | None = None
    """Where it is in the file, in bytes; by default where the value of the element starts."""
    section: str | None = None
    """The section of the standard, where it is more specific than the rule's."""
    site: SiteRule | None = None
    """The site rule that is broken; its severity counts."""


RuleViolation: TypeAlias = tuple[Rule, Violation]
"""A rule, and where it is broken."""
