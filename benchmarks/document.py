"""Writes the measured figures into the documentation: tables between markers, plots, and the data.

The tables stand in README.md and docs/performance.md; `docs/performance/bench.json` has the figures
that they were made from, and a test holds one to the other.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.result import Result

ROOT = Path(__file__).parents[1]
DIRECTORY = ROOT / "docs" / "performance"
FIGURES = DIRECTORY / "bench.json"
PAGES = (ROOT / "README.md", ROOT / "docs" / "performance.md")

_TABLE = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PEERS = re.compile(r"(.*): times as fast")
_COUNTED = {
    "Counted, an upload of one slice": "one slice",
    "Counted, uploads of one slice at 8 connections": "one slice, at 8 connections",
    "Counted, an upload of 20 slices": "20 slices",
}
"""The columns of the table of counts, by the sections that they come from."""
_NO_TABLES = {"costs"}

Figures = Mapping[str, Any]
"""What `make bench` writes: texts, and lists of results by the title of their section."""


def write(figures: Figures) -> None:
    """Write the tables, the plots and the figures.

    Args:
        figures: of a whole run.
    """
    kept = {title: found for title, found in figures.items() if title not in _NO_TABLES}
    DIRECTORY.mkdir(exist_ok=True)
    FIGURES.write_text(f"{json.dumps(kept, indent=1)}\n", encoding="utf-8")
    plots.write(DIRECTORY, [result for _, result in _results(kept)])
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8"), kept), encoding="utf-8")


def filled(page: str, figures: Figures) -> str:
    """A page with its tables made from the figures."""
    tables = {"machine": _machine, "peers": _peers, "bars": _bars, "counts": _counts}

    def table(match: re.Match[str]) -> str:
        lines = "\n".join(tables[match[2]](figures))
        return f"{match[1]}{lines}\n{match[3]}"

    return _TABLE.sub(table, page)


def _machine(figures: Figures) -> Iterator[str]:
    yield f"Measured on {figures['machine']}, Python {figures['python']}."


def _peers(figures: Figures) -> Iterator[str]:
    """How many times as fast as the peers."""
    yield "| work | times as fast | CPU |"
    yield "|---|---|---|"
    results = [result for _, result in _results(figures)]
    for result, after in pairwise(results):
        if match := _PEERS.fullmatch(result.what):
            yield f"| {match[1]} | {_value(result)} | {after.value:.2g} |"


def _bars(figures: Figures) -> Iterator[str]:
    """Everything that has a bar."""
    yield "| what | measured | bar | |"
    yield "|---|---|---|---|"
    for _, result in _results(figures):
        if result.bar is not None:
            sign = "≥" if result.more_is_better else "≤"
            holds = "holds" if result.holds else "missed"
            yield f"| {result.what.strip()} | {_value(result)} | {sign} {result.bar:g} | {holds} |"


def _counts(figures: Figures) -> Iterator[str]:
    """What an upload costs, counted."""
    columns = {
        name: {result.what: result for found, result in _results(figures) if found == title}
        for title, name in _COUNTED.items()
        if title in figures
    }
    first, *_ = columns.values()
    yield f"| an upload, until it is archived | {' | '.join(columns)} |"
    yield f"|---|{'---|' * len(columns)}"
    for what in first:
        if not what.startswith("   ") and not what.strip().isupper():
            counts = (f"{column[what].value:,.0f}" for column in columns.values())
            yield f"| {what.strip()} | {' | '.join(counts)} |"


def _value(result: Result) -> str:
    unit = "" if result.unit in {"", "times"} else f" {result.unit}"
    spread = "" if result.low is None else f" ({result.low:.3g} to {result.high:.3g})"
    return f"{result.value:.3g}{unit}{spread}"


def _results(figures: Figures) -> Iterator[tuple[str, Result]]:
    """All results with the titles of their sections."""
    names = {field.name for field in fields(Result)}
    for title, found in figures.items():
        if isinstance(found, Sequence) and not isinstance(found, str):
            for result in found:
                yield title, Result(**{name: result[name] for name in names})
