"""What the report of an upload lists: findings, until they would be too many; then counts."""

from collections.abc import Iterable
from dataclasses import replace

from contracts.report import Finding, FindingSummary, Severity
from engine.report import Report

MOST_BYTES = 8 * 1024**2
"""About how long the findings of all files of an upload may be in the JSON of its report."""
_NAMES_BYTES = 200
"""About how long a finding is without its texts."""
_WEIGHT = list(Severity)


class ReportSize:
    """Decides which findings of an upload are listed one by one.

    A file whose findings do not fit any more keeps the first one of the greatest severity. The
    others are counted by code, over all such files.

    Args:
        most_bytes: about how long the findings may be together.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._bytes_left = most_bytes
        self._not_listed: dict[tuple[str, Severity], FindingSummary] = {}

    @property
    def not_listed(self) -> tuple[FindingSummary, ...]:
        """What is wrong besides, by code."""
        return tuple(self._not_listed.values())

    def fitted(self, report: Report) -> Report:
        """The report of a file with as many findings as are listed."""
        if report.left_out:
            return report  # the journal has it as it was fitted before an interruption
        size_bytes = sum(map(_size, report.findings))
        if len(report.findings) < 2 or size_bytes <= self._bytes_left:
            self._bytes_left -= min(size_bytes, self._bytes_left)
            return report
        kept = min(report.findings, key=lambda finding: _WEIGHT.index(finding.severity))
        others = [finding for finding in report.findings if finding is not kept]
        return replace(
            report,
            findings=(kept,),
            left_out=len(others),
            not_listed=tuple(_merged({}, map(_by_code, others)).values()),
        )

    def counted(self, report: Report) -> Report:
        """The same report without what is counted from now on for all files together."""
        if not report.not_listed:
            return report
        _merged(self._not_listed, report.not_listed)
        return replace(report, not_listed=())


def _size(finding: Finding) -> int:
    texts = (finding.message, finding.path, finding.expected, finding.found)
    return _NAMES_BYTES + sum(len(text) for text in texts if text)


def _by_code(finding: Finding) -> FindingSummary:
    return finding.summary().model_copy(update={"path": None, "keyword": None})


def _merged(
    counts: dict[tuple[str, Severity], FindingSummary], found: Iterable[FindingSummary]
) -> dict[tuple[str, Severity], FindingSummary]:
    for summary in found:
        key = (summary.code, summary.severity)
        if known := counts.get(key):
            summary = known.model_copy(update={"count": known.count + summary.count})  # noqa: PLW2901 -- the sum
        counts[key] = summary
    return counts
