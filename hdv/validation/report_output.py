"""The destination of a report: stdout or a file that overwrites nothing of value."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from archives.reading import format_of
from hdv.exit import CommandError


@contextlib.contextmanager
def report_output(path: Path | None, inputs: Iterable[str]) -> Iterator[BinaryIO]:
    """Open the destination of the report.

    Args:
        path: of the file; None for stdout.
        inputs: the paths that are examined.

    Raises:
        CommandError: the file cannot be written, is among the inputs, or is a DICOM file or an
            archive file.
    """
    if path is None:
        yield sys.stdout.buffer
        return
    if any(is_same_file(path, source) for source in inputs) or _is_precious(path):
        raise CommandError(f"{path}: would be overwritten by the report")
    try:
        file = path.open("wb")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    with file:
        yield file


def is_same_file(path: Path, other: str) -> bool:
    """Whether two paths lead to one file; false if one of them does not exist."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def _is_precious(path: Path) -> bool:
    """Whether the path is a DICOM file or an archive file, probably named by mistake."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        is_dicom = file.read(132).endswith(b"DICM")
    return is_dicom or format_of(path) is not None


class ReportWriter:
    """Writes the pieces of a report as they are ready, with a separator between them.

    Args:
        output: the destination.
        separator: written between pieces.
    """

    def __init__(self, output: BinaryIO, separator: str) -> None:
        self._output = output
        self._separator = separator
        self._is_first = True

    def write(self, text: str) -> None:
        """Write text as it is."""
        self._output.write(text.encode())
        self._output.flush()

    def write_piece(self, text: str) -> None:
        """Write a piece, after a separator if it is not the first; nothing if it is empty."""
        if text:
            self.write(text if self._is_first else self._separator + text)
            self._is_first = False
