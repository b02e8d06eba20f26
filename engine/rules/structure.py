"""Rules of the encoding, broken where the elements of a data set cannot be read (PS3.5 7)."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.encoding.structure")

TRUNCATED = RULES.define(
    "structure.truncated",
    Severity.ERROR,
    "The file ends before the element does.",
    "PS3.5 7.1.1",
    why="The rest was lost on the way or on the disk: pixels, and whatever came after them.",
    fix="Send or copy the file again from where it is whole; nothing in it restores the rest.",
    refusal="A part of it is lost, and the sender still has it.",
    found_by="engine.encoding.progress",
)
OVERRUN = RULES.define(
    "structure.overrun",
    Severity.ERROR,
    "The element reaches beyond the end of the item or sequence that it is in.",
    "PS3.5 7.5.1",
    why="One of the lengths is wrong, and readers that trust the other one see other elements.",
    fix="Write the sequence again with lengths that fit, or with undefined lengths.",
    refusal="Readers disagree on which elements there are, so that a value may be lost unnoticed.",
    found_by="engine.encoding.progress",
)
DELIMITER_MISSING = RULES.define(
    "structure.delimiter-missing",
    Severity.ERROR,
    "The delimiter that ends a value of undefined length is missing.",
    "PS3.5 7.5.2",
    why="It is unknown where the value ends; at the end of a file it was cut off.",
    fix="Send the file again if it was cut; else write the sequence or pixel data again.",
    refusal="A part of it may be lost, and the sender still has it.",
)
DELIMITER_UNEXPECTED = RULES.define(
    "structure.delimiter-unexpected",
    Severity.ERROR,
    "There is a delimiter where nothing of undefined length is open.",
    "PS3.5 7.5.2",
    why="Some readers stop there and lose the elements behind it.",
    fix="Take the delimiter out, or give what it ends an undefined length.",
    refusal="Some readers lose all that follows.",
)
DELIMITER_LENGTH = RULES.define(
    "structure.delimiter-length",
    Severity.WARNING,
    "The length of the delimiter is not zero.",
    "PS3.5 7.5.2",
    why="Readers that believe the length skip the next bytes.",
    fix="Write zero as its length.",
    found_by="engine.encoding.progress",
)
ITEM_EXPECTED = RULES.define(
    "structure.item-expected",
    Severity.ERROR,
    "There is something other than an item in a sequence or in encapsulated pixel data.",
    "PS3.5 7.5.1",
    why="What follows can't be read as items, and a frame or a reference is lost.",
    fix="Write the sequence or the fragments again, each in an item.",
    refusal="A part of a sequence or of the pixels can't be read.",
)
LENGTH_UNDEFINED = RULES.define(
    "structure.length-undefined",
    Severity.ERROR,
    "The element has an undefined length, which its value representation does not allow.",
    "PS3.5 7.1.2",
    why="Its end can't be found, nor the elements behind it.",
    fix="Write the length of the value.",
    refusal="What follows can't be found.",
)
LENGTH_ODD = RULES.define(
    "structure.length-odd",
    Severity.WARNING,
    "The length of the element is odd.",
    "PS3.5 7.1.1",
    why="Readers that round it up lose their place and fail on the next element.",
    fix="Pad the value to an even length, text with a space, UIDs and bytes with a null byte.",
)
FRAGMENTS_UNEXPECTED = RULES.define(
    "structure.fragments-unexpected",
    Severity.WARNING,
    "An element other than the pixel data is written in fragments.",
    "PS3.5 A.4",
    why="Only Pixel Data may be encapsulated; readers take the length for 4 GB or the items for "
    "the value.",
    fix="Write the value with its length.",
    found_by="engine.values.check",
)
VR_INVALID = RULES.define(
    "structure.vr-invalid",
    Severity.ERROR,
    "The element has no valid value representation.",
    "PS3.5 7.1.2",
    why="Without it the size of the header is not known: most readers stop there.",
    fix="Write the VR of the data dictionary, or UN; look for damage if it is not the writer's "
    "doing.",
    refusal="Most readers stop there, and what follows is lost to them.",
)
VR_MISMATCH = RULES.define(
    "structure.vr-mismatch",
    Severity.WARNING,
    "The element has another value representation than the data dictionary gives it.",
    "PS3.5 7.1.2",
    why="Readers that go by the dictionary, as all do in implicit VR, read another value.",
    fix="Convert the value to the VR of the dictionary.",
    found_by="engine.values.check",
)
VR_UN = RULES.define(
    "structure.vr-un",
    Severity.INFO,
    "An element that the data dictionary knows is written as of unknown value representation.",
    "PS3.5 6.2.2",
    why="It has passed through software that did not know it; some readers show only its bytes.",
    fix="Write the VR of the dictionary; the bytes are those of implicit VR little endian.",
    violation=False,
    found_by="engine.values.check",
)
UN_EXPLICIT = RULES.define(
    "structure.un-explicit",
    Severity.WARNING,
    "The items of a sequence of unknown value representation are in explicit VR.",
    "PS3.5 6.2.2",
    why="Readers take what is in a UN for implicit VR: they read wrong lengths and stop there, or "
    "lose the sequence.",
    fix="Write the sequence as SQ; or its content, as of a UN, in implicit VR little endian.",
)
UN_WITHOUT_ITEMS = RULES.define(
    "structure.un-without-items",
    Severity.WARNING,
    "An element of unknown value representation is a sequence by the dictionary, but has no items.",
    "PS3.5 6.2.2",
    why="Readers that know the element look for items, and stop or skip what they find.",
    fix="Write the items in implicit VR little endian, or an empty sequence if they were removed.",
)
RESERVED_BYTES = RULES.define(
    "structure.reserved-bytes",
    Severity.WARNING,
    "The reserved bytes behind the value representation are not zero.",
    "PS3.5 7.1.2",
    why="Readers that do not know the VR take them for a length; they can be a sign of damage.",
    fix="Write two null bytes there.",
)
ORDER = RULES.define(
    "structure.order",
    Severity.WARNING,
    "The elements are not in the order of their tags.",
    "PS3.5 7.1",
    why="Readers that stop at the first greater tag do not find the element.",
    fix="Write the elements in ascending order.",
    found_by="engine.encoding.container",
)
DUPLICATE = RULES.define(
    "structure.duplicate",
    Severity.ERROR,
    "The element occurs more than once in its data set.",
    "PS3.5 7.1",
    why="Some readers take the first and some the last: they see different patients or images.",
    fix="Find out which value is right and keep only that.",
    refusal="Two readers see two values, of a patient or of a measurement.",
    found_by="engine.encoding.container",
)
GROUP_MISPLACED = RULES.define(
    "structure.group-misplaced",
    Severity.WARNING,
    "An element of a message, of file meta information or of a directory is in the data set.",
    "PS3.5 7.1",
    why="Groups 0000 to 0006 are not part of data sets; readers stop there or refuse the file.",
    fix="Take the element out.",
    found_by="engine.values.check",
)
GROUP_LENGTH_RETIRED = RULES.define(
    "structure.group-length-retired",
    Severity.INFO,
    "The data set has a group length, which is retired.",
    "PS3.5 7.2",
    why="It has to be changed along with every element of its group, and often is not.",
    fix="Take it out; no reader needs it.",
    violation=False,
    found_by="engine.values.group_lengths",
)
GROUP_LENGTH_WRONG = RULES.define(
    "structure.group-length-wrong",
    Severity.WARNING,
    "The group has another length than its group length says.",
    "PS3.5 7.2",
    why="Readers that skip groups by it lose their place; elements may have been lost or added.",
    fix="Take the group length out, or write it again.",
    found_by="engine.values.group_lengths",
)
DEPTH = RULES.define(
    "structure.depth",
    Severity.ERROR,
    "Sequences are nested deeper than the validator looks.",
    "PS3.5 7.5",
    why="No IOD nests that deep; many readers crash on it.",
    fix="Look at how the file was made; raise the limit if it is meant to be so.",
    refusal="It has not been examined whole, and may crash what reads it next.",
    violation=False,
)
TOO_MANY_ELEMENTS = RULES.define(
    "structure.too-many-elements",
    Severity.ERROR,
    "The data set has more elements than the validator looks at.",
    "PS3.5 7.1",
    why="The rest of the file has not been examined.",
    fix="Split the instance, or raise the limit.",
    refusal="It has not been examined whole.",
    violation=False,
    found_by="engine.encoding.progress",
)
TRAILING_PADDING = RULES.define(
    "structure.trailing-padding",
    Severity.WARNING,
    "Null bytes follow the data set.",
    "PS3.10 7.2",
    why="Readers take them for an element (0000,0000), and the same instance has two checksums.",
    fix="Cut them off; Data Set Trailing Padding (FFFC,FFFC) is there for padding.",
    found_by="engine.encoding.progress",
)
TRAILING_BYTES = RULES.define(
    "structure.trailing-bytes",
    Severity.WARNING,
    "Bytes that are no elements follow the data set.",
    "PS3.10 7.2",
    why="Another file was appended, or the last length is too small and pixels are cut off.",
    fix="Find out what the bytes are, and cut them off if they do not belong to the file.",
)
DEFLATE_CORRUPT = RULES.define(
    "structure.deflate-corrupt",
    Severity.ERROR,
    "The deflated data set can't be inflated to its end.",
    "PS3.5 A.5",
    why="All elements behind the damage are lost.",
    fix="Send or copy the file again from where it is whole.",
    refusal="The elements behind the damage are lost, and the sender still has them.",
    found_by="engine.encoding.reading",
)
DEFLATE_WRAPPED = RULES.define(
    "structure.deflate-wrapped",
    Severity.ERROR,
    "The deflated data set has a header of zlib or gzip.",
    "PS3.5 A.5",
    why="Readers expect the bare stream and inflate nothing.",
    fix="Write the deflate stream without header and checksum.",
    refusal="Most readers can't read the data set.",
    found_by="engine.encoding.reading",
)
DEFLATE_TRAILING = RULES.define(
    "structure.deflate-trailing",
    Severity.WARNING,
    "Bytes follow the deflated data set.",
    "PS3.5 A.5",
    why="Often the checksum of a gzip or zlib stream, which DICOM does not have; strict readers "
    "refuse it.",
    fix="Write a raw deflate stream, padded with one null byte to an even length.",
    found_by="engine.encoding.reading",
)
DEFLATE_TOO_LARGE = RULES.define(
    "structure.deflate-too-large",
    Severity.ERROR,
    "The deflated data set inflates to more bytes than the validator looks at.",
    "PS3.5 A.5",
    why="A few kilobytes can inflate to gigabytes and take a reader's memory along.",
    fix="Look at how the file was made; raise the limit if it is meant to be so.",
    refusal="It has not been examined whole, and may fill the memory of what reads it next.",
    violation=False,
    found_by="engine.encoding.reading",
)
