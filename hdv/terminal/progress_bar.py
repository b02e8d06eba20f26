"""Bars on a terminal that say how far a long work is; elsewhere nothing."""

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

from hdv.terminal.progress_line import is_terminal

_OF_BYTES = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
_OF_THINGS = (TextColumn("{task.completed:,.0f} of {task.fields[known]} {task.fields[things]}"),)


class Show(Protocol):
    """Says how far it is."""

    def __call__(self, done: int, total: int | None, text: str = "") -> None:
        """Say how much of how much is done, perhaps with another text before the bar."""
        ...


@contextmanager
def bar(text: str, things: str = "") -> Iterator[Show]:
    """A bar on stderr if that is a terminal; nothing of it remains.

    Args:
        text: what stands before it.
        things: what is counted; bytes when it has no name.
    """
    if not is_terminal(sys.stderr):
        yield _show_nothing
        return
    columns: tuple[ProgressColumn, ...] = _OF_THINGS if things else _OF_BYTES
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task(text, total=None, known="?", things=things)

        def show(done: int, total: int | None, text: str = "") -> None:
            known = "?" if total is None else f"{total:,}"
            description = text or progress.tasks[0].description
            progress.update(task, completed=done, total=total, description=description, known=known)

        yield show


def _show_nothing(done: int, total: int | None, text: str = "") -> None:
    """Nobody looks."""
