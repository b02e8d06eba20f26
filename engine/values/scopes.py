"""Which character set holds where: that of the item, or of the nearest that encloses it."""

from engine.encoding.elements import TOP, Element, Elements
from engine.findings import Findings
from engine.tags import SPECIFIC_CHARACTER_SET
from engine.values.character_sets import DEFAULT, CharacterSet, character_set
from engine.violation import Violation

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
            characters, defects = character_set(element.value(_LENGTH))
            # Of two in one place the last stands, as for every duplicate.
            self._declared[elements.parents[row]] = characters
            for rule, expected, found, value in defects:
                findings.add(rule, Violation(element, expected, found, value))
        self.top = self._declared.get(TOP, DEFAULT)
        self.by_item: dict[int, CharacterSet] = {}
        self.are_nested = any(row != TOP for row in self._declared)

    def enter(self, row: int, sequence: int) -> None:
        """Take note of an item; the items that enclose it must have been entered before.

        Args:
            row: that of the item.
            sequence: the row of its sequence.
        """
        outer = self.by_item.get(self._parents[sequence], self.top)
        self.by_item[row] = self._declared.get(row, outer)
