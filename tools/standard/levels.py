"""The levels of the facts: attributes that stand together, each set of them kept only once."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import orjson

_Index: TypeAlias = int | None
Row: TypeAlias = (
    tuple[int, str, _Index, _Index, _Index] | tuple[int, str, _Index, _Index, _Index, int]
)
"""An attribute: tag, type, and the indices of its condition, its values and its items' level; then
1 if a single item is all that is allowed."""


class Pool:
    """Things that facts refer to by index, the same ones only once."""

    def __init__(self) -> None:
        self.entries: list[object] = []
        self._indices: dict[bytes, int] = {}

    def index(self, entry: object) -> int:
        """The index of an entry, which is added if it is new."""
        key = orjson.dumps(entry)
        if key not in self._indices:
            self._indices[key] = len(self.entries)
            self.entries.append(entry)
        return self._indices[key]

    def index_of_cycle(self, make: Callable[[int], Sequence[Row]]) -> int:
        """The index of an entry that refers to itself."""
        index = len(self.entries)
        self.entries.append(None)
        self.entries[index] = make(index)
        return index
