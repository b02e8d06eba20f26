"""Each relation is found where it is broken, and only there; the tables are well formed."""

import pytest

from engine.relations.catalogue import MODULES, RELATIONS
from engine.relations.relation import RelationRule
from engine.standard.facts import load
from unit.engine.layers import findings_in
from unit.engine.relations.seeds import (
    derived,
    enhanced,
    everywhere,
    further,
    general,
    nuclear,
    pixels,
    presentation,
    projections,
    radiotherapy,
    spatial,
    treatment,
)
from unit.engine.relations.seeds.seed import Seed

TABLES = (
    pixels,
    everywhere,
    derived,
    further,
    general,
    projections,
    nuclear,
    radiotherapy,
    treatment,
    enhanced,
    presentation,
    spatial,
)
SEEDS = [seed for table in TABLES for seed in table.seeds()]


@pytest.mark.parametrize("case", SEEDS, ids=str)
def test_a_broken_relation_is_found_and_no_other(case: Seed) -> None:
    assert findings_in(case.clean.encode(), "relation") == []

    [finding] = findings_in(case.broken.encode(), "relation")

    assert finding.code == f"relation.{case.name}"
    assert finding.path
    assert finding.expected


def test_every_relation_has_a_seed() -> None:
    found = {f"relation.{seed.name}" for seed in SEEDS}
    assert sorted({rule.code for rule in RELATIONS} - found) == []


@pytest.mark.parametrize("rule", RELATIONS, ids=lambda rule: rule.code)
def test_a_row_is_about_attributes_that_exist(rule: RelationRule) -> None:
    formula = rule.relation.formula
    paths = [*formula.statement.paths, *(formula.condition.paths if formula.condition else ())]
    assert formula.anchor in {path.tags[0] for path in paths if path.is_local}
    assert rule.message.endswith(".")
    if formula.within != "dataset":
        assert bool(formula.within) == bool(formula.trail)


@pytest.mark.parametrize("rule", RELATIONS, ids=lambda rule: rule.code)
def test_a_row_applies_to_iods_and_modules_that_exist(rule: RelationRule) -> None:
    facts = load()
    known = facts.iods.keys() | facts.modules.keys() | facts.uids.keys()
    assert set(rule.of) <= known


def test_no_name_is_used_twice() -> None:
    names = [rule.code for rule in RELATIONS]
    assert len(names) == len(set(names))
    assert sum(len(module.relations) for module in MODULES) == len(names)
