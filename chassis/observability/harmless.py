"""What strangers wrote, made harmless for those who look at it: on terminals, in spreadsheets."""

import csv
import io
from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell that a spreadsheet would run begins with."""


def printable(text: str) -> str:
    """A name without what would control the terminal: clients name their files."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def csv_rows(rows: Iterable[Iterable[object]]) -> str:
    """Lines of a table (RFC 4180); cells that look like formulas begin with an apostrophe.

    Args:
        rows: the cells of each; None is an empty one.
    """
    text = io.StringIO()
    csv.writer(text).writerows([_no_formula(cell) for cell in row] for row in rows)
    return text.getvalue()


def _no_formula(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
