"""Plans: what an IOD asks of a data set and of each item, made from the facts, once for each."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from engine.iod.condition import COMPOSING, Condition, goes_through_items
from engine.iod.terms import Terms
from engine.standard.facts import Attribute as Fact
from engine.standard.facts import Facts, load

SHARED_GROUPS = 0x52009229
FRAME_GROUPS = 0x52009230
_FIRST_OVERLAY, _LAST_OVERLAY = 0x60000000, 0x60FFFFFF
_REMEMBERED = 128
"""How many combinations of an IOD's modules are remembered: files choose them."""


class Requirement(NamedTuple):
    """That an attribute be there if a condition holds."""

    condition: Condition
    type: str
    """`1C`, which asks for a value too, or `2C`."""
    module: str


class Attribute(NamedTuple):
    """What all the modules in question ask of one attribute."""

    tag: int
    module: str
    """The module that asks most of it; empty in items."""
    type: str
    """What is asked whatever the circumstances: `1`, `2`, or `3` for nothing."""
    requirements: tuple[Requirement, ...]
    """What is asked beyond that, the strongest first."""
    is_barred: bool
    """Whether it must not be there when none of the conditions holds."""
    is_never_empty: bool
    """Whether a value is asked for wherever it is there: type 1, or 1C and for no module type 2."""
    values: tuple[int, ...]
    """The indices of the lists of values that all have to be kept to."""
    items: tuple[int, ...]
    """The indices of the levels that the items are on."""


class Level(NamedTuple):
    """The attributes of a data set or an item."""

    attributes: dict[int, Attribute]
    required: frozenset[int]
    """The tags of types 1 and 2, but for those that conditions ask more of."""
    conditional: tuple[Attribute, ...]
    """Those that conditions decide about."""
    examined: dict[int, Attribute]
    """Those that are looked at more closely where they are there."""


class ModuleUse(NamedTuple):
    """A module of an IOD."""

    id: str
    usage: str
    condition: Condition | None
    is_barred_else: bool
    """Whether it must not be there when the condition is false."""
    own: frozenset[int]
    """The tags that no other module of the IOD has."""
    signs: frozenset[int]
    """Those of them that are not of type 3: one of them shows that the module is there."""
    level: Sequence[Fact]


class GroupUse(NamedTuple):
    """A functional group of an IOD."""

    tag: int
    is_mandatory: bool
    condition: Condition | None
    is_barred_else: bool
    """Whether it must not be there when the condition is false."""
    place: str
    """`any`, `shared` or `per-frame`."""


class _Demand(NamedTuple):
    """What one module says of an attribute."""

    fact: Fact
    module: str
    applies: bool
    """Whether the module is there, so that its types count."""
    is_barred: bool = False


class Plan:
    """What one IOD asks for."""

    def __init__(self, plans: "Plans", iod: str) -> None:
        facts = plans.facts
        self._plans = plans
        usages = facts.iods[iod].modules
        levels = [facts.levels[facts.modules[id_].level] for id_, _, _ in usages]
        seen: dict[int, int] = {}
        for tag in (tag for level in levels for tag in {fact[0] for fact in level}):
            seen[tag] = seen.get(tag, 0) + 1
        self.tags = frozenset(seen)
        """All tags of all modules."""
        self.modules: dict[str, ModuleUse] = {}
        for (id_, usage, condition), level in zip(usages, levels, strict=True):
            own = frozenset(fact[0] for fact in level if seen[fact[0]] == 1)
            signs = frozenset(fact[0] for fact in level if fact[0] in own and fact[1] != "3")
            self.modules[id_] = ModuleUse(
                id_,
                usage,
                plans.condition(condition),
                usage == "C" and plans.bars(condition),
                own,
                signs,
                level,
            )
        self.module_of_groups = next(
            (id_ for id_, module in self.modules.items() if _has_groups(module)), ""
        )
        """The id of the module that the functional groups are in; empty if there is none."""
        self.groups = tuple(
            GroupUse(tag, usage == "M", plans.condition(condition), plans.bars(condition), place)
            for _, tag, usage, condition, place in facts.iods[iod].groups
        )

    def top(self, present: frozenset[str], barred: frozenset[str]) -> tuple[Level, Level]:
        """The level of the data set, and that of each group of overlay attributes.

        Args:
            present: the ids of the modules that are there or have to be.
            barred: the ids of those that must not be.
        """
        return self._plans.top(self, present, barred)


def _has_groups(module: ModuleUse) -> bool:
    return any(fact[0] in {SHARED_GROUPS, FRAME_GROUPS} for fact in module.level)


def _is_overlay(demand: _Demand) -> bool:
    return _FIRST_OVERLAY <= demand.fact[0] <= _LAST_OVERLAY


class Plans:
    """The plans of all IODs; each is made when it is first asked for."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.terms = Terms(facts.values)
        """The lists of values."""
        self._plans: dict[str, Plan] = {}
        self._levels: dict[tuple[int, ...], Level] = {}
        self._conditions: dict[str, Condition] = {}
        self.top = lru_cache(_REMEMBERED)(self._top)
        """Like `Plan.top`, which is the way to ask."""

    def of_sop_class(self, uid: str) -> Plan | None:
        """The plan of a storage SOP class; None if the facts have none."""
        iod = self.facts.sop_classes.get(uid)
        if iod is None:
            return None
        if iod not in self._plans:
            self._plans[iod] = Plan(self, iod)
        return self._plans[iod]

    def condition(self, index: int | None) -> Condition | None:
        """A condition by its index in the facts."""
        return None if index is None else self._condition(self.facts.conditions[index].when)

    def _condition(self, expression: Sequence[Any]) -> Condition:
        key = repr(expression)
        if key not in self._conditions:
            # What looks through the items of a sequence stands alone, so that it is evaluated
            # once where the sequence is, not again for each item that another part is about.
            is_divided = expression[0] in COMPOSING and goes_through_items(expression)
            parts = [self._condition(part) for part in expression[1:]] if is_divided else []
            self._conditions[key] = Condition(expression, parts)
        return self._conditions[key]

    def bars(self, index: int | None) -> bool:
        """Whether what depends on a condition must not be there when it is false."""
        return index is not None and self.facts.conditions[index].otherwise == "absent"

    def items(self, indices: tuple[int, ...]) -> Level:
        """The level of an item that is on all of these levels of the facts."""
        level = self._levels.get(indices)
        if level is None:
            facts = (fact for index in indices for fact in self.facts.levels[index])
            level = self._merged([_Demand(fact, "", applies=True) for fact in facts])
            self._levels[indices] = level
        return level

    def _top(
        self, plan: Plan, present: frozenset[str], barred: frozenset[str]
    ) -> tuple[Level, Level]:
        demands = [
            _Demand(fact, id_, id_ in present, id_ in barred and fact[0] in module.own)
            for id_, module in plan.modules.items()
            for fact in module.level
        ]
        return (
            self._merged([demand for demand in demands if not _is_overlay(demand)]),
            self._merged([demand for demand in demands if _is_overlay(demand)]),
        )

    def _merged(self, demands: Sequence[_Demand]) -> Level:
        # In one, the strongest of the requirements of several modules counts.
        by_tag: dict[int, list[_Demand]] = {}
        for demand in demands:
            by_tag.setdefault(demand.fact[0], []).append(demand)
        attributes = {tag: self._attribute(tag, of_tag) for tag, of_tag in by_tag.items()}
        return Level(
            attributes,
            frozenset(
                tag for tag, one in attributes.items() if one.type != "3" and not one.requirements
            ),
            tuple(one for one in attributes.values() if one.requirements or one.is_barred),
            {
                tag: one
                for tag, one in attributes.items()
                if one.is_never_empty or one.values or one.items
            },
        )

    def _attribute(self, tag: int, demands: Sequence[_Demand]) -> Attribute:
        applying = [demand for demand in demands if demand.applies]
        types = {demand.fact[1] for demand in applying}
        static = "1" if "1" in types else "2" if "2" in types else "3"
        requirements: list[Requirement] = []
        for demand in sorted(applying, key=lambda demand: demand.fact[1]):
            condition = self.condition(demand.fact[2])
            is_weaker = static == "1" or (static == "2" and demand.fact[1] == "2C")
            if condition and demand.fact[1] in {"1C", "2C"} and not is_weaker:
                requirements.append(Requirement(condition, demand.fact[1], demand.module))
        bars = [
            demand.is_barred or (demand.applies and self.bars(demand.fact[2])) for demand in demands
        ]
        counting = applying or demands
        return Attribute(
            tag,
            min(counting, key=lambda demand: demand.fact[1]).module,
            static,
            tuple(requirements),
            all(bars),
            static == "1" or ("1C" in types and types.isdisjoint({"2", "2C"})),
            _each_once(demand.fact[3] for demand in counting),
            _each_once(demand.fact[4] for demand in counting),
        )


def _each_once(indices: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(index for index in indices if index is not None))


@cache
def plans() -> Plans:
    """The plans made from the facts of this package."""
    return Plans(load())
