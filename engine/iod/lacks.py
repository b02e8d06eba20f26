"""What items lack: of those that lack the same, one is reported for all."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.encoding.elements import TOP
from engine.iod.scope import Scope

_MOST = 1024
"""How many combinations of missing attributes are kept: a file chooses them."""

Report = Callable[[int, int], None]
"""Reports a tag as missing, so many times."""


@dataclass(slots=True)
class _Lack:
    report: Report
    times: int = 0
    """How many items lack the same, without the first."""


class Lacks:
    """Counts items by what they lack.

    A million empty items of a few bytes can lack twenty attributes each: to report every one of
    them would take minutes, only for findings that are folded anyway.
    """

    def __init__(self) -> None:
        self._lacks: dict[tuple[tuple[int, ...], str, frozenset[int]], _Lack] = {}

    def add(self, scope: Scope, tags: frozenset[int], report: Report) -> None:
        """Report the tags that an item lacks, or count the item if another lacked them before.

        Args:
            scope: the item.
            tags: what it lacks.
            report: called for each of the tags, with how many items it stands for.
        """
        if scope.row != TOP and scope.surroundings.is_whole:
            key = (scope.surroundings.elements.trail(scope.row), scope.module, tags)
            if lack := self._lacks.get(key):
                lack.times += 1
                return
            if len(self._lacks) < _MOST:
                self._lacks[key] = _Lack(report)
        for tag in tags:
            report(tag, 1)

    def report(self) -> None:
        """Report those that were only counted."""
        for (_, _, tags), lack in self._lacks.items():
            if lack.times:
                for tag in tags:
                    lack.report(tag, lack.times)
