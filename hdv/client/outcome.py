"""What has become of an upload: waited for, told as a table, summed up in an exit code."""

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chassis.escaping import printable
from hdv.client.gateway import Gateway
from hdv.exit import INVALID, WELL, Away, Refused
from hdv.terminal.progress_bar import bar
from hdv.terminal.progress_line import is_terminal

Json = Mapping[str, Any]

FINAL = frozenset({"archived", "failed", "error"})
MOST_ROWS = 40
"""A table on which nobody overlooks the first lines."""
PAUSE_SECONDS = (0.2, 2.0)
"""First and longest pause before the status is asked for again."""

_WORST_FIRST = ("rejected", "duplicate", "accepted", "skipped")
_COLOURS = {"rejected": "red", "duplicate": "yellow", "accepted": "green", "skipped": "dim"}
_WIDEST = 10_000
"""Columns of a file or a pipe, which nobody wants to be folded."""


@dataclass(frozen=True)
class Outcome:
    """What has become of an upload."""

    records: tuple[Json, ...]
    """The status of the study, and of those that the upload was divided into."""
    report: Json | None
    """What became of each file; nothing when the upload was given up."""

    @property
    def exit_code(self) -> int:
        """0 when every file was accepted, 1 otherwise."""
        return max(map(exit_code, self.records))


def exit_code(record: Json) -> int:
    """0 when nothing is wrong with a study so far, 1 otherwise."""
    rejected = (record.get("files") or {}).get("rejected", 0)
    return INVALID if record["status"] in {"failed", "error"} or rejected else WELL


def await_outcome(gateway: Gateway, study_id: str) -> Outcome:
    """Wait until nothing more happens to an upload; on a terminal a bar says how far it is.

    Raises:
        Refused: there is no such study.
        Away: the gateway does not answer, or it takes too long.
    """
    with bar("uploaded", "files") as show:

        def told(record: Json) -> None:
            files = record.get("files") or {}
            show(files.get("examined", 0), files.get("received"), record["status"])

        first = _await_final(gateway, study_id, told)
        others = [_await_final(gateway, other, told) for other in first.get("studies") or ()]
    return Outcome((first, *others), find_report(gateway, study_id))


def find_report(gateway: Gateway, study_id: str) -> Json | None:
    """What became of each file of a study; nothing when there is no report."""
    try:
        report: Json = gateway.get(f"/studies/{study_id}/report")
    except Refused:
        return None
    return report


def print_outcome(outcome: Outcome) -> None:
    """Tell people what has become of an upload: the studies, then the files, worst first."""
    for record in outcome.records:
        print_line(f"study {record['study_id']} {summary(record)}")
    if outcome.report and outcome.report["files"]:
        print_line()
        _print_files(outcome.report)


def print_json(value: object) -> None:
    """Write a value for programs."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_line(line: str = "") -> None:
    """Write a line for people, whatever strangers have put into it."""
    sys.stdout.write(f"{printable(line)}\n")


def summary(record: Json) -> str:
    """A study's state, its files in numbers, and why it was given up."""
    said = str(record["status"])
    if counts := count_text(record.get("files") or {}):
        said += f": {counts}"
    if reason := record.get("reason"):
        said += f": {reason['message']} ({reason['code']})"
    return said


def count_text(files: Json) -> str:
    """The numbers of files in words; those that are none are left out, and so are all at first."""
    named = {
        "received": "received", "accepted": "accepted", "rejected": "rejected",
        "duplicates": "duplicate", "skipped": "skipped",
    }  # fmt: skip
    return ", ".join(f"{files[key]:,} {name}" for key, name in named.items() if files.get(key))


def new_table(*columns: str) -> Table:
    """A table without lines around it."""
    table = Table(*columns, box=box.SIMPLE_HEAD if is_terminal(sys.stdout) else None)
    table.show_edge = table.pad_edge = False
    for column in table.columns:
        column.overflow = "fold"
    # What stands first names the row, and is there to be copied.
    table.columns[0].no_wrap = True
    return table


def print_table(table: Table) -> None:
    """Write a table; what is no terminal gets every row in one line."""
    console = Console(file=sys.stdout, width=None if is_terminal(sys.stdout) else _WIDEST)
    with console.capture() as written:
        console.print(table)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())


def cell(text: object, style: str = "") -> Text:
    """A cell with text of strangers in it: no markup, no control characters."""
    return Text(printable("" if text is None else str(text)), style=style)


def reasons(findings: list[Json]) -> str:
    """Why a file was not accepted: the first error in words, the others as codes."""
    errors = [f for f in findings if f["severity"] == "error"] or findings
    if not errors:
        return ""
    first, *others = errors
    place = f"{first['keyword']}: " if first.get("keyword") else ""
    codes = sorted({finding["code"] for finding in others} - {first["code"]})
    more = f" (also {', '.join(codes)})" if codes else ""
    return f"{first['code']}: {place}{first['message']}{more}"


def _await_final(gateway: Gateway, study_id: str, told: Callable[[Json], None]) -> Json:
    pause, longest = PAUSE_SECONDS
    while True:
        record: Json = gateway.get(f"/status/{study_id}")
        told(record)
        if record["status"] in FINAL:
            return record
        try:
            gateway.pause(pause * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
        except Away as error:
            said = f"study {study_id} is still {record['status']}"
            raise Away(f"{error}; {said}: hdv status {study_id} --watch goes on") from None
        pause = min(pause * 1.5, longest)


def _print_files(report: Json) -> None:
    across: dict[str, list[Json]] = {}
    for finding in report["findings"]:
        for name in finding.get("files", ()):
            across.setdefault(name, []).append(finding)
    files = sorted(report["files"], key=lambda file: _WORST_FIRST.index(file["outcome"]))
    table = new_table("outcome", "file", "why")
    for file in files[:MOST_ROWS]:
        outcome = file["outcome"]
        why = file.get("reason") or reasons(
            [*file.get("findings", ()), *across.get(file.get("file", ""), ())]
        )
        name = file["sent_as"] or file.get("file")
        table.add_row(cell(outcome, _COLOURS[outcome]), cell(name), cell(why))
    print_table(table)
    if left := Counter(file["outcome"] for file in files[MOST_ROWS:]):
        listed = ", ".join(f"{count:,} {outcome}" for outcome, count in left.items())
        print_line(f"and {listed}; --json shows all")
