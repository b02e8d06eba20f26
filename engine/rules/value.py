"""Rules of single values: format, length, multiplicity, characters (PS3.5 6)."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.values.formats")

DATE = RULES.define(
    "value.date",
    Severity.WARNING,
    "The value is not a date of the calendar, written YYYYMMDD.",
    "PS3.5 6.2",
    why="Archives that keep dates as dates refuse the file or drop the value, and queries by date "
    "miss it. Ranges belong in queries, not in files.",
    fix="Write one date as eight digits, or leave the value empty where it is not known.",
)
DATE_OLD_FORM = RULES.define(
    "value.date-old-form",
    Severity.WARNING,
    "The date is written with dots, as ACR-NEMA had it before DICOM.",
    "PS3.5 6.2",
    why="The form was withdrawn in 1993; many readers no longer know it and take the date for "
    "missing.",
    fix="Take the dots out: YYYYMMDD.",
)
TIME = RULES.define(
    "value.time",
    Severity.WARNING,
    "The value is not a time, written HHMMSS.FFFFFF or the first parts of it.",
    "PS3.5 6.2",
    why="Readers that can't parse it order acquisitions wrongly or refuse the file.",
    fix="Write hours 00 to 23, minutes, seconds and up to six digits of a fraction, without "
    "separators or spaces between them.",
)
TIME_OLD_FORM = RULES.define(
    "value.time-old-form",
    Severity.WARNING,
    "The time is written with colons, as ACR-NEMA had it before DICOM.",
    "PS3.5 6.2",
    why="The form was withdrawn in 1993; many readers no longer know it and take the time for "
    "missing.",
    fix="Take the colons out: HHMMSS.",
)
DATE_TIME = RULES.define(
    "value.date-time",
    Severity.WARNING,
    "The value is not a date and time, written YYYYMMDDHHMMSS.FFFFFF&ZZXX or a part of it.",
    "PS3.5 6.2",
    why="Readers that can't parse it lose when something was acquired or administered.",
    fix="Write the parts without separators; an offset from UTC has a sign and four digits, "
    "from -1200 to +1400, and is +0000 for UTC itself.",
)
AGE = RULES.define(
    "value.age",
    Severity.WARNING,
    "The value is not an age of three digits and D, W, M or Y.",
    "PS3.5 6.2",
    why="Doses, reference ranges and protocols chosen by age use it; 45 can be days or years.",
    fix="Write three digits and the unit, such as 045Y or 018M.",
)
CODE_STRING = RULES.define(
    "value.code-string",
    Severity.WARNING,
    "The value is not a code string of at most 16 capital letters, digits, spaces and underscores.",
    "PS3.5 6.2",
    why="Code strings are compared byte by byte: a small letter or a hyphen makes an unknown term "
    "of a known one.",
    fix="Write the term as the standard spells it, in capital letters.",
)
INTEGER = RULES.define(
    "value.integer",
    Severity.WARNING,
    "The value is not a decimal integer of 32 bits with at most 12 characters.",
    "PS3.5 6.2",
    why="Readers fail on it or read another number: some stop at the first character that is no "
    "digit.",
    fix="Write digits with an optional sign, from -2147483648 to 2147483647; take out decimal "
    "points, units and spaces between digits.",
)
DECIMAL = RULES.define(
    "value.decimal",
    Severity.WARNING,
    "The value is not a decimal number of at most 16 characters.",
    "PS3.5 6.2",
    why="Readers cut a longer number off at 16 characters, exponent included, and compute with "
    "another number; a comma or NaN makes them fail.",
    fix="Round so that sign, point and exponent fit into 16 characters; use a decimal point.",
)
APPLICATION_ENTITY = RULES.define(
    "value.application-entity",
    Severity.WARNING,
    "The value is not an application entity title of 1 to 16 printable characters.",
    "PS3.5 6.2",
    why="Retrieval and storage commitment are addressed by it; a longer title cannot be reached.",
    fix="Use the title that is configured on the network, or leave the element out.",
)
NAME = RULES.define(
    "value.name",
    Severity.WARNING,
    "The person name has more than three component groups or more than five components.",
    "PS3.5 6.2.1",
    why="The rest is dropped or ends up in the wrong part of the name, and the person is "
    "not found under it.",
    fix="Separate family, given, middle name, prefix and suffix by ^, and the alphabetic, "
    "ideographic and phonetic forms by =.",
    found_by="engine.values.text",
)
TEXT_TOO_LONG = RULES.define(
    "value.text-too-long",
    Severity.WARNING,
    "The text has more characters than its value representation allows.",
    "PS3.5 6.2",
    why="Databases cut it off or refuse the file; identifiers that were cut are no longer unique.",
    fix="Shorten the text, or put it into an element with a longer value representation.",
    found_by="engine.values.text",
)
CONTROL_CHARACTER = RULES.define(
    "value.control-character",
    Severity.WARNING,
    "The text has a control character, which its value representation does not allow.",
    "PS3.5 6.1.3",
    why="Displays and exports break at it; a null byte ends the text for programs written in C.",
    fix="Take it out; line breaks are allowed in ST, LT and UT only, and ESC only where the "
    "character set is one with code extensions.",
    found_by="engine.values.text",
)
URI = RULES.define(
    "value.uri",
    Severity.WARNING,
    "The value is not a URI.",
    "PS3.5 6.2",
    why="What it refers to can't be fetched.",
    fix="Percent-encode spaces and whatever else RFC 3986 does not allow; no space before it.",
)
MULTIPLICITY = RULES.define(
    "value.multiplicity",
    Severity.WARNING,
    "The element has another number of values than the data dictionary allows.",
    "PS3.5 6.4",
    why="Readers take the first value, or fail; a backslash in a text makes two values of it.",
    fix="Write as many values as the dictionary says; replace a backslash that is meant as text.",
    found_by="engine.values.check",
)
LENGTH = RULES.define(
    "value.length",
    Severity.WARNING,
    "The length is not a multiple of the size of the numbers in it.",
    "PS3.5 6.2",
    why="The last number is incomplete, or all are of another size than declared and misread.",
    fix="Write whole numbers of the size of the value representation, or correct the value "
    "representation.",
    found_by="engine.values.check",
)
PADDING = RULES.define(
    "value.padding",
    Severity.WARNING,
    "The text is padded with null bytes, or with spaces where its length is fixed.",
    "PS3.5 6.2",
    why="The padding becomes part of the value for many readers, and comparisons find no match.",
    fix="Pad text with one space to an even length; only UI is padded with a null byte, and a "
    "single date or age not at all.",
)
NOT_FINITE = RULES.define(
    "value.not-finite",
    Severity.INFO,
    "A floating point number is infinite or not a number.",
    "PS3.5 6.2",
    why="IEEE 754 allows it, but JSON has no such numbers, and what is computed with them is none.",
    fix="Leave the element out or empty where there is no measurement.",
    violation=False,
    found_by="engine.values.check",
)
CHARACTER_SET_UNKNOWN = RULES.define(
    "value.character-set-unknown",
    Severity.WARNING,
    "The specific character set is not a term of the standard.",
    "PS3.3 C.12.1.1.2",
    why="Readers fall back to some other character set and show wrong names, or refuse the file.",
    fix="Use a defined term such as ISO_IR 100 or ISO_IR 192; leave the element out where all "
    "text is ASCII.",
    found_by="engine.values.scopes",
)
CHARACTER_SET_COMBINATION = RULES.define(
    "value.character-set-combination",
    Severity.WARNING,
    "The specific character set has terms that can't be used together, in this order or alone.",
    "PS3.3 C.12.1.1.2",
    why="Only sets with code extensions can be switched between; readers use the first one for "
    "everything or guess.",
    fix="With several values use ISO 2022 terms throughout, a single-byte one (or none) first; a "
    "single value is an ISO_IR term, GB18030 or GBK.",
    found_by="engine.values.scopes",
)
CHARACTER_SET_MISSING = RULES.define(
    "value.character-set-missing",
    Severity.WARNING,
    "The text has bytes beyond ASCII, and no specific character set says what they mean.",
    "PS3.5 6.1.2",
    why="Each reader shows other letters, and a patient's name no longer matches itself.",
    fix="Find out which character set the writer used and declare it in (0008,0005).",
    found_by="engine.values.text",
)
UNDECODABLE = RULES.define(
    "value.undecodable",
    Severity.WARNING,
    "The text has bytes that are no characters of the declared character set.",
    "PS3.5 6.1",
    why="The letters are lost when the text is read, shown or converted; strict readers refuse "
    "the file.",
    fix="Declare the character set that the text was written in, or encode the text again.",
    found_by="engine.values.text",
)
LEFT_OPEN = RULES.define(
    "value.character-set-left-open",
    Severity.WARNING,
    "A line or value ends in a character set of two bytes, without switching back from it.",
    "PS3.5 6.1.2.5.3",
    why="Readers that carry on in that set take the next value, or the padding, for other letters.",
    fix="Write the escape sequence of the first character set, such as ESC ( B, before each "
    "delimiter and at the end.",
    found_by="engine.values.text",
)
RETIRED_ELEMENT = RULES.define(
    "value.retired-element",
    Severity.INFO,
    "The element is retired from the standard.",
    "PS3.6 6",
    why="Newer readers ignore it; what it says usually has a newer element.",
    fix="Write the element that has replaced it as well, if there is one.",
    violation=False,
    found_by="engine.values.definitions",
)
UNKNOWN_ELEMENT = RULES.define(
    "value.unknown-element",
    Severity.WARNING,
    "The element has an even group number, and the data dictionary does not know it.",
    "PS3.5 7.1",
    why="The even groups belong to the standard, which may give the tag another meaning; it may "
    "also be a damaged tag.",
    fix="Move own elements to an odd group with a private creator; correct a mistyped tag.",
    found_by="engine.values.definitions",
)
