"""Why an archive file, or an entry of one, is not read."""

from enum import StrEnum


class Fault(StrEnum):
    """The kinds of fault."""

    BROKEN = "broken"
    """It is truncated, or its bytes are not what it says."""
    UNSAFE = "unsafe"
    """It has something that is not read from untrusted senders."""
    UNSUPPORTED = "unsupported"
    """It has something that this reader does not know."""
    TOO_LARGE = "too large"
    """It exceeds a limit."""


class ArchiveError(Exception):
    """An archive file, or one of its entries, that is not read.

    Attributes:
        fault: the kind.
        trouble: what is wrong, as the end of a sentence; has nothing from the archive file.
        entry: the name of the entry; None if it is the archive file itself. May contain PHI.
    """

    def __init__(self, fault: Fault, trouble: str, entry: str | None = None) -> None:
        super().__init__(fault)
        self.fault = fault
        self.trouble = trouble
        self.entry = entry


def broken(trouble: str, entry: str | None = None) -> ArchiveError:
    """The error for an archive file whose bytes cannot be right."""
    return ArchiveError(Fault.BROKEN, trouble, entry)
