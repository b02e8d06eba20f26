"""Which character set applies where: that of the item, or of the nearest enclosing one."""

from engine.encoding.character_sets import DEFAULT, CharacterSet, Declaration, declarations
from engine.encoding.elements import TOP, Element, Elements
from engine.findings import Findings
from engine.rules import value as rules
from engine.values.judgement import SHOWN
from engine.violation import Violation


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
        for parent, (element, declared) in declarations(elements).items():
            self._declared[parent] = declared.characters
            _report(element, declared, findings)
        self.top = self._declared.get(TOP, DEFAULT)
        self.by_item: dict[int, CharacterSet] = {}
        self.are_nested = any(row != TOP for row in self._declared)

    def characters_in(self, item: int) -> CharacterSet:
        """The character set of an item that has been entered, or of the data set.

        Args:
            item: the row of the item; `TOP` for the data set.
        """
        return self.by_item.get(item, self.top) if self.are_nested else self.top

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


def _report(element: Element, declared: Declaration, findings: Findings) -> None:
    """Report what is wrong with a value of (0008,0005)."""
    if declared.unknown is not None:
        value = declared.unknown.encode("latin-1")
        violation = Violation(element, "a defined term", value=value)
        findings.add(rules.CHARACTER_SET_UNKNOWN, violation)
    elif declared.expected is not None:
        value = element.value(SHOWN)
        violation = Violation(element, declared.expected, value=value)
        findings.add(rules.CHARACTER_SET_COMBINATION, violation)
