"""What is open while a data set is read: the data set, a sequence, an item, fragments."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from engine.encoding.elements import TOP, Elements
from engine.encoding.transfer_syntax import Encoding
from engine.rule import Rule
from engine.rules import structure as rules

OUT_OF_ORDER = 0xFFFFFFFF
FIRST_PIXEL_TAG = 0x7FE00000
"""From this tag on come pixels, and what ends a data set."""


class Kind(Enum):
    """What a container holds."""

    ELEMENTS = auto()
    """The data set itself, or the elements of an item."""
    ITEMS = auto()
    """A sequence."""
    FRAGMENTS = auto()
    """Encapsulated pixel data."""


@dataclass(slots=True)
class Container:
    """What is open while it is read."""

    kind: Kind
    row: int
    """Its row in the table; `TOP` for the data set itself."""
    encoding: Encoding
    end: int
    """Nothing in it may reach beyond, in bytes."""
    defined: bool
    """Whether its own length says where it ends; else a delimiter does."""
    last: int = 0
    """The tag read last; `OUT_OF_ORDER` once the tags do not ascend."""
    seen: dict[int, None] = field(default_factory=dict)
    """Its tags, in their order, once they do not ascend."""

    @property
    def is_behind_pixels(self) -> bool:
        """Whether the data set has come to the elements that end it."""
        previous = next(reversed(self.seen), self.last)
        return self.row == TOP and previous >= FIRST_PIXEL_TAG

    def disorder(self, table: Elements, row: int) -> Rule | None:
        """The rule that an element breaks by coming now, after some tag that is not smaller."""
        tags, seen = table.tags, self.seen
        if not seen:
            seen.update(dict.fromkeys(tags[before] for before in self._rows(table, row)))
        rule = None
        if tags[row] in seen:
            rule = rules.DUPLICATE
        elif tags[row] < next(reversed(seen), 0):
            rule = rules.ORDER
        seen[tags[row]] = None
        return rule

    def _rows(self, table: Elements, end: int) -> Iterator[int]:
        """The rows in it before another one."""
        row = self.row
        # Found by the array itself: what stands between them may be nearly the whole file, again
        # for each container around it.
        with suppress(ValueError):
            while True:
                row = table.parents.index(self.row, row + 1, end)
                yield row
