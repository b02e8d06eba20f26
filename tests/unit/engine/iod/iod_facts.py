"""Small facts of a made-up IOD, and what the IOD layer finds in a data set that should fit it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.findings import Findings
from engine.iod.plan import Plans
from engine.iod.traversal import check_attributes
from engine.profiles.profile import Profile
from engine.standard.facts import (
    AttributeFact,
    ConditionFact,
    Facts,
    GroupUsage,
    Iod,
    Module,
    ModuleUsage,
    ValueList,
)
from unit.engine import dicom_writer as dicom
from unit.engine.layers import instance_of

SOP_CLASS_UID = 0x00080016
PROFILE = Profile(required_elements=("SOPClassUID",))

Attribute = tuple[Any, ...]
"""Tag, type, and what `Table` adds to the facts: the condition, the values, the items."""
Modules = Mapping[str, tuple[str, Any, Any]]
"""Usage, condition and attributes of each module, by its id."""


@dataclass(frozen=True)
class Found:
    """What a test looks at in a finding."""

    code: str
    path: str | None
    count: int = 1


@dataclass
class Table:
    """Builds facts: conditions, values and items are given where they belong."""

    modules: Modules
    groups: Sequence[tuple[Any, ...]] = ()
    """Tag, usage, condition and place of each functional group."""
    conditions: list[ConditionFact] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    levels: list[Sequence[AttributeFact]] = field(default_factory=list)

    def facts(self) -> Facts:
        modules = {id_: self._level(level) for id_, (_, _, level) in self.modules.items()}
        usages = [
            ModuleUsage(id_, use, self._condition(c)) for id_, (use, c, _) in self.modules.items()
        ]
        groups = [
            GroupUsage("macro", tag, usage, self._condition(condition), place)
            for tag, usage, condition, place in self.groups
        ]
        return Facts(
            edition="test",
            sources={},
            editions={},
            statistics={},
            dictionary={},
            uids={},
            sop_classes={dicom.CT_IMAGE_STORAGE: "iod"},
            iods={"iod": Iod(usages, groups)},
            modules={id_: Module(id_.title(), "C.1.2", level) for id_, level in modules.items()},
            levels=self.levels,
            conditions=self.conditions,
            values=self.values,
        )

    def _level(self, attributes: Sequence[Attribute]) -> int:
        level = len(self.levels)
        self.levels.append(())
        self.levels[level] = [
            AttributeFact(
                attribute[0],
                attribute[1],
                self._condition(_at(attribute, 2)),
                self._values(_at(attribute, 3)),
                self._items(level, _at(attribute, 4)),
            )
            for attribute in attributes
        ]
        return level

    def _items(self, level: int, items: Sequence[Attribute] | str | None) -> int | None:
        """The items of a sequence; `same`: they are on the level that the sequence is on."""
        if items is None:
            return None
        return level if isinstance(items, str) else self._level(items)

    def _condition(self, condition: Any) -> int | None:
        if condition is None:
            return None
        self.conditions.append(ConditionFact(*condition))
        return len(self.conditions) - 1

    def _values(self, values: Any) -> int | None:
        if values is None:
            return None
        self.values.append([ValueList(*one) for one in values])
        return len(self.values) - 1


def _at(attribute: Attribute, position: int) -> Any:
    return attribute[position] if position < len(attribute) else None


def module(*attributes: Attribute) -> Modules:
    """The only module of an IOD."""
    return {"image": ("M", None, attributes)}


def found(
    modules: Table | Modules,
    dataset: Mapping[int, tuple[str, bytes]],
    *,
    syntax: str = dicom.EXPLICIT,
    cut: int = 0,
) -> list[Found]:
    """What is found in a data set; the attributes of the facts and nothing else are expected.

    Args:
        modules: of the IOD, or all facts.
        dataset: without a SOP class.
        syntax: how it is written.
        cut: how many bytes are cut off at the end of the file.
    """
    table = modules if isinstance(modules, Table) else Table(modules)
    plans = Plans(table.facts())
    complete = {SOP_CLASS_UID: ("UI", dicom.uid(dicom.CT_IMAGE_STORAGE)), **dataset}
    data = dicom.part10(complete, syntax)
    instance = instance_of(data[: len(data) - cut])
    plan = plans.of_sop_class(dicom.CT_IMAGE_STORAGE)
    assert instance is not None
    assert plan is not None
    findings = Findings(PROFILE)
    check_attributes(instance, plan, plans, findings)
    return [
        Found(finding.code, finding.path, finding.count)
        for finding in findings.in_order()
        if finding.path != "(0008,0016)"
    ]


def sequence(*items: Mapping[int, tuple[str, bytes]]) -> tuple[str, bytes]:
    """The value of a sequence."""
    return "SQ", b"".join(dicom.item(dicom.encode(item)) for item in items)
