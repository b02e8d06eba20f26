"""The catalogue is complete, and each rule says where its violations are found."""

import ast
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest

from contracts.report import Severity
from engine import rules
from engine.encoding.anomaly import AnomalyKind
from engine.relations.check import check_relations
from engine.relations.relation import RelationRule
from engine.rule import Rule
from engine.rule_set import CheckedRule, RuleSet
from engine.rules.anomalies import RULE_OF
from engine.rules.catalogue import LAYERS, RULES


def files_of_rules() -> list[ModuleType]:
    names = [module.name for module in walk_packages(rules.__path__, f"{rules.__name__}.")]
    modules = [import_module(name) for name in names if name != "engine.rules.catalogue"]
    return [module for module in modules if isinstance(getattr(module, "RULES", None), RuleSet)]


def test_the_catalogue_has_the_rules_of_all_files() -> None:
    written = [rule.code for module in files_of_rules() for rule in module.RULES]
    assert sorted(written) == sorted(RULES)


def test_no_code_is_used_twice() -> None:
    codes = [rule.code for layer in LAYERS for rule in layer.rules]
    assert len(codes) == len(RULES)


def test_each_layer_has_one_prefix_and_each_prefix_one_layer() -> None:
    prefixes = [{rule.layer for rule in layer.rules} for layer in LAYERS]
    assert all(len(prefix) == 1 for prefix in prefixes)
    assert len(set.union(*prefixes)) == len(LAYERS)


def test_a_code_with_the_prefix_of_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"does not begin with value"):
        RuleSet("engine.rules.value").define("uid.new", Severity.INFO, "New.", "PS3.5")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_module_that_finds_a_rule_refers_to_it(rule: Rule) -> None:
    if isinstance(rule, CheckedRule):
        assert rule.found_by == rule.check.__module__
    elif isinstance(rule, RelationRule):
        assert rule.found_by == check_relations.__module__
    else:
        assert any(found is rule for found in rules_used_in(rule.found_by))


@cache
def rules_used_in(module: str) -> list[Rule]:
    """The rules that a module names, as `rules.DATE` or `UNREADABLE`, other than to define them.

    The reader of the encoding names kinds of anomalies, each of which belongs to a rule.
    """
    spec = find_spec(module)
    assert spec
    assert spec.origin
    names = vars(import_module(module))
    used = []
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(value=ast.Name(id=holder), attr=name):
                value = getattr(names.get(holder), name, None)
            case ast.Name(id=name, ctx=ast.Load()):
                value = names.get(name)
            case _:
                continue
        if isinstance(value, Rule):
            used.append(value)
        elif isinstance(value, AnomalyKind):
            used.append(RULE_OF[value])
    return used
