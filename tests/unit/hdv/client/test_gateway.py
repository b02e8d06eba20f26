"""The client of the gateway: retries, time limits and errors as sentences."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hdv.client import gateway as gateway_client
from hdv.client.gateway import MOST_TRIES, Gateway, api_key
from hdv.exit import CommandError, ExitCode
from kit.terminal import clients_of

Answer = httpx2.Response | Exception


class Server:
    """A gateway that gives these answers, one after the other."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses in seconds; they take no time, but the clock goes on."""
    waited: list[float] = []
    clock = time.monotonic

    def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(gateway_client.time, "sleep", sleep)
    monkeypatch.setattr(gateway_client.time, "monotonic", lambda: clock() + sum(waited))
    return waited


def gateway(server: Callable[[httpx2.Request], httpx2.Response], seconds: float = 3600) -> Gateway:
    with clients_of(server):
        return Gateway("http://gateway", seconds=seconds)


@contextmanager
def fails(code: ExitCode, match: str | None = None) -> Iterator[None]:
    """The block raises a `CommandError` with this code."""
    with pytest.raises(CommandError, match=match) as error:
        yield
    assert error.value.code == code


def success(value: object = None) -> httpx2.Response:
    return httpx2.Response(200, json=value or {"ok": True})


def refusal(status: int, **headers: str) -> httpx2.Response:
    body = {"type": "urn:hdv:problem:x", "title": "No such study", "detail": "None is known."}
    return httpx2.Response(status, json=body, headers={"Retry-After": "0", **headers})


def test_the_json_at_a_path_is_returned() -> None:
    server = Server(success({"a": 1}))
    with gateway(server) as client:
        assert client.get("/status/x", code="c", cursor=None) == {"a": 1}
    assert str(server.requests[0].url) == "http://gateway/status/x?code=c"


@pytest.mark.parametrize(
    "failure",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadError("broken"),
        httpx2.ReadTimeout("silent"),
        refusal(503),
        refusal(429),
        refusal(502),
        refusal(409),  # an earlier try is still being processed
    ],
)
def test_temporary_failures_are_retried(failure: Answer, pauses: list[float]) -> None:
    server = Server(failure, success())
    with gateway(server) as client:
        assert client.get("/") == {"ok": True}
    assert len(server.requests) == 2
    assert 0 < pauses[0] <= 0.5


def test_pauses_grow_up_to_a_limit(pauses: list[float]) -> None:
    server = Server(*[httpx2.ConnectError("refused")] * (MOST_TRIES - 1), success())
    with gateway(server) as client:
        client.get("/")
    for number, pause in enumerate(pauses):
        longest = min(0.5 * 2**number, 15)
        assert longest / 2 <= pause <= longest


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("100000", 60),
        ("soon", 0),
        ("-5", 0),
    ],
)
def test_retry_after_sets_the_pause(value: str, seconds: float, pauses: list[float]) -> None:
    with gateway(Server(refusal(503, **{"Retry-After": value}), success())) as client:
        client.get("/")
    assert pauses[0] == pytest.approx(max(seconds, 0.4), abs=3 if seconds else 0.2)


def test_retry_after_may_be_a_time(pauses: list[float]) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with gateway(Server(refusal(503, **{"Retry-After": soon}), success())) as client:
        client.get("/")
    assert 20 < pauses[0] <= 30


def test_a_gateway_that_never_answers_is_unavailable() -> None:
    server = Server(*[httpx2.ConnectError("refused")] * 100)
    with gateway(server) as client, fails(ExitCode.UNAVAILABLE, r"http://gateway .*refused"):
        client.get("/")
    assert len(server.requests) == MOST_TRIES


def test_a_refusal_is_a_sentence_and_not_retried() -> None:
    server = Server(refusal(404))
    with (
        gateway(server) as client,
        fails(ExitCode.USAGE, r"^No such study: None is kn.*\.$"),
    ):
        client.get("/")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(404, text="<html>"),
        httpx2.Response(404, json=["title"]),
        httpx2.Response(404, json={}),
    ],
)
def test_a_refusal_of_a_proxy_is_shown_by_its_status(answer: Any) -> None:
    with gateway(Server(answer)) as client, fails(ExitCode.USAGE, "404 Not Found"):
        client.get("/")


@pytest.mark.parametrize("status", [500, 507])
def test_a_server_error_means_unavailable(status: int) -> None:
    with gateway(Server(refusal(status))) as client, fails(ExitCode.UNAVAILABLE, "None is known"):
        client.get("/")


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (httpx2.ConnectError("refused"), 2),
        (refusal(503), 2),
        (httpx2.ReadError("broken"), 1),
        (httpx2.ReadTimeout("silent"), 1),
    ],
)
def test_a_request_that_must_not_be_repeated_is_retried_only_if_it_was_not_sent(
    failure: Answer, tries: int
) -> None:
    server = Server(failure, success())
    with gateway(server) as client:
        if tries == 1:
            with fails(ExitCode.UNAVAILABLE):
                client.send("POST", "/", repeatable=False)
        else:
            client.send("POST", "/", repeatable=False)
    assert len(server.requests) == tries


def test_there_is_no_pause_beyond_the_time_limit(pauses: list[float]) -> None:
    server = Server(*[refusal(503, **{"Retry-After": "30"})] * 100)
    with gateway(server, seconds=50) as client, fails(ExitCode.UNAVAILABLE, "stopped after 50 sec"):
        client.get("/")
    assert sum(pauses) == pytest.approx(50, abs=1)


@pytest.mark.parametrize(
    "url", ["gateway:8000", "ftp://gateway", "http://", "", "http://a:b", "/x"]
)
def test_a_wrong_address_is_an_error(url: str) -> None:
    with fails(ExitCode.USAGE, "is not an address"):
        Gateway(url, seconds=1)


def test_a_download_that_breaks_off_is_an_error() -> None:
    def broken() -> Iterator[bytes]:
        yield b"some"
        raise httpx2.ReadError("broken")

    server = Server(httpx2.Response(200, content=broken()))
    with (
        gateway(server) as client,
        fails(ExitCode.UNAVAILABLE, "broken"),
        client.download("/file") as response,
    ):
        response.read()


def test_a_download_that_is_refused_is_a_sentence() -> None:
    with (
        gateway(Server(refusal(404))) as client,
        fails(ExitCode.USAGE, "No such study"),
        client.download("/file"),
    ):
        raise AssertionError("there is nothing to read")


def test_something_that_may_be_missing_is_none() -> None:
    with gateway(Server(refusal(404), success({"a": 1}))) as client:
        assert client.find("/") is None
        assert client.find("/") == {"a": 1}


def test_only_a_missing_thing_is_none() -> None:
    with gateway(Server(refusal(410))) as client, fails(ExitCode.USAGE, "No such study"):
        client.find("/")


@pytest.mark.parametrize("place", ["variable", "file"])
def test_the_api_key_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    seen: list[str | None] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(200, json={})

    monkeypatch.setenv("HDV_SECRETS_DIR", str(tmp_path))
    if place == "variable":
        monkeypatch.setenv("HDV_API_KEY", "hdv_key")
    else:
        (tmp_path / "hdv_api_key").write_text("hdv_key\n")
    with clients_of(answer), Gateway("http://gateway", seconds=5) as gateway:
        gateway.get("/studies")
    assert seen == ["Bearer hdv_key"]


@pytest.mark.parametrize("key", ["\xe9", "a\nb", "a\x00"])
def test_a_key_that_cannot_be_sent_is_not(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(os, "environ", {"HDV_API_KEY": key})
    with pytest.raises(CommandError, match="has characters that no key has"):
        api_key()


@pytest.mark.parametrize(
    ("key", "hint"), [("", "Set HDV_API_KEY to a key"), ("hdv_x", "It is the one of HDV_API_KEY")]
)
def test_a_refusal_says_where_the_key_is_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str, hint: str
) -> None:
    problem = {"title": "No valid key or token", "detail": "Not valid."}
    monkeypatch.setenv("HDV_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("HDV_API_KEY", key)
    with (
        clients_of(lambda _: httpx2.Response(401, json=problem)),
        Gateway("http://gateway", seconds=5) as gateway,
        pytest.raises(CommandError, match=hint) as raised,
    ):
        gateway.get("/studies")
    assert raised.value.code is ExitCode.USAGE
    assert "hdv_x" not in str(raised.value)
