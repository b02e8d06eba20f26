"""Functional groups of multi-frame images: each is shared by all frames or with every frame.

PS3.3 C.7.6.16.
"""

from collections.abc import Iterator
from functools import cached_property, partial

from engine.encoding.elements import Element
from engine.iod.level import Checker
from engine.iod.missing import MissingAttributes
from engine.iod.plan import Plan, PlannedGroup
from engine.iod.scope import GroupsScope, Scope
from engine.rule import Rule
from engine.rules import iod as rules
from engine.standard.condition import Truth
from engine.tags import (
    DIMENSION_ORGANIZATION_TYPE,
    NUMBER_OF_FRAMES,
    PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
)
from engine.violation import Violation


class FunctionalGroups:
    """The functional groups of one instance."""

    def __init__(self, plan: Plan, dataset: Scope, checker: Checker) -> None:
        groups = plan.groups
        self._module = plan.module_of_groups
        self._dataset = dataset
        self._elements = dataset.surroundings.elements
        self._checker = checker
        self._missing_groups = MissingAttributes()
        self._tags = frozenset(group.tag for group in groups)
        self._mandatory = frozenset(group.tag for group in groups if group.is_mandatory)
        self._conditional = tuple(group for group in groups if group.condition)
        self._only_shared = self._kept_to(groups, "shared")
        self._only_per_frame = self._kept_to(groups, "per-frame")

    @staticmethod
    def _kept_to(groups: tuple[PlannedGroup, ...], place: str) -> frozenset[int]:
        elsewhere = {group.tag for group in groups if group.place != place}
        return frozenset(group.tag for group in groups) - elsewhere

    @cached_property
    def _shared(self) -> GroupsScope | None:
        sequence = self._dataset.rows.get(SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
        row = None if sequence is None else next(self._elements.children(sequence), None)
        return None if row is None else self._scope(row, self._dataset)

    def _scope(self, row: int, outer: Scope) -> GroupsScope:
        return GroupsScope(self._dataset.surroundings, row, outer, self._module, self._tags)

    def has(self, tag: int) -> Truth:
        """Whether a group is shared or with the first frame."""
        if self._shared and tag in self._shared.rows:
            return True
        frames = self._dataset.rows.get(PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
        first = None if frames is None else next(self._elements.children(frames), None)
        return first is not None and tag in self._elements.level(first)

    def items(self, row: int, tag: int) -> Iterator[GroupsScope]:
        """The items of one of the two sequences; checks which groups they have on the way."""
        if tag == SHARED_FUNCTIONAL_GROUPS_SEQUENCE:
            if self._shared:
                self._check_shared(self._shared)
                yield self._shared
            return
        outer = self._shared or self._dataset
        shared = frozenset(self._shared.rows) if self._shared else frozenset[int]()
        needed = self._mandatory - shared
        conditional = [group for group in self._conditional if group.tag not in shared]
        shared &= self._tags
        frames = 0
        for item in self._elements.children(row):
            frames += 1
            frame = self._scope(item, outer)
            if missing := needed.difference(frame.rows):
                self._missing_groups.add(frame, missing, partial(self._missing, frame))
            self._check_places(frame, shared)
            self._check_conditional(frame, conditional)
            yield frame
        self._missing_groups.report_counted()
        self._check_count(row, frames)

    def _check_places(self, frame: GroupsScope, shared: frozenset[int]) -> None:
        for group in shared & frame.rows.keys():
            self._report(rules.GROUP_TWICE, frame, group)
        for group in self._only_shared & frame.rows.keys():
            self._report(rules.GROUP_NOT_SHARED, frame, group)

    def _check_shared(self, shared: GroupsScope) -> None:
        for group in self._only_per_frame & shared.rows.keys():
            self._report(rules.GROUP_NOT_PER_FRAME, shared, group)
        # Tiles in order need no groups of their own: those that are required have to be shared.
        organization = self._dataset.values(DIMENSION_ORGANIZATION_TYPE)
        if (
            "TILED_FULL" in organization
            and PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE not in self._dataset.rows
        ):
            for group in self._mandatory - self._only_per_frame - shared.rows.keys():
                self._missing(shared, group)

    def _check_conditional(self, frame: GroupsScope, groups: list[PlannedGroup]) -> None:
        for group in groups:
            if group.tag in frame.rows:
                if (
                    group.is_barred_else
                    and group.condition
                    and frame.truth(group.condition) is False
                ):
                    self._report(rules.NOT_ALLOWED, frame, group.tag)
            elif group.condition and frame.truth(group.condition):
                self._missing(frame, group.tag)

    def _missing(self, frame: GroupsScope, tag: int, times: int = 1) -> None:
        if not frame.may_have(tag) and not self._elements.has_gaps:
            expected = "shared by all frames, or with each frame"
            self._checker.add(rules.GROUP_MISSING, Violation(frame.place(tag), expected), times)

    def _report(self, rule: Rule, frame: GroupsScope, tag: int) -> None:
        self._checker.add(rule, Violation(frame.place(tag)))

    def _check_count(self, row: int, items: int) -> None:
        number = self._dataset.rows.get(NUMBER_OF_FRAMES)
        frames = None if number is None else Element(self._elements, number).integer()
        # The items behind the end of a truncated file are unknown.
        if frames is None or frames == items or self._dataset.surroundings.may_go_on(row):
            return
        violation = Violation(Element(self._elements, row), f"{frames} items", f"{items} items")
        self._checker.add(rules.FRAME_COUNT, violation)
