"""Counts items from which the same attributes are missing, so that one is reported for all."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.encoding.elements import TOP
from engine.iod.scope import Scope

_MOST = 1024
"""How many combinations of missing attributes are kept: a file chooses them."""

ReportMissing = Callable[[int, int], None]
"""Reports a tag as missing, and from how many items."""


@dataclass(slots=True)
class _Repeated:
    report: ReportMissing
    items: int = 0
    """How many items miss the same attributes, without the first."""


class MissingAttributes:
    """Counts items by the attributes that are missing from them.

    Twenty attributes can be missing from each of a million empty items of a few bytes. To report
    every one of them would take minutes, and they would become the same finding anyway.
    """

    def __init__(self) -> None:
        self._repeated: dict[tuple[tuple[int, ...], str, frozenset[int]], _Repeated] = {}

    def add(self, scope: Scope, tags: frozenset[int], report: ReportMissing) -> None:
        """Report the missing tags, or count the item if the same ones were missing before.

        Args:
            scope: the item.
            tags: what is missing from it.
            report: called for each of the tags, with a number of items.
        """
        if scope.row != TOP and scope.surroundings.is_whole:
            key = (scope.surroundings.elements.trail(scope.row), scope.module, tags)
            if repeated := self._repeated.get(key):
                repeated.items += 1
                return
            if len(self._repeated) < _MOST:
                self._repeated[key] = _Repeated(report)
        for tag in tags:
            report(tag, 1)

    def report_counted(self) -> None:
        """Report the items that were only counted."""
        for (_, _, tags), repeated in self._repeated.items():
            if repeated.items:
                for tag in tags:
                    repeated.report(tag, repeated.items)
