"""Rules of the encoding (PS3.5 7): what comes up while the elements of a data set are read."""

from contracts.report import Severity
from validator.rule import define

TRUNCATED = define(
    "structure.truncated",
    Severity.ERROR,
    "The file ends before the element does.",
    "PS3.5 7.1.1",
)
OVERRUN = define(
    "structure.overrun",
    Severity.ERROR,
    "The element reaches beyond the end of the item or sequence that it is in.",
    "PS3.5 7.5.1",
)
DELIMITER_MISSING = define(
    "structure.delimiter-missing",
    Severity.ERROR,
    "The delimiter that ends a value of undefined length is missing.",
    "PS3.5 7.5.2",
)
DELIMITER_UNEXPECTED = define(
    "structure.delimiter-unexpected",
    Severity.ERROR,
    "A delimiter stands where nothing of undefined length is open.",
    "PS3.5 7.5.2",
)
DELIMITER_LENGTH = define(
    "structure.delimiter-length",
    Severity.WARNING,
    "The length of the delimiter is not zero.",
    "PS3.5 7.5.2",
)
ITEM_EXPECTED = define(
    "structure.item-expected",
    Severity.ERROR,
    "Something other than an item stands in a sequence or in encapsulated pixel data.",
    "PS3.5 7.5.1",
)
LENGTH_UNDEFINED = define(
    "structure.length-undefined",
    Severity.ERROR,
    "The element has an undefined length, which its value representation does not allow.",
    "PS3.5 7.1.2",
)
LENGTH_ODD = define(
    "structure.length-odd",
    Severity.WARNING,
    "The length of the element is odd.",
    "PS3.5 7.1.1",
)
VR_INVALID = define(
    "structure.vr-invalid",
    Severity.ERROR,
    "The element has no valid value representation.",
    "PS3.5 7.1.2",
)
ORDER = define(
    "structure.order",
    Severity.WARNING,
    "The elements are not in the order of their tags.",
    "PS3.5 7.1",
)
DUPLICATE = define(
    "structure.duplicate",
    Severity.ERROR,
    "The element occurs more than once in its data set.",
    "PS3.5 7.1",
)
DEPTH = define(
    "structure.depth",
    Severity.ERROR,
    "Sequences are nested deeper than the validator looks.",
    "PS3.5 7.5",
)
TOO_MANY_ELEMENTS = define(
    "structure.too-many-elements",
    Severity.ERROR,
    "The data set has more elements than the validator looks at.",
    "PS3.5 7.1",
)
TRAILING_PADDING = define(
    "structure.trailing-padding",
    Severity.WARNING,
    "Null bytes follow the data set.",
    "PS3.10 7.2",
)
TRAILING_BYTES = define(
    "structure.trailing-bytes",
    Severity.ERROR,
    "Bytes that are no elements follow the data set.",
    "PS3.10 7.2",
)
DEFLATE_CORRUPT = define(
    "structure.deflate-corrupt",
    Severity.ERROR,
    "The deflated data set can't be inflated to its end.",
    "PS3.5 A.5",
)
DEFLATE_TRAILING = define(
    "structure.deflate-trailing",
    Severity.WARNING,
    "Bytes follow the deflated data set.",
    "PS3.5 A.5",
)
DEFLATE_TOO_LARGE = define(
    "structure.deflate-too-large",
    Severity.ERROR,
    "The deflated data set inflates to more bytes than the validator looks at.",
    "PS3.5 A.5",
)
