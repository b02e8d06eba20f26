"""What a relation is: a rule whose requirement is a formula."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from contracts.report import Severity
from engine.formulas.place import Formula
from engine.rule import Rule

FOUND_BY = "engine.relations.check"
_LAYER = "relation"


class Kind(StrEnum):
    """What sort of a relation it is."""

    COUNT = "count"
    """A number says how many of something there are."""
    ORDER = "order"
    """Numbers are unique, count from 1, or rise."""
    REFERENCE = "reference"
    """A number, label or UID names something that is there."""
    VALUE = "value"
    """A module or IOD fixes a value or its range."""
    ABSENCE = "absence"
    """What must not be there, or what must be there as well."""
    AGREEMENT = "agreement"
    """The same is said twice, and must be the same."""


_WHY = {
    Kind.COUNT: "Software that trusts the number reads past the end, or leaves the rest out.",
    Kind.ORDER: "Software finds items by these numbers; it cannot, or finds the wrong one.",
    Kind.REFERENCE: "Software follows the reference: it fails, or joins what does not belong "
    "together.",
    Kind.VALUE: "Software for this kind of object relies on the value, and fails or shows the "
    "object wrongly.",
    Kind.ABSENCE: "The object contradicts itself; which of the attributes readers believe differs.",
    Kind.AGREEMENT: "The object contradicts itself; which of the attributes readers believe "
    "differs.",
}
_FIX = {
    Kind.COUNT: "Correct the number, or add or remove what it counts.",
    Kind.ORDER: "Number again, and adapt what refers to the numbers.",
    Kind.REFERENCE: "Correct the reference, or add what it names.",
    Kind.VALUE: "Write a value that the section allows, or use another SOP class.",
    Kind.ABSENCE: "Take the attribute out, or correct the one that rules it in or out.",
    Kind.AGREEMENT: "Find out which of the two is right, and correct the other.",
}


class Relation(NamedTuple):
    """One row of a table.

    Attributes:
        kind: what sort it is.
        name: its code without the prefix.
        formula: what must be true, when and where.
        section: of PS3.3; empty: that of the module.
        of: ids of IODs or modules of `engine.standard`, UIDs of SOP classes: only in these. Empty:
            what the module says.
        severity: in the default profile.
        why: what goes wrong; empty: what goes wrong with all of its kind.
        fix: how to correct it; likewise.
        refusal: of an error, why a hospital is right to refuse the file.
        violation: whether the standard demands it.
        says: one sentence for people; empty: the formula in words.
    """

    kind: Kind
    name: str
    formula: Formula
    section: str = ""
    of: tuple[str, ...] = ()
    severity: Severity = Severity.WARNING
    why: str = ""
    fix: str = ""
    refusal: str = ""
    violation: bool = True
    says: str = ""


class LeftOut(NamedTuple):
    """A sentence of the standard that no relation is made of.

    Attributes:
        sentence: what it demands, in our words.
        reason: why it is left out.
    """

    sentence: str
    reason: str


class Module(NamedTuple):
    """The relations that one module of PS3.3 demands.

    Attributes:
        title: of the module or macro.
        section: of PS3.3.
        relations: its relations.
        of: where they apply, see `Relation.of`. Empty: in every instance that has the attributes.
        left_out: sentences that no relation is made of.
    """

    title: str
    section: str
    relations: tuple[Relation, ...]
    of: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class RelationRule(Rule):
    """The rule that a relation is: the message is put into words when it is asked for."""

    relation: Relation
    module: Module

    def __init__(self, relation: Relation, module: Module) -> None:
        values = {
            "code": f"{_LAYER}.{relation.name}",
            "severity": relation.severity,
            "section": f"PS3.3 {relation.section or module.section}",
            "why": relation.why or _WHY[relation.kind],
            "fix": relation.fix or _FIX[relation.kind],
            "refusal": relation.refusal,
            "violation": relation.violation,
            "found_by": FOUND_BY,
            "relation": relation,
            "module": module,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @cached_property
    def message(self) -> str:
        """One sentence for people, without values."""
        if self.relation.says:
            return self.relation.says
        words = self.relation.formula.statement.negation
        condition = self.relation.formula.condition
        sentence = f"{words}, although {condition.words}." if condition else f"{words}."
        return sentence[0].upper() + sentence[1:]

    @property
    def of(self) -> tuple[str, ...]:
        """Where it applies: ids of IODs or modules, UIDs; empty: everywhere."""
        return self.relation.of or self.module.of


def rules_of(modules: tuple[Module, ...]) -> Iterator[RelationRule]:
    """The rules of all relations of some modules."""
    return (RelationRule(relation, module) for module in modules for relation in module.relations)
