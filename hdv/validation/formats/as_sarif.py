"""SARIF 2.1.0, the format of code scanning services."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson

from contracts.report import Finding, Severity
from engine.rule import Rule
from engine.rules.catalogue import RULES
from hdv.validation.formats.format import Format
from hdv.validation.results import ExaminedFile, RunSummary

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_INDICES = {code: index for index, code in enumerate(RULES)}


class AsSarif(Format):
    """One run: results first, the tool with its rules at the end."""

    separator = ",\n"
    ordered = True
    shows_sha256 = False

    def opening(self) -> str:
        """The beginning of the document."""
        return f'{{"version": "2.1.0", "$schema": "{_SCHEMA}", "runs": [{{"results": [\n'

    def file(self, report: ExaminedFile) -> str:
        """The results about a file."""
        return self.separator.join(
            _json(_result(finding, (report.path,))) for finding in report.findings
        )

    def studies(self, run: RunSummary) -> str:
        """The results about studies; each has a file, because code scanning requires one."""
        return self.separator.join(
            _json(_result(finding, finding.files or study.files[:1], study.uid))
            for study in run.studies
            for finding in study.findings
        )

    def closing(self, run: RunSummary) -> str:
        """The tool with its rules, and the time of the run."""
        ended_at = run.started_at + timedelta(seconds=run.seconds)
        rest = {
            "tool": {
                "driver": {
                    "name": "hdv",
                    "fullName": "Hybrid DICOM Validator",
                    "semanticVersion": run.versions.engine,
                    "rules": [_descriptor(rule) for rule in RULES.values()],
                    "properties": {
                        "standard": run.versions.standard,
                        "profile": run.versions.profile,
                    },
                }
            },
            "invocations": [
                {
                    "executionSuccessful": True,
                    "startTimeUtc": _time(run.started_at),
                    "endTimeUtc": _time(ended_at),
                }
            ],
            # Every tool then counts columns in the same way.
            "columnKind": "unicodeCodePoints",
        }
        return "\n],\n" + _json(rest).removeprefix("{") + "]}\n"


def _result(finding: Finding, files: tuple[str, ...], study: str | None = None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(finding)},
        "locations": [_location(file, finding) for file in files[:1]],
        "relatedLocations": [_location(file, finding) for file in files[1:]],
        # Identifies an alert in the next upload, because there are no lines to compare.
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding, files, study)},
        "properties": _properties(finding, study),
    }
    if finding.code in _INDICES:
        result["ruleIndex"] = _INDICES[finding.code]
    return {name: value for name, value in result.items() if value != []}


def _location(file: str, finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file, safe="/!")},
            # Binary files have no lines, but code scanning requires one.
            "region": {"startLine": 1},
        }
    }
    if finding.path:
        location["logicalLocations"] = [
            {
                "name": finding.keyword or finding.path,
                "fullyQualifiedName": finding.path,
                "kind": "element",
            }
        ]
    return location


def _text(finding: Finding) -> str:
    parts = [
        finding.message,
        f"Element {finding.path} {finding.keyword or ''}".rstrip() + "." if finding.path else None,
        f"Found {finding.found}." if finding.found else None,
        f"Expected {finding.expected}." if finding.expected else None,
        f"{finding.count} times." if finding.count > 1 else None,
    ]
    return " ".join(filter(None, parts))


def _properties(finding: Finding, study: str | None) -> dict[str, Any]:
    properties = {
        "path": finding.path,
        "keyword": finding.keyword,
        "expected": finding.expected,
        "found": finding.found,
        "section": finding.section,
        "count": finding.count,
        "offset": finding.offset,
        "study_instance_uid": study,
    }
    return {name: value for name, value in properties.items() if value is not None}


def _fingerprint(finding: Finding, files: tuple[str, ...], study: str | None) -> str:
    about = "\0".join((finding.code, finding.path or "", study or "", *files))
    return hashlib.sha256(about.encode()).hexdigest()[:32]


def _descriptor(rule: Rule) -> dict[str, Any]:
    paragraphs = [rule.message, rule.why, rule.fix, rule.section]
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.message},
        "fullDescription": {"text": " ".join(filter(None, (rule.message, rule.why)))},
        "help": {
            "text": "\n\n".join(filter(None, paragraphs)),
            "markdown": "\n\n".join(_markdown(rule)),
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["dicom", rule.layer], "section": rule.section},
    }


def _markdown(rule: Rule) -> Iterator[str]:
    yield rule.message
    if rule.why:
        yield f"**Why it matters:** {rule.why}"
    if rule.fix:
        yield f"**How to fix it:** {rule.fix}"
    yield f"**Source:** {rule.section}"


def _time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
