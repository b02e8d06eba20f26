"""The report of an upload as a table."""

from collections.abc import Sequence

from chassis.escaping import csv_rows, printable
from contracts.report import Finding
from gateway.browsing.models import Report

COLUMNS = (
    "file", "sent_as", "outcome", "reason", "codes", "text", "sha256", "size_bytes", "modality",
    "sop_class_uid", "sop_instance_uid", "series_instance_uid", "study_instance_uid",
    "transfer_syntax_uid", "study_id", "archived_as", "quarantined_as", "href",
    "duplicate_of",
)  # fmt: skip


def report_csv(report: Report) -> str:
    """A report as a table (RFC 4180): a row for each file, and for each finding across files."""
    rows: list[Sequence[object]] = [COLUMNS]
    for file in report.files:
        cells = {
            **dict(file),
            "codes": "; ".join(finding.code for finding in file.findings),
            "text": " ".join(map(_sentence, file.findings)),
        }
        if file.left_out:
            cells["text"] = f"{cells['text']} {file.left_out} further findings are not listed."
        rows.append([_cell(cells[name]) for name in COLUMNS])
    for finding in report.findings:
        across: dict[str, object] = {
            "file": "; ".join(finding.files),
            "codes": finding.code,
            "text": _sentence(finding),
            "study_id": report.study_id,
        }
        rows.append([across.get(name) for name in COLUMNS])
    return csv_rows(rows)


def _cell(value: object) -> str | None:
    """A cell in one line; names and UIDs are untrusted."""
    return None if value is None else printable(str(value))


def _sentence(finding: Finding) -> str:
    place = finding.keyword or finding.path
    return f"{place}: {finding.message}" if place else finding.message
