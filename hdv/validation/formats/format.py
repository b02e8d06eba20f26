"""What all formats of a report have in common."""

from typing import Protocol

from hdv.validation.results import ExaminedFile, RunSummary


class Format(Protocol):
    """Writes a report piece by piece, so that the whole of it never has to be in memory.

    Files are written in the processes that examine them, so a format keeps no state.
    """

    separator: str
    """What stands between the pieces of files and studies; empty pieces are left out."""
    ordered: bool
    """Whether files come in the order of their paths rather than as they are ready."""

    def opening(self) -> str:
        """What stands before the first file."""
        ...

    def file(self, report: ExaminedFile) -> str:
        """One file."""
        ...

    def studies(self, run: RunSummary) -> str:
        """What is wrong across files, after all of them."""
        ...

    def closing(self, run: RunSummary) -> str:
        """What stands at the end."""
        ...
