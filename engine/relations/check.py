"""Checks an instance against the relations that apply to its SOP class."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from engine.encoding.elements import TOP, Element
from engine.findings import Findings
from engine.formulas.level import Level, Surroundings
from engine.formulas.place import Formula
from engine.instance import Instance
from engine.relations.catalogue import RELATIONS
from engine.relations.relation import RelationRule
from engine.standard.facts import load
from engine.tags import SOP_CLASS_UID
from engine.violation import Absent, Violation

_REMEMBERED = 256
"""SOP classes whose relations are kept; there are fewer, but a file can name any number."""


def check_relations(instance: Instance, findings: Findings) -> None:
    """Report every place where a relation does not hold.

    A file that was not read whole is left alone: what a relation asks for may be missing
    because of that. Cost is linear in elements; relations whose attributes are not there cost
    nothing.
    """
    dataset = instance.dataset
    if instance.is_media_directory or not dataset.is_whole or dataset.left_out:
        return
    relations = _of_sop_class(dataset.text(SOP_CLASS_UID))
    surroundings = Surroundings(dataset, instance.meta)
    for anchor in relations.keys() & surroundings.tags:
        for row in dataset.rows_with(anchor):
            level = Level(surroundings, dataset.parents[row])
            for rule in relations[anchor]:
                if rule.relation.formula.holds_in(level) is False:
                    findings.add(rule, violation(rule.relation.formula, level))


def violation(formula: Formula, level: Level) -> Violation:
    """Where and why a formula does not hold in a data set or item."""
    expected, found = formula.statement.reason(level)
    tag = formula.about
    row = level.rows.get(tag)
    if row is not None:
        element = Element(level.elements, row)
        is_text = found is None and any(isinstance(value, str) for value in element.values())
        return Violation(element, expected, found, element.value(128) if is_text else None)
    at = tag if level.row == TOP else Absent(Element(level.elements, level.row), tag)
    return Violation(at, expected, found)


@lru_cache(_REMEMBERED)
def _of_sop_class(sop_class: str) -> Mapping[int, Sequence[RelationRule]]:
    """The relations that apply to a SOP class, by the tag that must be there."""
    facts = load()
    id_ = facts.sop_classes.get(sop_class, "")
    iod = facts.iods.get(id_)
    names = {sop_class, id_, *(usage.module for usage in (iod.modules if iod else ()))}
    found: dict[int, list[RelationRule]] = {}
    for rule in RELATIONS:
        if not rule.of or not names.isdisjoint(rule.of):
            found.setdefault(rule.relation.formula.anchor, []).append(rule)
    return found
