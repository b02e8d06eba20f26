"""The interface of all formats of a report."""

from typing import Protocol

from hdv.validation.results import ExaminedFile, RunSummary


class Format(Protocol):
    """Formats a report piece by piece, so that it never has to be in memory as a whole.

    Files are formatted in the processes that examine them, so a format keeps no state.
    """

    separator: str
    """Written between the pieces of files and studies; empty pieces are left out."""
    ordered: bool
    """Whether files come in the order of their paths rather than as soon as they are examined."""
    shows_sha256: bool
    """Whether it shows the digests of files, which take a while."""

    def opening(self) -> str:
        """The text before the first file."""
        ...

    def file(self, report: ExaminedFile) -> str:
        """The text about a file."""
        ...

    def studies(self, run: RunSummary) -> str:
        """The text about all studies, after the files."""
        ...

    def closing(self, run: RunSummary) -> str:
        """The text at the end."""
        ...
