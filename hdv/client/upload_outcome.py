"""The outcome of an upload: waited for, printed as a table, summed up in an exit code."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hdv.client.gateway import Gateway
from hdv.exit import CommandError, ExitCode
from hdv.terminal.progress_bar import progress_bar
from hdv.terminal.table import cell, new_table, print_table
from hdv.terminal.text import print_line

Json = Mapping[str, Any]

FINAL = frozenset({"archived", "failed", "error", "deleted"})
"""The states of a study that do not change any more."""
MOST_ROWS = 40
"""Rows of a table whose first lines are still seen."""
PAUSE_SECONDS = (0.2, 2.0)
"""First and longest pause before the status is requested again."""

_WORST_FIRST = ("rejected", "duplicate", "accepted", "skipped")
_COLOURS = {"rejected": "red", "duplicate": "yellow", "accepted": "green", "skipped": "dim"}


@dataclass(frozen=True)
class UploadOutcome:
    """What became of the files of an upload.

    Attributes:
        records: the status of the study, and of those that the upload was divided into.
        report: the outcome of each file; None if the upload ended with an error.
    """

    records: tuple[Json, ...]
    report: Json | None

    @property
    def exit_code(self) -> ExitCode:
        """`OK` when every file was accepted, `FAILED` otherwise."""
        return max(map(exit_code, self.records))


def exit_code(record: Json) -> ExitCode:
    """`OK` when nothing is wrong with a study so far, `FAILED` otherwise."""
    rejected = (record.get("files") or {}).get("rejected", 0)
    has_failed = record["status"] in {"failed", "error"} or rejected
    return ExitCode.FAILED if has_failed else ExitCode.OK


def await_outcome(gateway: Gateway, study_id: str) -> UploadOutcome:
    """Wait until nothing more happens to an upload; a bar on a terminal shows the progress.

    Raises:
        CommandError: there is no such study (`USAGE`), or the gateway does not answer or the time
            limit is reached (`UNAVAILABLE`).
    """
    with progress_bar("uploaded", "files") as update:

        def show(record: Json) -> None:
            files = record.get("files") or {}
            update(files.get("examined", 0), files.get("received"), record["status"])

        first = _await_final(gateway, study_id, show)
        others = [_await_final(gateway, other, show) for other in first.get("studies") or ()]
    return UploadOutcome((first, *others), gateway.find(f"/studies/{study_id}/report"))


def print_outcome(outcome: UploadOutcome) -> None:
    """Write an outcome for people: the studies, then the files, the worst first."""
    for record in outcome.records:
        print_line(f"study {record['study_id']} {summary(record)}")
    if outcome.report and outcome.report["files"]:
        print_line()
        _print_files(outcome.report)


def summary(record: Json) -> str:
    """The state of a study, the numbers of its files, and the reason if it failed."""
    text = str(record["status"])
    if counts := count_text(record.get("files") or {}):
        text += f": {counts}"
    if first := record.get("duplicate_of"):
        text += f"; nothing new: archived before as {', '.join(first)}"
    if reason := record.get("reason"):
        text += f": {reason['message']} ({reason['code']})"
    return text


def count_text(files: Json) -> str:
    """The numbers of files in words, without zeros; empty as long as nothing is counted."""
    named = {
        "received": "received", "accepted": "accepted", "rejected": "rejected",
        "duplicates": "duplicate", "skipped": "skipped",
    }  # fmt: skip
    return ", ".join(f"{files[key]:,} {name}" for key, name in named.items() if files.get(key))


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


def _await_final(gateway: Gateway, study_id: str, show: Callable[[Json], None]) -> Json:
    pause, longest = PAUSE_SECONDS
    while True:
        record: Json = gateway.get(f"/status/{study_id}")
        show(record)
        if record["status"] in FINAL:
            return record
        try:
            gateway.pause(pause * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
        except CommandError as error:
            raise CommandError(
                f"{error}; study {study_id} is still {record['status']}: "
                f"hdv status {study_id} --watch waits for it",
                code=error.code,
            ) from None
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
        print_line(f"and {listed}; --format json shows all")
