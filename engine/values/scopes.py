"""Which character set applies where: that of the item, or of the nearest enclosing one."""

from engine.encoding.elements import TOP, Element, Elements
from engine.findings import Findings
from engine.tags import SPECIFIC_CHARACTER_SET
from engine.values.character_sets import DEFAULT, CharacterSet, character_set

_LENGTH = 256


class Scopes:
    """The character sets of a data set and of the items in it (PS3.3 C.12.1.1.2).

    Attributes:
        top: that of the data set.
        by_item: that of each item entered so far, by its row; empty if no item declares one.
        are_nested: whether some item declares its own, so that items must be entered.
    """

    def __init__(self, elements: Elements, findings: Findings) -> None:
        self._parents = elements.parents
        self._declared: dict[int, CharacterSet] = {}
        tags = elements.tags
        row = -1
        for _ in range(tags.count(SPECIFIC_CHARACTER_SET)):
            row = tags.index(SPECIFIC_CHARACTER_SET, row + 1)
            element = Element(elements, row)
            characters, violations = character_set(element.value(_LENGTH))
            # Of two in one place the last one counts, as for every duplicate.
            self._declared[elements.parents[row]] = characters
            for rule, violation in violations:
                findings.add(rule, violation._replace(at=element))
        self.top = self._declared.get(TOP, DEFAULT)
        self.by_item: dict[int, CharacterSet] = {}
        self.are_nested = any(row != TOP for row in self._declared)

    def enter(self, row: int, sequence: int) -> None:
        """Enter an item; the items that enclose it must have been entered before.

        Args:
            row: that of the item.
            sequence: the row of its sequence.
        """
        if not self.are_nested:
            return
        outer = self.by_item.get(self._parents[sequence], self.top)
        self.by_item[row] = self._declared.get(row, outer)
