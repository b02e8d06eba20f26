"""`hdv status`: the status of a study, at once or when nothing more happens to it."""

import json
import time
from typing import Any
from uuid import UUID

import httpx
import pytest

from hdv.client import gateway as gateway_client
from hdv.client.status import status
from hdv.exit import run as run_command

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


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses take no time, but the clock goes on."""
    waited: list[float] = []
    clock = time.monotonic
    monkeypatch.setattr(gateway_client.time, "sleep", waited.append)
    monkeypatch.setattr(gateway_client.time, "monotonic", lambda: clock() + sum(waited))


def run(*records: dict[str, Any], watch: bool = False, json: bool = False) -> int:
    left = list(records)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/report"):
            return httpx.Response(404, json={"title": "The study has no report"})
        if not left:
            return httpx.Response(404, json={"title": "No such study"})
        return httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])

    transport = httpx.MockTransport(answer)
    return run_command(
        "hdv status",
        lambda: status(STUDY, "http://g", watch=watch, timeout=60, json=json, transport=transport),
    )


def test_a_record_is_shown_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(RECORD) == 1
    assert (
        capsys.readouterr().out
        == f"""\
study      {STUDY}
status     archived  2026-03-01T09:30:02Z
label      trial-42
files      3 received, 2 accepted, 1 rejected, 1 skipped
modalities CT, SR

uploaded   2026-03-01T09:30:00Z  gateway  0.250 s
archived   2026-03-01T09:30:02Z  descriptor

error    structure.truncated  PixelData  (2 times)
         It ends early.
"""
    )


def test_json_is_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    run(RECORD, json=True)
    assert json.loads(capsys.readouterr().out) == RECORD


def test_watching_ends_when_nothing_more_happens(capsys: pytest.CaptureFixture[str]) -> None:
    under_way = {**RECORD, "status": "validating", "files": {"received": 3, "examined": 1}}
    assert run(under_way, under_way, RECORD, watch=True) == 1
    assert "status     archived" in capsys.readouterr().out


def test_watching_ends_at_the_time_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run({**RECORD, "status": "validating"}, watch=True) == 3
    assert "stopped after 60 seconds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"files": {"accepted": 2}}, 0),
        ({"status": "validating", "files": None}, 0),
        ({"status": "failed"}, 1),
        ({"status": "error", "files": None}, 1),
    ],
)
def test_the_exit_code_says_whether_something_is_wrong(change: dict[str, Any], code: int) -> None:
    assert run({**RECORD, **change}) == code


def test_an_unknown_study_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert capsys.readouterr().err == "hdv status: No such study\n"


def test_the_reason_of_an_error_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    reason = {"code": "study.missing", "message": "The files are gone."}
    run({**RECORD, "status": "error", "reason": reason})
    assert "reason     study.missing The files are gone." in capsys.readouterr().out
