"""The formats of a report, each with the same two files and their study."""

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from contracts.model import SkipReason
from contracts.report import Finding, Severity
from engine.rules.catalogue import RULES
from engine.rules.file import EMPTY
from hdv.validation.formats.as_csv import COLUMNS
from hdv.validation.formats.as_text import AsText
from hdv.validation.formats.by_name import format_named
from hdv.validation.results import (
    ComparedStudy,
    ExaminedFile,
    RunSummary,
    Verdict,
    Versions,
    count_severities,
)
from hdv.validation.sources import Skipped

REMARK = Finding(
    code="uid.root-unknown",
    severity=Severity.INFO,
    message="A remark.",
    path="(0008,0018)",
    keyword="SOPInstanceUID",
)
ERROR = Finding(
    code="pixel.length-short",
    severity=Severity.ERROR,
    message="The pixel data is shorter than the image.",
    path="(7FE0,0010)",
    keyword="PixelData",
    expected="32768 bytes",
    found="32766 bytes",
    section="PS3.5 8.1.1",
    offset=6288,
    count=2,
)
ACROSS = Finding(
    code="study.instance-conflict",
    severity=Severity.ERROR,
    message="Different files have the same SOP Instance UID.",
    section="PS3.5 9",
    files=("a/bad.dcm", "b.dcm"),
)
BAD = ExaminedFile("a/bad.dcm", "9f" * 32, 39205, (REMARK, ERROR), "1.2.3")
GOOD = ExaminedFile("b.dcm", "a0" * 32, 39206, (), "1.2.3")
NONE = ExaminedFile("lost", None, None, ())


def run_of(*reports: ExaminedFile, across: tuple[Finding, ...] = (ACROSS,)) -> RunSummary:
    """The rest of a report on these files."""
    run = RunSummary(
        versions=Versions(
            "0.1.0",
            "2026b",
            {"values": "2020"},
            {"name": "default", "version": "1", "digest": "abc"},
        ),
        started_at=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        seconds=1.25,
        skipped=[Skipped("DICOMDIR", SkipReason.MEDIA_DIRECTORY)],
        studies=[ComparedStudy("1.2.3", tuple(report.path for report in reports), across)],
    )
    run.verdicts = Counter(report.verdict for report in reports)
    for findings in (*(report.findings for report in reports), across):
        run.severities.update(count_severities(findings))
    return run


def written(name: str, *reports: ExaminedFile, run: RunSummary | None = None) -> str:
    """A whole report, joined as the command does it."""
    style = format_named(name, coloured=False, brief=False)
    run = run or run_of(*reports)
    pieces = [*map(style.file, reports), style.studies(run)]
    return style.opening() + style.separator.join(filter(None, pieces)) + style.closing(run)


def test_a_verdict_is_invalid_for_errors_only() -> None:
    warning = ERROR.model_copy(update={"severity": Severity.WARNING})
    assert Verdict.on([]) is Verdict.VALID
    assert Verdict.on([warning, REMARK]) is Verdict.VALID
    assert Verdict.on([REMARK, ERROR]) is Verdict.INVALID


# text


def test_text_shows_the_worst_first_below_the_name_of_its_file() -> None:
    assert (
        written("text", BAD, GOOD)
        == """\
a/bad.dcm
  error   pixel.length-short  (7FE0,0010) PixelData, 2 times
          The pixel data is shorter than the image.
          found 32766 bytes; expected 32768 bytes; PS3.5 8.1.1
  info    uid.root-unknown  (0008,0018) SOPInstanceUID
          A remark.

study 1.2.3, 2 files
  error   study.instance-conflict
          Different files have the same SOP Instance UID.
          PS3.5 9
            a/bad.dcm
            b.dcm

2 files: 1 valid, 1 invalid; 1 study invalid; 2 errors, 1 info; 1.2 s
skipped: 1 (media directory)
hdv explain CODE shows what a code means and how to fix it
"""
    )


def test_text_groups_findings_by_code() -> None:
    twice = ERROR.model_copy(
        update={"path": "(5400,0100)[0]>(5400,1010)", "keyword": "WaveformData", "found": None}
    )
    remark = REMARK.model_copy(update={"path": None, "keyword": None, "section": "PS3.5 9"})
    report = ExaminedFile("x.dcm", None, None, (ERROR, remark, REMARK, twice))
    assert (
        AsText(coloured=False, brief=False).file(report)
        == """\
x.dcm
  error   pixel.length-short  2 elements
          The pixel data is shorter than the image. PS3.5 8.1.1
          - (7FE0,0010) PixelData, 2 times: found 32766 bytes; expected 32768 bytes
          - (5400,0100)[0]>(5400,1010) WaveformData, 2 times: expected 32768 bytes
  info    uid.root-unknown  2 elements
          A remark.
          - elsewhere: PS3.5 9
          - (0008,0018) SOPInstanceUID

"""
    )


def test_text_about_valid_files_is_a_line() -> None:
    run = run_of(GOOD, across=())
    run.skipped.clear()
    assert written("text", GOOD, run=run) == "1 file: 1 valid; no findings; 1.2 s\n"


def test_brief_text_has_only_errors_and_no_summary() -> None:
    style = AsText(coloured=False, brief=True)
    assert "uid.root-unknown" not in style.file(BAD)
    assert "pixel.length-short" in style.file(BAD)
    remarked = ExaminedFile("x", "00" * 32, 1, (REMARK,))
    assert style.file(remarked) + style.closing(run_of(BAD)) == ""


def test_text_has_colours_only_for_a_terminal() -> None:
    assert "\x1b[31merror" in AsText(coloured=True, brief=False).file(BAD)
    assert "\x1b" not in AsText(coloured=False, brief=False).file(BAD)


def test_text_escapes_control_characters() -> None:
    report = ExaminedFile("\x1b[2Jä\r\n\u202e", None, None, (ERROR,))
    title = AsText(coloured=False, brief=False).file(report).splitlines()[0]
    assert title == "\\x1b[2Jä\\r\\n\\u202e"


# JSON


def test_json_has_files_studies_and_versions() -> None:
    document = json.loads(written("json", BAD, GOOD))
    assert list(document) == ["files", "studies", "skipped", "summary", "versions", "times"]
    bad, good = document["files"]
    assert {name: bad[name] for name in ("path", "sha256", "size_bytes", "verdict")} == {
        "path": "a/bad.dcm",
        "sha256": "9f" * 32,
        "size_bytes": 39205,
        "verdict": "invalid",
    }
    assert bad["findings"][1] == {
        "code": "pixel.length-short",
        "severity": "error",
        "path": "(7FE0,0010)",
        "keyword": "PixelData",
        "expected": "32768 bytes",
        "found": "32766 bytes",
        "section": "PS3.5 8.1.1",
        "count": 2,
        "message": "The pixel data is shorter than the image.",
        "offset": 6288,
    }
    assert bad["findings"][0]["found"] is None
    assert (good["verdict"], good["findings"]) == ("valid", [])
    [study] = document["studies"]
    assert study["study_instance_uid"] == "1.2.3"
    assert (study["files"], study["verdict"]) == (2, "invalid")
    assert study["findings"][0]["files"] == ["a/bad.dcm", "b.dcm"]
    assert document["skipped"] == [{"path": "DICOMDIR", "reason": "media directory"}]
    assert document["summary"] == {
        "verdict": "invalid",
        "files": 2,
        "valid": 1,
        "invalid": 1,
        "findings": {"error": 2, "warning": 0, "info": 1},
    }
    assert document["versions"] == {
        "engine": "0.1.0",
        "standard": "2026b",
        "editions": {"values": "2020"},
        "profile": {"name": "default", "version": "1", "digest": "abc"},
    }
    assert document["times"] == {"started_at": "2026-02-03T04:05:06.000+00:00", "seconds": 1.25}


def test_json_without_files_is_a_document() -> None:
    assert json.loads(written("json", run=run_of(across=())))["files"] == []


def test_json_has_a_line_for_each_file_so_that_two_reports_can_be_compared() -> None:
    assert [line[:8] for line in written("json", BAD, GOOD).splitlines()[1:3]] == ['{"path":'] * 2


def test_ndjson_has_the_same_objects_and_a_last_line_with_the_rest() -> None:
    document = json.loads(written("json", BAD, GOOD))
    *files, rest = map(json.loads, written("ndjson", BAD, GOOD).splitlines())
    assert files == document.pop("files")
    assert rest == document


# CSV


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_a_row_for_each_finding_and_one_for_a_file_without() -> None:
    remark, error, good, across = rows(written("csv", BAD, GOOD))
    assert tuple(error) == COLUMNS
    assert [remark["code"], error["code"]] == ["uid.root-unknown", "pixel.length-short"]
    assert remark["verdict"] == error["verdict"] == "invalid"
    assert (error["path"], error["count"], error["offset"]) == ("(7FE0,0010)", "2", "6288")
    assert (good["file"], good["verdict"], good["code"]) == ("b.dcm", "valid", "")
    assert good["study"] == error["study"] == across["study"] == "1.2.3"
    assert (across["file"], across["files"]) == ("", "a/bad.dcm\nb.dcm")
    assert set(error.values()) - {None} == set(error.values()), "as many cells as columns"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_looks_like_a_formula_is_text(start: str) -> None:
    report = ExaminedFile("a", None, None, (ERROR.model_copy(update={"found": f"{start}cmd"}),))
    [row, _] = rows(written("csv", report))
    assert row["found"] == f"'{start}cmd"


@pytest.mark.parametrize("name", ["text", "json", "ndjson", "csv", "sarif"])
def test_every_format_escapes_control_characters_in_names(name: str) -> None:
    report = ExaminedFile("\x1b[2J\x9b31m\r\x07\u202e.dcm", "00", 1, (ERROR,), "1.2.3")
    text = written(name, report)
    assert "2J" in text
    assert {c for c in text if not c.isprintable()} <= {"\n", "\r"}
    assert "\r" not in text.replace("\r\n", "\n")


# SARIF

SARIF = {
    "type": "object",
    "required": ["version", "$schema", "runs"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "2.1.0"},
        "$schema": {"type": "string"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "tool": {"$ref": "#/$defs/tool"},
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                    "invocations": {"type": "array", "items": {"$ref": "#/$defs/invocation"}},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                },
            },
        },
    },
    "$defs": {
        "text": {"type": "string", "minLength": 1},
        "message": {
            "type": "object",
            "required": ["text"],
            "additionalProperties": False,
            "properties": {
                "text": {"$ref": "#/$defs/text"},
                "markdown": {"$ref": "#/$defs/text"},
            },
        },
        "level": {"enum": ["none", "note", "warning", "error"]},
        "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$"},
        "tool": {
            "type": "object",
            "required": ["driver"],
            "additionalProperties": False,
            "properties": {
                "driver": {
                    "type": "object",
                    "required": ["name", "rules", "semanticVersion"],
                    "additionalProperties": False,
                    "properties": {
                        "name": {"const": "hdv"},
                        "fullName": {"$ref": "#/$defs/text"},
                        "semanticVersion": {"pattern": r"^\d+\.\d+\.\d+"},
                        "rules": {
                            "type": "array",
                            "uniqueItems": True,
                            "items": {"$ref": "#/$defs/rule"},
                        },
                        "properties": {"type": "object"},
                    },
                }
            },
        },
        "rule": {
            "type": "object",
            # Code scanning wants more than the schema: the descriptions and the help.
            "required": ["id", "shortDescription", "fullDescription", "help"],
            "additionalProperties": False,
            "properties": {
                "id": {"$ref": "#/$defs/text"},
                "shortDescription": {"$ref": "#/$defs/message"},
                "fullDescription": {"$ref": "#/$defs/message"},
                "help": {"$ref": "#/$defs/message"},
                "defaultConfiguration": {"properties": {"level": {"$ref": "#/$defs/level"}}},
                "properties": {"properties": {"tags": {"type": "array", "uniqueItems": True}}},
            },
        },
        "result": {
            "type": "object",
            "required": ["message", "ruleId", "level", "locations", "partialFingerprints"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"$ref": "#/$defs/text"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": {"$ref": "#/$defs/level"},
                "message": {"$ref": "#/$defs/message"},
                "locations": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"$ref": "#/$defs/location"},
                },
                "relatedLocations": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {"$ref": "#/$defs/location"},
                },
                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                "properties": {"type": "object"},
            },
        },
        "location": {
            "type": "object",
            "required": ["physicalLocation"],
            "additionalProperties": False,
            "properties": {
                "physicalLocation": {
                    "type": "object",
                    "required": ["artifactLocation", "region"],
                    "additionalProperties": False,
                    "properties": {
                        "artifactLocation": {
                            "required": ["uri"],
                            "properties": {"uri": {"pattern": r"^[!-~]+$"}},
                        },
                        "region": {
                            "required": ["startLine"],
                            "properties": {"startLine": {"type": "integer", "minimum": 1}},
                        },
                    },
                },
                "logicalLocations": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {
                        "additionalProperties": False,
                        "properties": {
                            "name": {"$ref": "#/$defs/text"},
                            "fullyQualifiedName": {"$ref": "#/$defs/text"},
                            "kind": {"$ref": "#/$defs/text"},
                        },
                    },
                },
            },
        },
        "invocation": {
            "type": "object",
            "required": ["executionSuccessful"],
            "additionalProperties": False,
            "properties": {
                "executionSuccessful": {"type": "boolean"},
                "startTimeUtc": {"$ref": "#/$defs/time"},
                "endTimeUtc": {"$ref": "#/$defs/time"},
            },
        },
    },
}
"""The part of the schema of SARIF 2.1.0 that we use, and what code scanning requires beyond it."""


def sarif(*reports: ExaminedFile) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(written("sarif", *reports))
    jsonschema.validate(document, SARIF)
    [run] = document["runs"]
    return dict(run)


def test_sarif_has_a_result_for_each_finding_at_its_file_and_element() -> None:
    remark, error, across = sarif(BAD, GOOD)["results"]
    assert [remark["level"], error["level"]] == ["note", "error"]
    [place] = error["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "a/bad.dcm"
    [element] = place["logicalLocations"]
    assert (element["name"], element["fullyQualifiedName"]) == ("PixelData", "(7FE0,0010)")
    assert error["properties"]["path"] == "(7FE0,0010)"
    assert error["properties"]["offset"] == 6288
    assert error["message"]["text"] == (
        "The pixel data is shorter than the image. Element (7FE0,0010) PixelData. "
        "Found 32766 bytes. Expected 32768 bytes. 2 times."
    )
    places = across["locations"] + across["relatedLocations"]
    names = [place["physicalLocation"]["artifactLocation"]["uri"] for place in places]
    assert names == ["a/bad.dcm", "b.dcm"]


def test_sarif_names_a_file_of_the_study_for_a_finding_about_all() -> None:
    missing = ACROSS.model_copy(update={"files": ()})
    run = run_of(GOOD, across=(missing,))
    document = json.loads(written("sarif", GOOD, run=run))
    jsonschema.validate(document, SARIF)
    [result] = document["runs"][0]["results"]
    [place] = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "b.dcm"
    assert result["properties"]["study_instance_uid"] == "1.2.3"


def test_sarif_has_every_rule_with_help_and_results_point_to_theirs() -> None:
    empty = Finding(code=EMPTY.code, severity=EMPTY.severity, message=EMPTY.message)
    run = sarif(ExaminedFile("x", None, None, (empty,)))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    index = run["results"][0]["ruleIndex"]
    assert rules[index]["id"] == EMPTY.code
    assert EMPTY.section in rules[index]["help"]["text"]


def test_sarif_accepts_codes_of_site_rules() -> None:
    own = ERROR.model_copy(update={"code": "site.thickness"})
    result, _ = sarif(ExaminedFile("x", None, None, (own,)))["results"]
    assert "ruleIndex" not in result


def test_fingerprints_differ_between_findings_but_not_with_values() -> None:
    first, second, _ = sarif(BAD)["results"]
    assert first["partialFingerprints"] != second["partialFingerprints"]
    changed = ERROR.model_copy(update={"found": "1 byte", "count": 7})
    again, _ = sarif(ExaminedFile("a/bad.dcm", None, None, (changed,)))["results"]
    assert again["partialFingerprints"] == second["partialFingerprints"]


def test_sarif_names_files_as_uris() -> None:
    result, _ = sarif(ExaminedFile("a.zip!/ä b#1.dcm", None, None, (ERROR,)))["results"]
    [place] = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "a.zip!/%C3%A4%20b%231.dcm"


@pytest.mark.parametrize("name", ["text", "json", "ndjson", "csv", "sarif"])
def test_every_format_shows_an_unreadable_file(name: str) -> None:
    finding = Finding(code="file.unreadable", severity=Severity.ERROR, message="Unreadable.")
    assert "lost" in written(name, ExaminedFile("lost", None, None, (finding,)))
