"""What a validator says of an element of a file, so that two validators can be compared."""

from enum import StrEnum
from typing import NamedTuple


class Family(StrEnum):
    """What kind of defect a statement is about."""

    MISSING = "missing"
    """A type 1 or 2 element is not there."""
    EMPTY = "empty"
    """A type 1 element has no value."""
    OTHER = "other"
    """Anything else that is wrong with the element, or with the file where there is none."""


class Statement(NamedTuple):
    """One thing that is wrong with a file."""

    file: str
    trail: tuple[int, ...]
    """The tags from the top of the data set down to the element; none for the file."""
    family: Family
    text: str
    """What the validator wrote: a message or a code."""
    type: str = ""
    """``1``, ``1C``, ``2`` or ``2C``, of a missing or empty element."""

    @property
    def key(self) -> tuple[str, tuple[int, ...], Family]:
        """Statements with the same key say the same."""
        return self.file, self.trail, self.family
