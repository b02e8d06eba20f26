"""All relations: the one list that a new table is added to."""

from engine.relations.relation import Module, RelationRule, rules_of
from engine.relations.tables import (
    enhanced,
    everywhere,
    general,
    measurements,
    nuclear,
    numbers,
    pixels,
    presentation,
    projections,
    radiotherapy,
    rt_second,
    spatial,
    structures,
    treatment,
)

MODULES: tuple[Module, ...] = (
    *everywhere.MODULES,
    *general.MODULES,
    *projections.MODULES,
    *nuclear.MODULES,
    *structures.MODULES,
    *radiotherapy.MODULES,
    *treatment.MODULES,
    *enhanced.MODULES,
    *presentation.MODULES,
    *spatial.MODULES,
    *measurements.MODULES,
    *numbers.MODULES,
    *pixels.MODULES,
    *rt_second.MODULES,
)
"""The modules of PS3.3 with their relations, in the order of the tables."""

RELATIONS: tuple[RelationRule, ...] = tuple(rules_of(MODULES))
"""The rules of all relations."""
