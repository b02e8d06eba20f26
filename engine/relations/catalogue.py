"""All relations: the one list that a new table is added to."""

from engine.relations.relation import Module, RelationRule, rules_of
from engine.relations.tables import (
    enhanced,
    general,
    nuclear,
    presentation,
    projections,
    radiotherapy,
    spatial,
    treatment,
)

MODULES: tuple[Module, ...] = (
    *general.MODULES,
    *projections.MODULES,
    *nuclear.MODULES,
    *radiotherapy.MODULES,
    *treatment.MODULES,
    *enhanced.MODULES,
    *presentation.MODULES,
    *spatial.MODULES,
)
"""The modules of PS3.3 with their relations, in the order of the tables."""

RELATIONS: tuple[RelationRule, ...] = tuple(rules_of(MODULES))
"""The rules of all relations."""
