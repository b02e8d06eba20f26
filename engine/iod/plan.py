"""Plans: what each IOD demands of a data set and its items, built from the facts on first use."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from engine.iod.condition import Condition, Conditions
from engine.iod.demands import Demand, Level, merged
from engine.iod.terms import Terms
from engine.standard.facts import AttributeFact, Facts, ModuleUsage, load
from engine.tags import PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, SHARED_FUNCTIONAL_GROUPS_SEQUENCE

_FIRST_OVERLAY, _LAST_OVERLAY = 0x60000000, 0x60FFFFFF
_REMEMBERED = 128
"""How many combinations of an IOD's modules are remembered: files choose them."""


class PlannedModule(NamedTuple):
    """A module of an IOD."""

    id: str
    usage: str
    condition: Condition | None
    is_barred_else: bool
    """Whether it must be absent when the condition is false."""
    own: frozenset[int]
    """The tags that no other module of the IOD has."""
    signs: frozenset[int]
    """Those of them that are not of type 3: any of them shows that the module is present."""
    level: Sequence[AttributeFact]


class PlannedGroup(NamedTuple):
    """A functional group of an IOD."""

    tag: int
    is_mandatory: bool
    condition: Condition | None
    is_barred_else: bool
    """Whether it must be absent when the condition is false."""
    place: str
    """`any`, `shared` or `per-frame`."""


class Plan:
    """What one IOD demands."""

    def __init__(self, plans: "Plans", iod: str) -> None:
        self._plans = plans
        modules, groups = plans.facts.iods[iod]
        levels = {usage.module: plans.module_level(usage.module) for usage in modules}
        uses = Counter(tag for level in levels.values() for tag in {fact.tag for fact in level})
        self.tags = frozenset(uses)
        """All tags of all modules."""
        self.modules: Mapping[str, PlannedModule] = {
            usage.module: _planned(usage, levels[usage.module], uses, plans.conditions)
            for usage in modules
        }
        self.module_of_groups = next(
            (id_ for id_, module in self.modules.items() if _has_groups(module)), ""
        )
        """The id of the module that the functional groups are in; empty if there is none."""
        self.groups = tuple(
            PlannedGroup(
                group.tag,
                group.usage == "M",
                plans.conditions.get(group.condition),
                plans.conditions.bars(group.condition),
                group.place,
            )
            for group in groups
        )

    def top(self, present: frozenset[str], barred: frozenset[str]) -> tuple[Level, Level]:
        """The level of the data set, and that of each group of overlay attributes.

        Args:
            present: the ids of the modules that are present or required.
            barred: the ids of the modules that must be absent.
        """
        return self._plans.top(self, present, barred)


def _planned(
    usage: ModuleUsage,
    level: Sequence[AttributeFact],
    uses: Mapping[int, int],
    conditions: Conditions,
) -> PlannedModule:
    own = [fact for fact in level if uses[fact.tag] == 1]
    return PlannedModule(
        usage.module,
        usage.usage,
        conditions.get(usage.condition),
        usage.usage == "C" and conditions.bars(usage.condition),
        own=frozenset(fact.tag for fact in own),
        signs=frozenset(fact.tag for fact in own if fact.type != "3"),
        level=level,
    )


def _has_groups(module: PlannedModule) -> bool:
    return any(
        fact.tag in {SHARED_FUNCTIONAL_GROUPS_SEQUENCE, PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE}
        for fact in module.level
    )


def _is_overlay(demand: Demand) -> bool:
    return _FIRST_OVERLAY <= demand.fact.tag <= _LAST_OVERLAY


class Plans:
    """The plans of all IODs; each is built when it is first asked for."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.terms = Terms(facts.values)
        """The lists of values."""
        self.conditions = Conditions(facts.conditions)
        self._plans: dict[str, Plan] = {}
        self._levels: dict[tuple[int, ...], Level] = {}
        self.top = lru_cache(_REMEMBERED)(self._top)
        """What `Plan.top` returns, which is the way to ask."""

    def of_sop_class(self, uid: str) -> Plan | None:
        """The plan of a storage SOP class; None if the facts have none."""
        iod = self.facts.sop_classes.get(uid)
        if iod is None:
            return None
        if iod not in self._plans:
            self._plans[iod] = Plan(self, iod)
        return self._plans[iod]

    def module_level(self, id_: str) -> Sequence[AttributeFact]:
        """The attributes of a module."""
        return self.facts.levels[self.facts.modules[id_].level]

    def items(self, indices: tuple[int, ...]) -> Level:
        """The level of an item that is on all of these levels of the facts."""
        level = self._levels.get(indices)
        if level is None:
            facts = (fact for index in indices for fact in self.facts.levels[index])
            demands = (Demand(fact, "", applies=True) for fact in facts)
            level = self._levels[indices] = merged(demands, self.conditions)
        return level

    def _top(
        self, plan: Plan, present: frozenset[str], barred: frozenset[str]
    ) -> tuple[Level, Level]:
        demands = [
            Demand(fact, id_, id_ in present, id_ in barred and fact.tag in module.own)
            for id_, module in plan.modules.items()
            for fact in module.level
        ]
        overlay = [demand for demand in demands if _is_overlay(demand)]
        others = [demand for demand in demands if not _is_overlay(demand)]
        return merged(others, self.conditions), merged(overlay, self.conditions)


@cache
def plans() -> Plans:
    """The plans built from the facts of this package."""
    return Plans(load())
