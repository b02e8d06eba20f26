"""JSON: one document, or one line for each file as soon as it is examined."""

import re
from typing import Any

import orjson

from contracts.report import Finding, Severity
from hdv.validation.formats.format import Format
from hdv.validation.results import ComparedStudy, ExaminedFile, RunSummary, Verdict

_CONTROLS = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters that JSON does not escape; file names are untrusted."""


class AsJson(Format):
    """One document, with one line for each file."""

    separator = ",\n"
    ordered = True
    shows_sha256 = True

    def opening(self) -> str:
        """The beginning of the document."""
        return '{"files": [\n'

    def file(self, report: ExaminedFile) -> str:
        """An object of the array `files`."""
        return _json(file_object(report))

    def studies(self, run: RunSummary) -> str:  # noqa: ARG002 -- as the interface
        """Nothing: studies are part of the closing."""
        return ""

    def closing(self, run: RunSummary) -> str:
        """The rest of the document."""
        return "\n],\n" + _json(run_object(run)).removeprefix("{") + "\n"


class AsJsonLines(Format):
    """One line for each file as soon as it is examined; the last line has everything else."""

    separator = ""
    ordered = False
    shows_sha256 = True

    def opening(self) -> str:
        """Nothing."""
        return ""

    def file(self, report: ExaminedFile) -> str:
        """A line."""
        return _json(file_object(report)) + "\n"

    def studies(self, run: RunSummary) -> str:  # noqa: ARG002 -- as the interface
        """Nothing: studies are part of the last line."""
        return ""

    def closing(self, run: RunSummary) -> str:
        """The last line."""
        return _json(run_object(run)) + "\n"


def file_object(report: ExaminedFile) -> dict[str, Any]:
    """The object about a file."""
    return {
        "path": report.path,
        "sha256": report.sha256,
        "size_bytes": report.size_bytes,
        "verdict": report.verdict,
        "findings": [_finding(finding) for finding in report.findings],
    }


def run_object(run: RunSummary) -> dict[str, Any]:
    """The object about everything else."""
    return {
        "studies": [_study(study) for study in run.studies],
        "skipped": [{"path": name, "reason": str(reason)} for name, reason in run.skipped],
        "summary": {
            "verdict": run.verdict,
            "files": run.files,
            **{str(verdict): run.verdicts[verdict] for verdict in Verdict},
            "findings": {str(severity): run.severities[severity] for severity in Severity},
        },
        "versions": {
            "engine": run.versions.engine,
            "standard": run.versions.standard,
            "editions": run.versions.editions,
            "profile": run.versions.profile,
        },
        "times": {
            "started_at": run.started_at.isoformat(timespec="milliseconds"),
            "seconds": round(run.seconds, 3),
        },
    }


def _study(study: ComparedStudy) -> dict[str, Any]:
    return {
        "study_instance_uid": study.uid,
        "files": len(study.files),
        "verdict": study.verdict,
        "findings": [
            {**_finding(finding), "files": list(finding.files)} for finding in study.findings
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "keyword": finding.keyword,
        "expected": finding.expected,
        "found": finding.found,
        "section": finding.section,
        "count": finding.count,
        "message": finding.message,
        "offset": finding.offset,
    }


def _json(value: object) -> str:
    # They occur only in strings, where an escape sequence means the same.
    text = orjson.dumps(value).decode()
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
