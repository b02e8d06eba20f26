"""Anomalies: what a reader may find wrong with the encoding of a file, and the limits it has."""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple, Protocol

from engine.encoding.elements import Element


class AnomalyKind(Enum):
    """What is wrong. `engine.rules.anomalies` has the rule for each."""

    EMPTY = auto()
    """The file has no bytes."""
    NOT_DICOM = auto()
    """No elements can be found at its start."""
    NO_PREAMBLE = auto()
    """It starts with elements, without a preamble and prefix."""
    META_ENCODING = auto()
    """The file meta information is not in explicit VR little endian."""
    TRANSFER_SYNTAX_UNKNOWN = auto()
    TRANSFER_SYNTAX_PRIVATE = auto()
    TRANSFER_SYNTAX_MISMATCH = auto()
    """The data set is in another encoding than the transfer syntax has."""
    DEFLATE_TOO_LARGE = auto()
    """It inflates to more than `ReadingLimits.max_inflated_bytes`."""
    DEFLATE_CORRUPT = auto()
    DEFLATE_WRAPPED = auto()
    """The stream has the header of zlib or gzip."""
    DEFLATE_TRAILING = auto()
    """Bytes follow the deflated data set."""
    TRUNCATED = auto()
    """The file ends before the element does."""
    OVERRUN = auto()
    """The element reaches beyond the end of the item or sequence that encloses it."""
    DELIMITER_MISSING = auto()
    DELIMITER_UNEXPECTED = auto()
    DELIMITER_LENGTH = auto()
    """The length of a delimiter is not zero."""
    ITEM_EXPECTED = auto()
    """Something other than an item is in a sequence or among fragments."""
    LENGTH_UNDEFINED = auto()
    """The length is undefined, which the VR does not allow."""
    LENGTH_ODD = auto()
    VR_INVALID = auto()
    UN_EXPLICIT = auto()
    """The items of a sequence of unknown VR are in explicit VR."""
    UN_WITHOUT_ITEMS = auto()
    """An element of unknown VR that the dictionary calls a sequence does not hold items."""
    RESERVED_BYTES = auto()
    """The reserved bytes after a VR are not zero."""
    ORDER = auto()
    """The tag is smaller than that of an earlier element."""
    DUPLICATE = auto()
    """The tag occurred before in the same data set or item."""
    DEPTH = auto()
    """A sequence is nested deeper than `ReadingLimits.max_depth`; its items are skipped."""
    TOO_MANY_ELEMENTS = auto()
    """There are more than `ReadingLimits.max_elements`; the rest is not read."""
    TRAILING_PADDING = auto()
    """Null bytes follow the data set."""
    TRAILING_BYTES = auto()
    """Bytes that are no elements follow the data set."""


class Anomaly(NamedTuple):
    """One place where the encoding is wrong."""

    kind: AnomalyKind
    element: Element | None = None
    """The element, item or fragment; None for the data set or file as a whole. The reader may take
    its row back later: a receiver that keeps it must ask for its path at once."""
    expected: str | None = None
    """What should be there; no text of the file."""
    found: str | None = None
    """What is there, described without text of the file other than VRs and UIDs."""
    value: bytes | None = None
    """What is there, as the file has it: it may identify a person."""
    offset: int | None = None
    """Position in the file, in bytes; that of the element's value if None."""
    times: int = 1
    """How many alike there are, in the fragments of one element."""


ReportAnomaly = Callable[[Anomaly], None]
"""Receives each anomaly as it is found: a hostile file has millions, and a list would keep them."""


class ReadingLimits(Protocol):
    """Where reading stops."""

    @property
    def max_depth(self) -> int:
        """The deepest nesting of sequences."""

    @property
    def max_elements(self) -> int:
        """The greatest number of elements, sequence items and fragments; each takes 21 bytes."""

    @property
    def max_inflated_bytes(self) -> int:
        """The greatest size of a deflated data set once inflated, in bytes."""
