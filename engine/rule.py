"""What a rule is, and the registry of all rules: every code that a report can contain."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from contracts.report import Severity
from engine.encoding.elements import Element, tag_text
from engine.instance import Instance
from engine.profiles.site_rule import SiteRule


class Absent(NamedTuple):
    """An element that a sequence item lacks."""

    item: Element
    tag: int

    @property
    def path(self) -> str:
        """Like that of the elements that are there."""
        return f"{self.item.path}>{tag_text(self.tag)}"


class Violation(NamedTuple):
    """Where an instance breaks a rule, and what stands there.

    A tuple, since hostile files have a million of them.
    """

    at: Element | Absent | int | None = None
    """The element; one that an item lacks; the tag of one that the data set lacks; None for the
    file as a whole."""
    expected: str | None = None
    """What the rule asks for; never text of the file other than UIDs and numbers."""
    found: str | None = None
    """What stands there, in our words: `48 bytes`."""
    value: bytes | None = None
    """What stands there, as the file has it: shown only if the profile allows it or no person can
    be known by it."""
    offset: int | None = None
    """Where in the file, in bytes; that of the element's value if not given."""
    section: str | None = None
    """The standard's section, where it is a closer one than the rule's."""
    site: SiteRule | None = None
    """The rule of the site's own that is broken: it says how much that weighs."""


Check = Callable[[Instance], Iterator[Violation]]
"""Looks at an instance and yields each place where it breaks the rule."""


@dataclass(frozen=True)
class Rule:
    """One thing that the standard or the profile asks for.

    Attributes:
        code: stable name; what stands before the first dot is the layer.
        severity: how much it weighs in the default profile.
        message: one sentence for people, without values.
        section: of the standard.
        why: what goes wrong with files that break it.
        fix: how to put a file right.
        violation: whether breaking it violates the standard: an error in the strict profile.
        check: finds the violations; None if they come up elsewhere.
    """

    code: str
    severity: Severity
    message: str
    section: str
    why: str = ""
    fix: str = ""
    violation: bool = True
    check: Check | None = None

    @property
    def layer(self) -> str:
        """The part of the examination that it belongs to."""
        return self.code.partition(".")[0]


RULES: dict[str, Rule] = {}
"""Every rule by its code."""


def define(
    code: str,
    severity: Severity,
    message: str,
    section: str,
    *,
    why: str = "",
    fix: str = "",
    violation: bool = True,
    check: Check | None = None,
) -> Rule:
    """Enter a rule into the registry; on its own for what comes up while a file is read."""
    if code in RULES:
        raise ValueError(f"two rules with the code {code}")
    RULES[code] = Rule(code, severity, message, section, why, fix, violation, check)
    return RULES[code]


def rule(
    code: str,
    severity: Severity,
    message: str,
    section: str,
    *,
    why: str = "",
    fix: str = "",
    violation: bool = True,
) -> Callable[[Check], Check]:
    """Enter the decorated function into the registry as the check of a rule."""

    def enter(check: Check) -> Check:
        define(code, severity, message, section, why=why, fix=fix, violation=violation, check=check)
        return check

    return enter
