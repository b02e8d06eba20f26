"""Where a formula holds: in every data set or item that has an attribute, or in some of them."""

import re
from functools import cached_property

from engine.encoding.elements import TOP, Elements
from engine.formulas.level import Level
from engine.formulas.parsing import FormulaError, parsed
from engine.formulas.statements import Statement
from engine.standard.facts import tag_of

_ORIGINALS = frozenset((0x04000550, 0x04000551, 0x04000561, 0x00209170, 0x00209171))
"""Sequences with attributes of other objects, or as they once were."""

_NAME = re.compile(r"'[^']*'|\b(?:dataset|outer|meta)\.[\w.]+|\b([A-Z]\w*)")
"""A text, an attribute of somewhere else, or the first step of one that is here."""

DATASET = "dataset"
"""The place of formulas that hold in the data set and in no item."""


class Formula:
    """A formula, when it applies, and where.

    Args:
        text: what must be true, see `engine.formulas.parsing`.
        when: a formula too; where it is not true, nothing is asked for. Empty: always.
        within: `dataset`, or the keywords of sequences with dots between: only items of the last,
            in items of those before. Empty: anywhere.
    """

    def __init__(self, text: str, when: str = "", within: str = "") -> None:
        self.text = text
        self.when = when
        self.within = within

    @cached_property
    def statement(self) -> Statement:
        """What must be true."""
        return parsed(self.text)

    @cached_property
    def condition(self) -> Statement | None:
        """When it must."""
        return parsed(self.when) if self.when else None

    @cached_property
    def anchor(self) -> int:
        """The tag of the attribute that must be there for the formula to say anything.

        It is the first one in the formula; where the presence of that is asked for, the first one
        of the condition. Found without parsing: most formulas are about attributes that a file
        has not.
        """
        asks_for_presence = self.text.startswith(("present(", "filled("))
        text = self.when if asks_for_presence else f"{self.text} {self.when}"
        names = (match[1] for match in _NAME.finditer(text) if match[1])
        if not (tag := tag_of(next(names, ""))):
            raise FormulaError("no attribute shows where the formula applies")
        return tag

    @cached_property
    def about(self) -> int:
        """The tag of the attribute that a finding is about."""
        local = [path.tags for path in self.statement.paths if path.is_local]
        return local[0][0] if local else self.anchor

    @cached_property
    def trail(self) -> tuple[int, ...]:
        """The tags of the sequences in `within`."""
        if self.within in {"", DATASET}:
            return ()
        tags = tuple(tag_of(name) or 0 for name in self.within.split("."))
        if 0 in tags:
            raise FormulaError(f"unknown element in '{self.within}'")
        return tags

    def holds_in(self, level: Level) -> bool | None:
        """Whether it holds in a data set or item; None: it says nothing there."""
        if not self._is_meant(level.elements, level.row):
            return None
        if self.condition is not None and not self.condition.truth(level):
            return None
        return self.statement.truth(level)

    def _is_meant(self, elements: Elements, item: int) -> bool:
        if item == TOP:
            return self.within in {"", DATASET}
        if self.within == DATASET:
            return False
        trail = elements.trail(item)
        if self.trail:
            return trail[-len(self.trail) :] == self.trail
        return _ORIGINALS.isdisjoint(trail)
