"""Text for people: each file with its findings, the worst first, and a summary."""

from collections import Counter
from collections.abc import Iterator

from chassis.escaping import printable
from contracts.report import Finding, Severity
from hdv.validation.formats.format import Format
from hdv.validation.results import ExaminedFile, RunSummary, Verdict

_WORST_FIRST = list(Severity)
_NAMES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_PLURALS = {"study": "studies", "info": "info"}
_INDENT = " " * 10
_BOLD, _FAINT, _RED = "1", "2", "31"
_VERDICT_COLOURS = {Verdict.VALID: "32", Verdict.INVALID: _RED}


class AsText(Format):
    """Plain text; files without findings are only counted.

    Args:
        coloured: whether to use colours.
        brief: whether to show only errors, and no summary.
    """

    separator = ""
    ordered = True
    shows_sha256 = False

    def __init__(self, *, coloured: bool, brief: bool) -> None:
        self._coloured = coloured
        self._brief = brief

    def opening(self) -> str:
        """Nothing."""
        return ""

    def file(self, report: ExaminedFile) -> str:
        """The name of a file and its findings."""
        return self._block(printable(report.path), report.findings)

    def studies(self, run: RunSummary) -> str:
        """Every study and its findings."""
        return "".join(
            self._block(
                f"study {printable(study.uid)}, {_many(len(study.files), 'file')}", study.findings
            )
            for study in run.studies
        )

    def closing(self, run: RunSummary) -> str:
        """The summary."""
        return "" if self._brief else "".join(f"{line}\n" for line in self._summary(run))

    def _block(self, title: str, findings: tuple[Finding, ...]) -> str:
        shown = [f for f in findings if f.severity is Severity.ERROR or not self._brief]
        if not shown:
            return ""
        # Sorting is stable: findings of one severity remain in the order of the file.
        shown.sort(key=lambda finding: _WORST_FIRST.index(finding.severity))
        alike: dict[tuple[Severity, str, str], list[Finding]] = {}
        for finding in shown:
            alike.setdefault((finding.severity, finding.code, finding.message), []).append(finding)
        lines = [self._in(_BOLD, title)]
        for group in alike.values():
            lines.extend(self._lines(group[0]) if len(group) == 1 else self._list(group))
        return "\n".join(lines) + "\n\n"

    def _lines(self, finding: Finding) -> Iterator[str]:
        yield self._heading(finding, _place(finding))
        yield f"{_INDENT}{finding.message}"
        if details := _details(finding, finding.section):
            yield self._in(_FAINT, f"{_INDENT}{details}")
        yield from self._files(finding)

    def _list(self, findings: list[Finding]) -> Iterator[str]:
        """Findings with one code; what they have in common is written once."""
        sections = {finding.section for finding in findings}
        common = findings[0].section if len(sections) == 1 else None
        yield self._heading(findings[0], f"{len(findings):,} elements")
        message = f"{_INDENT}{findings[0].message}"
        yield f"{message} {self._in(_FAINT, common)}" if common else message
        for finding in findings:
            details = _details(finding, None if common else finding.section)
            place = f"{_INDENT}- {_place(finding) or 'elsewhere'}"
            yield f"{place}: {self._in(_FAINT, details)}" if details else place
            yield from self._files(finding)

    def _heading(self, finding: Finding, subject: str) -> str:
        severity = self._in(_COLOURS[finding.severity], f"{_NAMES[finding.severity]:<8}")
        return f"  {severity}{finding.code}  {subject}".rstrip()

    def _files(self, finding: Finding) -> Iterator[str]:
        for file in finding.files:
            yield self._in(_FAINT, f"{_INDENT}  {printable(file)}")

    def _summary(self, run: RunSummary) -> Iterator[str]:
        files = _many(run.files, "file")
        if run.files:
            files += ": " + ", ".join(
                self._in(_VERDICT_COLOURS[verdict], f"{run.verdicts[verdict]:,} {verdict}")
                for verdict in Verdict
                if run.verdicts[verdict]
            )
        invalid = sum(study.verdict is Verdict.INVALID for study in run.studies)
        studies = self._in(_RED, _many(invalid, "study") + " invalid") if invalid else None
        parts = (files, studies, self._severities(run), f"{run.seconds:.1f} s")
        yield "; ".join(filter(None, parts))
        if run.skipped:
            reasons = Counter(reason for _, reason in run.skipped)
            listed = ", ".join(f"{count:,} ({reason})" for reason, count in reasons.items())
            yield f"skipped: {listed}"
        if run.severities.total():
            yield self._in(_FAINT, "hdv explain CODE shows what a code means and how to fix it")

    @staticmethod
    def _severities(run: RunSummary) -> str:
        found = (
            _many(run.severities[severity], name)
            for severity, name in _NAMES.items()
            if run.severities[severity]
        )
        return ", ".join(found) or "no findings"

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._coloured else text


def _place(finding: Finding) -> str:
    place = " ".join(filter(None, (finding.path, finding.keyword)))
    times = f"{finding.count:,} times" if finding.count > 1 else None
    return ", ".join(filter(None, (place, times)))


def _details(finding: Finding, section: str | None) -> str:
    details = (
        finding.found and f"found {finding.found}",
        finding.expected and f"expected {finding.expected}",
        section,
    )
    return "; ".join(filter(None, details))


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else _PLURALS.get(noun, noun + 's')}"
