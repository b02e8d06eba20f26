"""A data set or an item as plans and conditions look at it."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from engine.encoding.elements import TOP, Element, Elements
from engine.iod.condition import Condition
from engine.standard.condition import Truth, Value
from engine.violation import Absent


class Surroundings(Protocol):
    """What the scopes of one instance have in common."""

    elements: Elements
    is_whole: bool
    """Whether everything was read."""

    def has_module(self, module: str) -> Truth:
        """Whether the instance has a module."""

    def has_group(self, tag: int) -> Truth:
        """Whether a functional group is shared, or the first frame has it."""

    def may_go_on(self, row: int) -> bool:
        """Whether reading broke off in that row, or for `TOP` at all."""


class Scope:
    """One data set or item.

    Attributes:
        surroundings: what it is in.
        row: of the item; `TOP` for the data set.
        rows: of its elements, by their tags.
        outer: what encloses it.
        module: the module that the item belongs to; empty for the data set.
        shift: what the tags are to be raised by: overlays come in up to 16 groups.
    """

    __slots__ = (
        "_last",
        "_truths",
        "_values",
        "module",
        "outer",
        "row",
        "rows",
        "shift",
        "surroundings",
    )

    def __init__(
        self,
        surroundings: Surroundings,
        row: int = TOP,
        outer: "Scope | None" = None,
        module: str = "",
    ) -> None:
        self.surroundings = surroundings
        self.row = row
        self.rows = surroundings.elements.level(row)
        self.outer = outer
        self.module = module
        self.shift = 0
        self._last = -1
        self._truths: dict[Condition, Truth] = {}
        self._values: dict[int, tuple[Value, ...]] = {}

    def place(self, tag: int) -> Element | Absent | int:
        """Where an attribute is, or would be."""
        row = self.rows.get(tag)
        if row is not None:
            return Element(self.surroundings.elements, row)
        if self.row == TOP:
            return tag + self.shift
        return Absent(Element(self.surroundings.elements, self.row), tag)

    def may_have(self, tag: int) -> bool:
        """Whether the tag may be there although it was not read.

        It may be beyond the place where reading stopped, or be an element that was left out.
        """
        if (self.row, tag) in self.surroundings.elements.left_out:
            return True
        if not self.surroundings.may_go_on(self.row):
            return False
        if self._last < 0:
            self._last = max(self.rows, default=0)
        return tag > self._last

    def truth(self, condition: Condition) -> Truth:
        """Whether a condition holds here; None: unknown.

        What depends only on what encloses this item is evaluated there and remembered, so that
        thousands of items don't look through the same sequence.
        """
        truths = self._truths
        if condition not in truths:
            truths[condition] = self._truth(condition)
        return truths[condition]

    def _truth(self, condition: Condition) -> Truth:
        if condition.is_composed:
            return condition.evaluate(self)
        if not self.surroundings.is_whole and any(
            tag not in self.rows and self.may_have(tag) for tag in condition.tags
        ):
            return None
        if self.outer is None or self._decides(condition):
            return condition.evaluate(self)
        return self.outer.truth(condition)

    def _decides(self, condition: Condition) -> bool:
        return not (condition.reaches_out and condition.tags.isdisjoint(self.rows))

    # What follows is the protocol `engine.standard.condition.Scope`.

    def find(self, tag: int) -> int | None:
        """The row of an element that counts as one of this item."""
        return self.rows.get(tag)

    def has(self, tag: int) -> bool:
        """Whether the element is there."""
        return tag in self.rows

    def is_filled(self, tag: int) -> bool:
        """Whether it has a value."""
        row = self.find(tag)
        return row is not None and not self.surroundings.elements.is_empty(row)

    def values(self, tag: int) -> tuple[Value, ...]:
        """Its values, remembered: one element decides about many others, such as Value Type."""
        values = self._values.get(tag)
        if values is None:
            row = self.find(tag)
            values = () if row is None else Element(self.surroundings.elements, row).values()
            self._values[tag] = values
        return values

    def items(self, tag: int) -> Iterable["Scope"]:
        """Its items."""
        row = self.find(tag)
        if row is None:
            return ()
        rows = self.surroundings.elements.children(row)
        return (Scope(self.surroundings, item, self) for item in rows)

    def has_module(self, module: str) -> Truth:
        """Whether the instance has a module."""
        return self.surroundings.has_module(module)

    def has_group(self, tag: int) -> Truth:
        """Whether a functional group applies here."""
        holder = self.surroundings if self.outer is None else self.outer
        return holder.has_group(tag)


class GroupsScope(Scope):
    """The item that holds the functional groups of a frame, or those that all frames share.

    To conditions the attributes of all the groups look like its own: each group is a sequence of
    one item (PS3.3 C.7.6.16.1), and conditions name the attributes alone.
    """

    __slots__ = ("_groups", "_inside")

    def __init__(
        self,
        surroundings: Surroundings,
        row: int,
        outer: Scope,
        module: str,
        groups: frozenset[int],
    ) -> None:
        super().__init__(surroundings, row, outer, module)
        self._groups = groups
        self._inside: dict[int, int] | None = None

    def find(self, tag: int) -> int | None:
        """The row of a group, or of an attribute in the first item of one."""
        row = self.rows.get(tag)
        if row is None:
            if self._inside is None:
                self._inside = dict(self._attributes())
            row = self._inside.get(tag)
        return row

    def has(self, tag: int) -> bool:
        """Whether there is a group, or an attribute in the first item of one."""
        return self.find(tag) is not None

    def has_group(self, tag: int) -> Truth:
        """Whether the group is in this item, or in that of the shared ones."""
        if tag in self.rows:
            return True
        if isinstance(self.outer, GroupsScope):
            return tag in self.outer.rows
        return self.surroundings.has_group(tag)

    def _decides(self, condition: Condition) -> bool:
        if condition.asks_for_groups or not condition.reaches_out:
            return True
        return any(self.has(tag) for tag in condition.tags)

    def _attributes(self) -> Iterator[tuple[int, int]]:
        elements = self.surroundings.elements
        for tag, row in self.rows.items():
            if tag in self._groups:
                item = next(elements.children(row), None)
                if item is not None:
                    yield from elements.level(item).items()
