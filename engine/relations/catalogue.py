"""All relations: the one list that a new table is added to."""

from engine.relations.relation import Module, RelationRule, rules_of
from engine.relations.tables import general, nuclear, projections, radiotherapy

MODULES: tuple[Module, ...] = (
    *general.MODULES,
    *nuclear.MODULES,
    *projections.MODULES,
    *radiotherapy.MODULES,
)
"""The modules of PS3.3 with their relations, in the order of the tables."""

RELATIONS: tuple[RelationRule, ...] = tuple(rules_of(MODULES))
"""The rules of all relations."""
