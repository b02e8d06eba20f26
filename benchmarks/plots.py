"""Plots of what was measured, as SVG files: bars beside each other, one row each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.result import Result

_ROW, _BAR, _TEXT, _WIDTH, _MARGIN = 28, 16, 330, 420, 90
_COLOUR, _SPREAD, _MARK = "#3b6ea5", "#1b3350", "#c0392b"

_PLOTS = (
    (
        "speed",
        "Times as fast as the peers; red: the bar",
        "times",
        re.compile(r"(.*): times as fast"),
    ),
    (
        "growth",
        "CPU an instance, by the size of the study",
        "ms",
        re.compile(r"CPU an instance, (of .*)"),
    ),
    (
        "parts",
        "CPU of an upload of one slice",
        "ms",
        re.compile(r"  (gateway|status|validator|descriptor|Redis)"),
    ),
)
"""The name of each plot, its title, its unit, and which results it shows."""


@dataclass(frozen=True)
class Row:
    """A row of a plot.

    Attributes:
        text: what it is.
        result: its value; a bar to reach is a line across.
    """

    text: str
    result: Result


def plot(title: str, unit: str, rows: Sequence[Row]) -> str:
    """A plot: a bar for each row, its spread as a thin line, its bar to reach in red.

    Args:
        title: above it.
        unit: of all rows.
        rows: from the top down.
    """
    most = max(max(row.result.value, row.result.high or 0, row.result.bar or 0) for row in rows)
    scale = _WIDTH / (most or 1)
    height = 40 + _ROW * len(rows)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_TEXT + _WIDTH + _MARGIN}" '
            f'height="{height}" font-family="sans-serif" font-size="13">'
        ),
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="8" y="22" font-weight="bold">{escape(title)}</text>',
    ]
    for index, row in enumerate(rows):
        lines += _row(row, unit, 36 + _ROW * index, scale)
    return "\n".join([*lines, "</svg>", ""])


def _row(row: Row, unit: str, y: float, scale: float) -> list[str]:
    result, middle = row.result, y + _BAR / 2
    end = _TEXT + max(result.value, result.high or 0, result.bar or 0) * scale + 6
    lines = [
        f'<text x="{_TEXT - 8}" y="{middle + 5}" text-anchor="end">{escape(row.text)}</text>',
        (
            f'<rect x="{_TEXT}" y="{y}" width="{result.value * scale:.1f}" height="{_BAR}" '
            f'fill="{_COLOUR}"/>'
        ),
        f'<text x="{end:.1f}" y="{middle + 5}">{result.value:.3g} {escape(unit)}</text>',
    ]
    if result.low is not None and result.high is not None:
        low, high = (_TEXT + value * scale for value in (result.low, result.high))
        lines.append(_line(low, middle, high, middle, _SPREAD))
    if result.bar is not None:
        x = _TEXT + result.bar * scale
        lines.append(_line(x, y - 3, x, y + _BAR + 3, _MARK))
    return lines


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1}" x2="{x2:.1f}" y2="{y2}" '
        f'stroke="{colour}" stroke-width="2"/>'
    )


def write(directory: Path, results: Sequence[Result]) -> None:
    """Write the plots of the documentation; one of which nothing was measured is left as it is.

    Args:
        directory: for them.
        results: all that were measured.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, title, unit, shown in _PLOTS:
        rows = [
            Row(match[1], result) for result in results if (match := shown.fullmatch(result.what))
        ]
        if rows:
            (directory / f"{name}.svg").write_text(plot(title, unit, rows), encoding="utf-8")
