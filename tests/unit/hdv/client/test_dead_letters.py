"""`hdv dead-letters`: what it asks the gateway, and what it writes."""

import json
from typing import Any
from uuid import UUID

import httpx2
import pytest

from kit.terminal import Terminal

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")


def letter(number: int) -> dict[str, Any]:
    return {
        "id": f"{number}-0", "time": "2026-03-01T09:30:00Z", "service": "descriptor",
        "stream": "study.validated", "code": "delivery.failed", "message": "It failed every time.",
        "deliveries": 8, "study_id": str(STUDY), "href": f"/dead-letters/{number}-0",
    }  # fmt: skip


class Gateway:
    """A gateway with three dead letters, two on a page."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        content = request.read()
        body = json.loads(content) if content else dict(request.url.params)
        self.asked.append((request.method, request.url.path, body))
        match request.method, request.url.path:
            case "GET", "/dead-letters":
                first = "cursor" not in body
                letters = [letter(3), letter(2)] if first else [letter(1)]
                more = {"next_cursor": "2-0"} if first else {}
                return httpx2.Response(200, json={"dead_letters": letters, **more})
            case "GET", "/dead-letters/3-0":
                event = {"type": "study.validated", "id": str(STUDY)}
                return httpx2.Response(200, json={**letter(3), "entry_id": "17-0", "event": event})
            case "POST", "/dead-letters/replay":
                first = "cursor" not in body
                more = {"next_cursor": "2-0"} if first else {}
                replayed = ["2-0", "3-0"] if first else ["1-0"]
                return httpx2.Response(200, json={"replayed": replayed, **more})
            case _:
                return httpx2.Response(204)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def terminal(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(gateway, monkeypatch)


def test_dead_letters_are_listed_with_their_reasons(terminal: Terminal, gateway: Gateway) -> None:
    result = terminal("dead-letters", "list", "--study", STUDY)
    assert result.exit_code == 0
    header, *lines = result.output.splitlines()
    assert header.split() == ["id", "time", "service", "study", "deliveries", "why"]
    assert [line.split()[0] for line in lines] == ["3-0", "2-0", "1-0"]
    assert "delivery.failed: It failed every time." in lines[0]
    assert {query["study_id"] for _, _, query in gateway.asked} == {str(STUDY)}


def test_a_limit_is_kept_and_more_is_said(terminal: Terminal) -> None:
    assert "and more" in terminal("dead-letters", "list", "--limit", 2).output
    listed = terminal.json("dead-letters", "list", "--limit", 2)
    assert (len(listed["dead_letters"]), listed["more"]) == (2, True)


def test_a_dead_letter_is_shown_with_its_event(terminal: Terminal) -> None:
    output = terminal("dead-letters", "show", "3-0").output
    assert f"event study.validated {STUDY}" in output
    assert "deliveries: 8" in output


def test_the_dead_letters_of_a_study_are_replayed_by_one_command(
    terminal: Terminal, gateway: Gateway
) -> None:
    result = terminal("dead-letters", "replay", "--study", STUDY)
    assert result.output == "replayed 3 messages\n"
    chosen = {"study_id": str(STUDY)}
    assert [body for _, _, body in gateway.asked] == [chosen, {**chosen, "cursor": "2-0"}]


def test_named_dead_letters_are_replayed_and_dropped(terminal: Terminal, gateway: Gateway) -> None:
    assert terminal("dead-letters", "replay", "1-0", "2-0").output == "replayed 2 messages\n"
    assert terminal("dead-letters", "drop", "3-0", "--yes").output == "dropped 1 dead letter\n"
    assert [(method, path) for method, path, _ in gateway.asked] == [
        ("POST", "/dead-letters/1-0/replay"),
        ("POST", "/dead-letters/2-0/replay"),
        ("DELETE", "/dead-letters/3-0"),
    ]


@pytest.mark.parametrize("arguments", [[], ["1-0", "--all"], ["--all", "--code", "a.b"]])
def test_what_to_replay_has_to_be_clear(
    terminal: Terminal, gateway: Gateway, arguments: list[str]
) -> None:
    result = terminal("dead-letters", "replay", *arguments)
    assert result.exit_code == 2
    assert "--study, --code or --all" in result.stderr
    assert not gateway.asked


@pytest.mark.parametrize("command", [["show"], ["replay"], ["replay", "1-0"], ["drop", "--yes"]])
def test_what_is_no_id_is_said_before_anything_is_sent(
    terminal: Terminal, gateway: Gateway, command: list[str]
) -> None:
    result = terminal("dead-letters", *command, "x")
    assert result.exit_code == 2
    assert "x is no dead letter's id, which is like 1772357400250-0" in result.stderr
    assert not gateway.asked


def test_nothing_is_dropped_without_a_yes(terminal: Terminal, gateway: Gateway) -> None:
    assert terminal("dead-letters", "drop", "3-0", keys="n\n").exit_code != 0
    assert not gateway.asked
