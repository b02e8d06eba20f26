"""Containers: the data set, sequences, items and fragments that are open while a file is read."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from engine.encoding.anomaly import AnomalyKind
from engine.encoding.elements import TOP, Elements
from engine.encoding.transfer_syntax import Encoding

OUT_OF_ORDER = 0xFFFFFFFF
FIRST_PIXEL_TAG = 0x7FE00000
"""From this tag on there are pixels and whatever ends a data set."""


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
    """A data set, sequence, item or encapsulated pixel data whose content is being read."""

    kind: Kind
    row: int
    """Its row in the table; `TOP` for the data set itself."""
    encoding: Encoding
    end: int
    """Where its content must end at the latest, in bytes."""
    defined: bool
    """Whether its own length says where it ends; else a delimiter does."""
    last: int = 0
    """The tag read last; `OUT_OF_ORDER` once the tags do not ascend."""
    seen: dict[int, None] = field(default_factory=dict)
    """Its tags, in the order of the file, once they do not ascend."""

    @property
    def is_after_pixels(self) -> bool:
        """Whether reading has come to the pixel data or to elements after it."""
        previous = next(reversed(self.seen), self.last)
        return self.row == TOP and previous >= FIRST_PIXEL_TAG

    def disorder(self, table: Elements, row: int) -> AnomalyKind | None:
        """What is wrong with the position of an element that follows a tag not smaller than its."""
        tags, seen = table.tags, self.seen
        if not seen:
            seen.update(dict.fromkeys(tags[before] for before in self._rows(table, row)))
        kind = None
        if tags[row] in seen:
            kind = AnomalyKind.DUPLICATE
        elif tags[row] < next(reversed(seen), 0):
            kind = AnomalyKind.ORDER
        seen[tags[row]] = None
        return kind

    def _rows(self, table: Elements, end: int) -> Iterator[int]:
        """The rows of its own elements before another row."""
        row = self.row
        # The array searches itself: the rows between them may be nearly the whole file, and this
        # may happen once for each container around it.
        with suppress(ValueError):
            while True:
                row = table.parents.index(self.row, row + 1, end)
                yield row
