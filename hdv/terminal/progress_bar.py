"""A progress bar for commands that wait for a gateway or Redis; it uses rich.

`hdv validate` has a line instead (`progress_line`): it starts too fast to load rich.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from hdv.terminal.text import is_terminal

_BYTE_COLUMNS = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
_COUNT_COLUMNS = (TextColumn("{task.completed:,.0f} of {task.fields[known]} {task.fields[noun]}"),)


class Update(Protocol):
    """Moves the bar."""

    def __call__(self, done: int, total: int | None, text: str = "") -> None:
        """Show how much is done of a total, if that is known, and optionally another text."""
        ...


@contextmanager
def progress_bar(text: str, noun: str = "") -> Iterator[Update]:
    """A bar on stderr, if that is a terminal; it is erased at the end.

    Args:
        text: shown before the bar.
        noun: what is counted, in the plural; bytes if it is empty.
    """
    if not is_terminal(sys.stderr):
        yield _ignore
        return
    columns: tuple[ProgressColumn, ...] = _COUNT_COLUMNS if noun else _BYTE_COLUMNS
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task(text, total=None, known="?", noun=noun)

        def update(done: int, total: int | None, text: str = "") -> None:
            known = "?" if total is None else f"{total:,}"
            description = text or progress.tasks[0].description
            progress.update(task, completed=done, total=total, description=description, known=known)

        yield update


def _ignore(done: int, total: int | None, text: str = "") -> None:
    """There is no terminal to show it on."""
