"""Merges what several modules demand of the same attributes into one level."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.iod.condition import Condition, Conditions
from engine.standard.facts import AttributeFact


class Requirement(NamedTuple):
    """An attribute is required if a condition holds."""

    condition: Condition
    type: str
    """`1C`, which requires a value too, or `2C`."""
    module: str


class Attribute(NamedTuple):
    """What all the modules in question demand of one attribute."""

    tag: int
    module: str
    """The module that demands most of it; empty in items."""
    type: str
    """What is required unconditionally: `1`, `2`, or `3` for nothing."""
    requirements: tuple[Requirement, ...]
    """What is required beyond that, the strongest first."""
    is_barred: bool
    """Whether it must be absent when none of the conditions holds."""
    is_never_empty: bool
    """Whether it needs a value wherever it is present: type 1, or 1C and for no module type 2."""
    values: tuple[int, ...]
    """The indices of the lists of allowed values; all of them count."""
    items: tuple[int, ...]
    """The indices of the levels that the items are on."""
    is_single: bool
    """Whether it is a sequence that may have one item only."""


class Level(NamedTuple):
    """The attributes of a data set or an item."""

    attributes: dict[int, Attribute]
    required: frozenset[int]
    """The tags of types 1 and 2, without those that depend on conditions as well."""
    conditional: tuple[Attribute, ...]
    """Attributes that depend on conditions."""
    examined: dict[int, Attribute]
    """Attributes whose values or items are checked where they are present."""


class Demand(NamedTuple):
    """What one module says about an attribute."""

    fact: AttributeFact
    module: str
    applies: bool
    """Whether the module is present, so that its types count."""
    is_barred: bool = False


def merged(demands: Iterable[Demand], conditions: Conditions) -> Level:
    """The level that meets all demands: of several types of one attribute the strongest counts."""
    by_tag: dict[int, list[Demand]] = {}
    for demand in demands:
        by_tag.setdefault(demand.fact.tag, []).append(demand)
    attributes = {tag: _attribute(tag, of_tag, conditions) for tag, of_tag in by_tag.items()}
    return Level(
        attributes,
        required=frozenset(tag for tag, one in attributes.items() if _is_required(one)),
        conditional=tuple(one for one in attributes.values() if one.requirements or one.is_barred),
        examined={tag: one for tag, one in attributes.items() if _is_examined(one)},
    )


def _is_required(attribute: Attribute) -> bool:
    return attribute.type != "3" and not attribute.requirements


def _is_examined(attribute: Attribute) -> bool:
    return bool(attribute.is_never_empty or attribute.values or attribute.items)


def _attribute(tag: int, demands: Sequence[Demand], conditions: Conditions) -> Attribute:
    applying = [demand for demand in demands if demand.applies]
    counting = applying or demands
    types = {demand.fact.type for demand in applying}
    unconditional = min(types & {"1", "2"}, default="3")
    return Attribute(
        tag,
        module=min(counting, key=_type_of).module,
        type=unconditional,
        requirements=tuple(_requirements(applying, unconditional, conditions)),
        is_barred=all(_bars(demand, conditions) for demand in demands),
        is_never_empty="1" in types or ("1C" in types and types.isdisjoint({"2", "2C"})),
        values=_distinct(demand.fact.values for demand in counting),
        items=_distinct(demand.fact.items for demand in counting),
        is_single=any(demand.fact.is_single for demand in counting),
    )


def _type_of(demand: Demand) -> str:
    """Strong types are sorted before weak ones: 1, 1C, 2, 2C, 3."""
    return demand.fact.type


_WEAKER = {"1": frozenset({"1C", "2C"}), "2": frozenset({"2C"}), "3": frozenset[str]()}
"""The conditional types that add nothing to an unconditional one."""


def _requirements(
    demands: Iterable[Demand], unconditional: str, conditions: Conditions
) -> Iterable[Requirement]:
    wanted = {"1C", "2C"} - _WEAKER[unconditional]
    for fact, module, *_ in sorted(demands, key=_type_of):
        condition = conditions.get(fact.condition)
        if condition and fact.type in wanted:
            yield Requirement(condition, fact.type, module)


def _bars(demand: Demand, conditions: Conditions) -> bool:
    return demand.is_barred or (demand.applies and conditions.bars(demand.fact.condition))


def _distinct(indices: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(index for index in indices if index is not None))
