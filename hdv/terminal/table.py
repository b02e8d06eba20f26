"""Tables on stdout: aligned and coloured on a terminal, one line for each row elsewhere."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chassis.escaping import printable
from hdv.terminal.text import is_terminal

_UNFOLDED_WIDTH = 10_000
"""Columns of a file or a pipe, whose lines are not folded."""


def new_table(*columns: str) -> Table:
    """A table without lines around it; its first column is never folded."""
    table = Table(*columns, box=box.SIMPLE_HEAD if is_terminal(sys.stdout) else None)
    table.show_edge = table.pad_edge = False
    for column in table.columns:
        column.overflow = "fold"
    # The first column names the row, and must be easy to copy.
    table.columns[0].no_wrap = True
    return table


def print_table(table: Table) -> None:
    """Write a table; into a file or a pipe each row is one line."""
    console = Console(file=sys.stdout, width=None if is_terminal(sys.stdout) else _UNFOLDED_WIDTH)
    with console.capture() as written:
        console.print(table)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())


def cell(text: object, style: str = "") -> Text:
    """A cell with untrusted text: no markup, no control characters."""
    return Text(printable("" if text is None else str(text)), style=style)
