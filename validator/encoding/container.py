"""What is open while a data set is read: the data set, a sequence, an item, fragments."""

from dataclasses import dataclass, field
from enum import Enum, auto

from validator.transfer_syntax import Encoding

OUT_OF_ORDER = 0xFFFFFFFF


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
