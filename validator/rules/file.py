"""Rules of the DICOM file format: preamble, prefix, kind of file (PS3.10 7)."""

from collections.abc import Iterator

from contracts.report import Severity
from validator.instance import Instance
from validator.rule import Violation, define, rule

EMPTY = define(
    "file.empty",
    Severity.ERROR,
    "The file is empty.",
    "PS3.10 7",
)
NOT_DICOM = define(
    "file.not-dicom",
    Severity.ERROR,
    "The file is not a DICOM file.",
    "PS3.10 7.1",
)
NO_PREAMBLE = define(
    "file.no-preamble",
    Severity.ERROR,
    "The data set has no preamble and DICM prefix before it.",
    "PS3.10 7.1",
)

UNREADABLE = define(
    "file.unreadable",
    Severity.ERROR,
    "The file cannot be examined within the limits, or takes the examining process along.",
    "PS3.10 7",
)

_EXECUTABLES = {
    b"MZ": "Windows executable",
    b"\x7fELF": "ELF executable",
    b"\xfe\xed\xfa\xce": "Mach-O executable",
    b"\xfe\xed\xfa\xcf": "Mach-O executable",
    b"\xce\xfa\xed\xfe": "Mach-O executable",
    b"\xcf\xfa\xed\xfe": "Mach-O executable",
    b"\xca\xfe\xba\xbe": "universal Mach-O executable or Java class",
    b"#!": "script",
}


@rule(
    "file.executable-preamble",
    Severity.ERROR,
    "The preamble makes the file a program.",
    "PS3.10 7.5",
)
def preamble_is_not_executable(instance: Instance) -> Iterator[Violation]:
    """A TIFF header is legal there, anything that an operating system runs is not."""
    start = bytes(instance.data[:4])
    for magic, kind in _EXECUTABLES.items():
        if start.startswith(magic):
            yield Violation(expected="null bytes or an image format", found=kind, offset=0)


@rule(
    "file.media-directory",
    Severity.ERROR,
    "The file is a DICOMDIR, an index of other files, and not an instance.",
    "PS3.10 8.6",
)
def file_is_an_instance(instance: Instance) -> Iterator[Violation]:
    """A DICOMDIR comes along when a whole disc is uploaded; there is nothing to file in it."""
    if instance.is_media_directory:
        yield Violation()
