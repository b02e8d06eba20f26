"""`hdv rules` and `hdv explain`: all codes, each explained, for people and for programs."""

import json
from pathlib import Path

import pytest

from engine.profile_files.loading import load_profile
from engine.profiles.profile import Profile
from engine.rules.catalogue import RULES
from hdv.exit import CommandError
from hdv.validation import rules


@pytest.mark.parametrize("code", RULES)
def test_each_code_is_explained(code: str) -> None:
    text = rules.explanation(code, width=80)
    rule = RULES[code]
    words = " ".join(text.split())
    assert text.startswith(f"{code}\n")
    assert rule.message in words
    assert rule.section in words
    assert rule.why in words
    assert rule.fix in words
    assert f"Found by {rule.found_by}" in words
    assert max(map(len, text.splitlines())) <= 80


def test_an_explanation_shows_the_severity_in_each_profile() -> None:
    text = rules.explanation("uid.padding", width=80)
    assert "Severity   default warning, strict error, lenient info" in text
    assert "unless the site's rule says otherwise" in rules.explanation(
        "site.value-format", width=80
    )


@pytest.mark.parametrize(("columns", "most"), [("50", 50), ("10", 40), ("300", 100)])
def test_an_explanation_is_as_wide_as_the_terminal_lets_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str, most: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    rules.explain("element.missing")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= most


def test_an_unknown_code_gets_suggestions() -> None:
    with pytest.raises(CommandError, match=r"^there is no code 'uid.paddin'; did you mean uid.pad"):
        rules.explain("uid.paddin")
    with pytest.raises(CommandError, match=r"`hdv rules` lists all codes\."):
        rules.explain("0123456789")


def test_a_code_may_be_written_in_capitals() -> None:
    assert rules.explanation(" UID.Padding", width=80) == rules.explanation("uid.padding", width=80)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_every_code_is_listed(capsys: pytest.CaptureFixture[str], form: rules.Form) -> None:
    rules.print_rules(form, "strict")
    text = capsys.readouterr().out
    assert [code for code in RULES if code not in text] == []


def test_the_list_for_programs_has_the_severities_of_the_profile() -> None:
    content = json.loads(rules.listing("json", load_profile("lenient")))
    assert content["profile"]["name"] == "lenient"
    listed = {entry["code"]: entry for entry in content["rules"]}
    assert set(listed) == set(RULES)
    assert listed["uid.padding"]["severity"] == "info"
    assert listed["uid.padding"]["section"] == "PS3.5 9.1"


def test_the_list_has_the_rules_that_the_profile_adds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trial.yaml"
    path.write_text(
        "name: trial\nrules:\n- id: thin\n  element: SliceThickness\n  at_most: 2\n"
        "- id: subject\n  element: PatientID\n  must_be: filled\n  in: [A, B]\n  matches: '.'\n"
    )
    rules.print_rules("text", str(path))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "  error    thin: SliceThickness: at most 2",
        "  error    subject: PatientID: must be filled; in A, B; matches .",
    ]
    content = json.loads(rules.listing("json", load_profile(path)))
    assert content["site_rules"][0] == {
        "id": "thin",
        "element": "SliceThickness",
        "at_most": 2.0,
        "severity": "error",
    }


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(CommandError, match=r"did you mean 'strict'\?"):
        rules.print_rules("text", "strickt")


def test_the_default_profile_lists_the_severities_of_the_rules() -> None:
    entries = json.loads(rules.listing("json", Profile()))["rules"]
    assert {entry["code"]: entry["severity"] for entry in entries} == {
        code: rule.severity for code, rule in RULES.items()
    }
