"""CSV: a row for each finding, and one for each file without findings."""

from chassis.escaping import csv_rows, printable
from contracts.report import Finding
from hdv.validation.formats.format import Format
from hdv.validation.results import ExaminedFile, RunSummary

COLUMNS = (
    "file", "sha256", "verdict", "severity", "code", "path", "keyword", "expected", "found",
    "section", "count", "message", "offset", "study", "files",
)  # fmt: skip


class AsCsv(Format):
    """RFC 4180 with a header line; cells that look like formulas begin with an apostrophe.

    Control characters in names are escaped, because tables are also shown on terminals.
    """

    separator = ""
    ordered = True
    shows_sha256 = True

    def opening(self) -> str:
        """The header line."""
        return csv_rows([COLUMNS])

    def file(self, report: ExaminedFile) -> str:
        """The rows about a file."""
        about = (printable(report.path), report.sha256, report.verdict)
        if not report.findings:
            return csv_rows([(*about, *("",) * 10, report.study, "")])
        return csv_rows((*about, *_cells(finding), report.study, "") for finding in report.findings)

    def studies(self, run: RunSummary) -> str:
        """The rows about studies; their column `files` lists the files concerned."""
        return csv_rows(
            (
                "",
                "",
                study.verdict,
                *_cells(finding),
                study.uid,
                "\n".join(map(printable, finding.files)),
            )
            for study in run.studies
            for finding in study.findings
        )

    def closing(self, run: RunSummary) -> str:  # noqa: ARG002 -- as the interface
        """Nothing: a table has no summary."""
        return ""


def _cells(finding: Finding) -> tuple[object, ...]:
    return (
        finding.severity,
        finding.code,
        finding.path,
        finding.keyword,
        finding.expected,
        finding.found,
        finding.section,
        finding.count,
        finding.message,
        finding.offset,
    )
