"""Goes through a data set and all its items, level by level of the plan."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.encoding.elements import TOP
from engine.findings import Findings
from engine.image import DESCRIBING
from engine.instance import Instance
from engine.iod.demands import Level
from engine.iod.functional_groups import FunctionalGroups
from engine.iod.level import Checker, OpenSequence
from engine.iod.modules import Modules, overlay_groups
from engine.iod.plan import Plan, Plans
from engine.iod.scope import Scope
from engine.rules import iod as rules
from engine.standard.condition import Truth
from engine.standard.facts import is_retired
from engine.tags import (
    OVERLAY_DATA,
    PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
)
from engine.violation import Violation

_GROUPS = range(0x0008, 0xFFFC)
"""Those of a data set, without the one of the padding behind it (PS3.10 7.2)."""


class _Visit(NamedTuple):
    scope: Scope
    level: Level


def check_attributes(instance: Instance, plan: Plan, plans: Plans, findings: Findings) -> None:
    """Report every attribute that does not fit the plan of the instance's SOP class."""
    _Traversal(instance, plan, plans, findings).run()


class _Traversal:
    """The way through one instance; the `Surroundings` of its scopes."""

    def __init__(self, instance: Instance, plan: Plan, plans: Plans, findings: Findings) -> None:
        self.elements = instance.dataset
        self.plan = plan
        self.plans = plans
        self.findings = findings
        self.is_whole = self.elements.is_whole and not self.elements.left_out
        self.unfinished = self.elements.damaged.union(self._unfinished())
        """The rows that reading broke off in."""
        self.spare_pixels = DESCRIBING.keys() - {instance.image.tag if instance.image else 0}
        """The kinds of pixel data that the image isn't made of."""
        self.dataset = Scope(self)
        self.modules = Modules(plan, self.dataset)
        self.checker = Checker(plans, findings, _reported_elsewhere(instance))
        self.groups = FunctionalGroups(plan, self.dataset, self.checker)

    def has_module(self, module: str) -> Truth:
        """Whether the instance has a module."""
        return self.modules.has(module)

    def has_group(self, tag: int) -> Truth:
        """Whether a functional group is shared, or the first frame has it."""
        return self.groups.has(tag)

    def may_go_on(self, row: int) -> bool:
        """Whether reading broke off in that row, or for `TOP` at all."""
        return row in self.unfinished

    def run(self) -> None:
        level, overlay = self.plan.top(self.modules.present(), self.modules.barred())
        self._check_extensions()
        for group in overlay_groups(self.dataset.rows):
            self.checker.check(_overlay(self.dataset, group), overlay)
        # Open sequences are on a list, not on the call stack: items can be nested deeply.
        open_ = [iter((_Visit(self.dataset, level),))]
        while open_:
            visit = next(open_[-1], None)
            if visit is None:
                open_.pop()
            else:
                sequences = self.checker.check(*visit)
                if sequences:
                    open_.append(self._items(visit.scope, sequences))
        self.checker.finish()

    def _items(self, scope: Scope, sequences: list[OpenSequence]) -> Iterator[_Visit]:
        for sequence in sequences:
            level = self.plans.items(sequence.attribute.items)
            if self.plan.groups and sequence.attribute.tag in {
                SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
                PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
            }:
                # FunctionalGroups checks which groups have to be present.
                groups = level._replace(required=frozenset(), conditional=())
                for item in self.groups.items(sequence.row, sequence.attribute.tag):
                    yield _Visit(item, groups)
            else:
                module = scope.module or sequence.attribute.module
                rows = list(self.elements.children(sequence.row))
                if len(rows) > 1 and sequence.attribute.is_single:
                    self.checker.report_items(scope, sequence, len(rows))
                for row in rows:
                    yield _Visit(Scope(self, row, scope, module), level)

    def _check_extensions(self) -> None:
        for tag in self.dataset.rows.keys() - self.plan.tags - self.spare_pixels:
            # Group lengths are of no module by nature. Retired attributes, groups that don't
            # belong into a data set, and a second kind of pixel data have rules of their own.
            is_standard = not tag >> 16 & 1 and tag & 0xFFFF and tag >> 16 in _GROUPS
            if is_standard and tag >> 24 != 0x60 and is_retired(tag) is False:
                violation = Violation(self.dataset.place(tag))
                self.findings.add(rules.ATTRIBUTE_UNEXPECTED, violation)

    def _unfinished(self) -> Iterator[int]:
        if not self.elements.complete:
            row = len(self.elements.tags) - 1
            while row > TOP:
                yield row
                row = self.elements.parents[row]
            yield TOP


def _overlay(dataset: Scope, group: int) -> Scope:
    """The data set with the attributes of one overlay as if they were those of the first."""
    shift = (group - 0x6000) << 16
    overlay = Scope(dataset.surroundings, TOP, dataset)
    overlay.rows = {tag - shift: row for tag, row in dataset.rows.items() if tag >> 16 == group}
    overlay.shift = shift
    return overlay


def _reported_elsewhere(instance: Instance) -> frozenset[int]:
    """What is reported by other rules if it is missing or empty."""
    tags = {*instance.profile.required_tags, *DESCRIBING, OVERLAY_DATA}
    if instance.image:
        tags.update(DESCRIBING[instance.image.tag])
    return frozenset(tags)
