"""`hdv status`: the status of a study, at once or when nothing more happens to it."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from kit.terminal import Server, Terminal

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
RECORD: dict[str, Any] = {
    "study_id": str(STUDY),
    "status": "archived",
    "updated_at": "2026-03-01T09:30:02Z",
    "label": "trial-42",
    "modalities": ["CT", "SR"],
    "files": {"received": 3, "accepted": 2, "rejected": 1, "skipped": 1},
    "history": [
        {"state": "uploaded", "time": "2026-03-01T09:30:00Z", "service": "gateway",
         "duration_seconds": 0.25},
        {"state": "archived", "time": "2026-03-01T09:30:02Z", "service": "descriptor"},
    ],
    "findings": [
        {"code": "structure.truncated", "severity": "error", "message": "It ends early.",
         "keyword": "PixelData", "count": 2}
    ],
}  # fmt: skip


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(answering(), monkeypatch)


def answering(*records: dict[str, Any]) -> Server:
    """A gateway with one status after the other; the last one stays."""
    left = list(records)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/report"):
            return httpx2.Response(404, json={"title": "The study has no report"})
        if not left:
            return httpx2.Response(404, json={"title": "No such study"})
        return httpx2.Response(200, json=left.pop(0) if len(left) > 1 else left[0])

    return answer


def test_a_study_that_was_sent_again_names_those_it_repeats(terminal: Terminal) -> None:
    terminal.server = answering({**RECORD, "duplicate_of": ["1b1c9c5e", "2b1c9c5e"]})
    assert "\nsame as    1b1c9c5e, 2b1c9c5e\n" in terminal("status", STUDY).stdout


def test_a_record_is_shown_in_lines(terminal: Terminal) -> None:
    terminal.server = answering(RECORD)
    result = terminal("status", STUDY)
    assert result.exit_code == 1
    assert (
        result.stdout
        == f"""\
study      {STUDY}
status     archived  2026-03-01T09:30:02Z
label      trial-42
files      3 received, 2 accepted, 1 rejected, 1 skipped
modalities CT, SR

uploaded   2026-03-01T09:30:00Z  gateway     0.250 s
archived   2026-03-01T09:30:02Z  descriptor

error    structure.truncated  PixelData  (2 times)
         It ends early.
"""
    )


def test_json_is_the_record(terminal: Terminal) -> None:
    record = {**RECORD, "files": {"accepted": 2}}
    terminal.server = answering(record)
    assert terminal.json("status", STUDY) == record


@pytest.mark.parametrize("status", ["archived", "deleted"])
def test_watching_ends_when_nothing_more_happens(terminal: Terminal, status: str) -> None:
    running = {**RECORD, "status": "validating", "files": {"received": 3, "examined": 1}}
    terminal.server = answering(running, running, {**RECORD, "status": status})
    result = terminal("status", STUDY, "--watch")
    assert result.exit_code == 1
    assert f"status     {status}" in result.stdout


def test_watching_ends_at_the_time_limit(terminal: Terminal) -> None:
    terminal.server = answering({**RECORD, "status": "validating"})
    result = terminal("status", STUDY, "--watch", "--timeout", 60)
    assert result.exit_code == 3
    assert "stopped after 60 seconds" in result.stderr


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"files": {"accepted": 2}}, 0),
        ({"status": "validating", "files": None}, 0),
        ({"status": "failed"}, 1),
        ({"status": "error", "files": None}, 1),
    ],
)
def test_the_exit_code_says_whether_something_is_wrong(
    terminal: Terminal, change: dict[str, Any], code: int
) -> None:
    terminal.server = answering({**RECORD, **change})
    assert terminal("status", STUDY).exit_code == code


def test_an_unknown_study_is_reported(terminal: Terminal) -> None:
    result = terminal("status", STUDY)
    assert (result.exit_code, result.stderr) == (2, "hdv status: No such study\n")


def test_the_reason_of_an_error_is_shown(terminal: Terminal) -> None:
    reason = {"code": "study.missing", "message": "The files are gone."}
    terminal.server = answering({**RECORD, "status": "error", "reason": reason})
    assert "reason     study.missing The files are gone." in terminal("status", STUDY).stdout
