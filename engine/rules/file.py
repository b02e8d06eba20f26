"""Rules of the DICOM file format: preamble, prefix, kind of file (PS3.10 7)."""

from collections.abc import Iterator

from contracts.report import Severity
from engine.file_kinds import executable_kind, foreign_kind, is_tiff
from engine.instance import Instance
from engine.rule_set import RuleSet
from engine.violation import Violation

RULES = RuleSet(__name__, found_by="engine.encoding.reading")

_PREAMBLE = 128
_PREFIX = b"DICM"

EMPTY = RULES.define(
    "file.empty",
    Severity.ERROR,
    "The file is empty.",
    "PS3.10 7",
    why="A transfer or a full disk has lost the content.",
    fix="Send or copy the file again.",
    refusal="There is nothing to keep.",
)
NOT_DICOM = RULES.define(
    "file.not-dicom",
    Severity.ERROR,
    "The file is not a DICOM file.",
    "PS3.10 7.1",
    why="There is nothing in it that could be filed with a study.",
    fix="Leave it out, or put it into an encapsulated document or image.",
    refusal="There is nothing to file.",
)
NO_PREAMBLE = RULES.define(
    "file.no-preamble",
    Severity.ERROR,
    "The data set has no preamble and DICM prefix before it.",
    "PS3.10 7.1",
    why="It is not a file of PS3.10: readers can only guess how it is written, and most refuse.",
    fix="Write 128 null bytes, DICM and file meta information before the data set.",
    refusal="It is no DICOM file, and how to read it is a guess: a wrong one shows wrong pixels.",
)
UNREADABLE = RULES.define(
    "file.unreadable",
    Severity.ERROR,
    "The file cannot be read, or not be examined within the limits.",
    "PS3.10 7",
    why="What harms this process may harm the next reader too.",
    fix="Look at how the file was made; raise the limits if it is only large.",
    refusal="What is in it is unknown, and it may harm what reads it next.",
    violation=False,
    found_by="engine.unreadable",
)


def _preamble(instance: Instance) -> bytes:
    """The preamble; empty in a file that has none."""
    start = bytes(instance.data[: _PREAMBLE + len(_PREFIX)])
    return start[:_PREAMBLE] if start.endswith(_PREFIX) else b""


@RULES.check(
    "file.executable-preamble",
    Severity.ERROR,
    "The preamble makes the file a program.",
    "PS3.10 7.5",
    why="A double click on the file runs it; malware has been spread that way.",
    fix="Overwrite the preamble with null bytes, and find out where the file comes from.",
    refusal="It runs as a program on the machine that it is opened on.",
)
def preamble_is_not_executable(instance: Instance) -> Iterator[Violation]:
    """A TIFF header is legal there, anything that an operating system runs is not."""
    if kind := executable_kind(bytes(instance.data[:4])):
        yield Violation(expected="null bytes or an image format", found=kind, offset=0)


@RULES.check(
    "file.preamble-format",
    Severity.WARNING,
    "The preamble is the beginning of another file format.",
    "PS3.10 7.1",
    why="Programs that recognise files by their first bytes open it as something else.",
    fix="Overwrite the preamble with null bytes; only the header of a TIFF file that shares the "
    "pixels is in use there.",
    violation=False,
)
def preamble_is_no_other_format(instance: Instance) -> Iterator[Violation]:
    """Files with two formats are known for whole slide images, with TIFF."""
    preamble = _preamble(instance)
    if (kind := foreign_kind(preamble)) and not executable_kind(preamble):
        yield Violation(expected="null bytes or TIFF", found=kind, offset=0)


@RULES.check(
    "file.preamble-used",
    Severity.INFO,
    "The preamble holds something other than null bytes, in no known format.",
    "PS3.10 7.1",
    why="Implementations may use it, but others do not know what for; anything can hide there.",
    fix="Overwrite it with null bytes unless something is known to need it.",
    violation=False,
)
def preamble_is_empty(instance: Instance) -> Iterator[Violation]:
    """The standard requires null bytes where the preamble is not in use."""
    preamble = _preamble(instance)
    known = executable_kind(preamble) or foreign_kind(preamble) or is_tiff(preamble)
    if preamble.strip(b"\0") and not known:
        yield Violation(expected="null bytes", found="other bytes", offset=0)


@RULES.check(
    "file.media-directory",
    Severity.ERROR,
    "The file is a DICOMDIR, an index of other files, and not an instance.",
    "PS3.10 8.6",
    why="It belongs to the medium that it indexes; there is nothing in it to file.",
    fix="Nothing, if the files that it refers to were sent along; else send those.",
    refusal="It is an index of other files; there is nothing in it to file.",
    violation=False,
)
def file_is_an_instance(instance: Instance) -> Iterator[Violation]:
    """A DICOMDIR comes along when a whole disc is uploaded; there is nothing to file in it."""
    if instance.is_media_directory:
        yield Violation()
