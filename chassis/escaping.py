"""Untrusted text, escaped for terminals and spreadsheets."""

import csv
import io
from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet runs a cell that begins with one of these."""


def printable(text: str) -> str:
    """The text with control characters escaped: a client's file name must not drive a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def csv_rows(rows: Iterable[Iterable[object]]) -> str:
    """A table as CSV (RFC 4180); an apostrophe is put before cells that look like formulas.

    Args:
        rows: the cells of each row; None is an empty cell.
    """
    text = io.StringIO()
    csv.writer(text).writerows([_no_formula(cell) for cell in row] for row in rows)
    return text.getvalue()


def _no_formula(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
