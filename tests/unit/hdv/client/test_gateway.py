"""How commands talk to the gateway: patient with what passes, clear about what does not."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from hdv.client import gateway as gateway_client
from hdv.client.gateway import MOST_TRIES, Gateway
from hdv.exit import Away, Refused

Answer = httpx.Response | Exception


class Server:
    """A gateway that gives these answers, one after the other."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, in seconds; nobody does so really, but the clock goes on."""
    waited: list[float] = []
    clock = time.monotonic

    def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(gateway_client.time, "sleep", sleep)
    monkeypatch.setattr(gateway_client.time, "monotonic", lambda: clock() + sum(waited))
    return waited


def gateway(server: Callable[[httpx.Request], httpx.Response], seconds: float = 3600) -> Gateway:
    return Gateway("http://gateway", seconds=seconds, transport=httpx.MockTransport(server))


def well(value: object = None) -> httpx.Response:
    return httpx.Response(200, json=value or {"well": True})


def refusal(status: int, **headers: str) -> httpx.Response:
    body = {"type": "urn:hdv:problem:x", "title": "No such study", "detail": "None is known."}
    return httpx.Response(status, json=body, headers={"Retry-After": "0", **headers})


def test_what_is_asked_for_is_given() -> None:
    server = Server(well({"a": 1}))
    with gateway(server) as client:
        assert client.get("/status/x", code="c", cursor=None) == {"a": 1}
    assert str(server.requests[0].url) == "http://gateway/status/x?code=c"


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("broken"),
        httpx.ReadTimeout("silent"),
        refusal(503),
        refusal(429),
        refusal(502),
        refusal(409),  # an earlier try is still at work
    ],
)
def test_what_passes_is_tried_again(trouble: Answer, pauses: list[float]) -> None:
    server = Server(trouble, well())
    with gateway(server) as client:
        assert client.get("/") == {"well": True}
    assert len(server.requests) == 2
    assert 0 < pauses[0] <= 0.5


def test_pauses_grow_up_to_a_limit(pauses: list[float]) -> None:
    server = Server(*[httpx.ConnectError("refused")] * (MOST_TRIES - 1), well())
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
def test_the_gateway_says_how_long_to_wait(value: str, seconds: float, pauses: list[float]) -> None:
    with gateway(Server(refusal(503, **{"Retry-After": value}), well())) as client:
        client.get("/")
    assert pauses[0] == pytest.approx(max(seconds, 0.4), abs=3 if seconds else 0.2)


def test_the_gateway_may_say_when_to_come_back(pauses: list[float]) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with gateway(Server(refusal(503, **{"Retry-After": soon}), well())) as client:
        client.get("/")
    assert 20 < pauses[0] <= 30


def test_who_never_answers_is_away() -> None:
    server = Server(*[httpx.ConnectError("refused")] * 100)
    with gateway(server) as client, pytest.raises(Away, match=r"http://gateway .*refused"):
        client.get("/")
    assert len(server.requests) == MOST_TRIES


def test_what_is_refused_is_a_sentence_and_not_tried_again() -> None:
    server = Server(refusal(404))
    with (
        gateway(server) as client,
        pytest.raises(Refused, match=r"^No such study: None is kn.*\.$"),
    ):
        client.get("/")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, text="<html>"),
        httpx.Response(404, json=["title"]),
        httpx.Response(404, json={}),
    ],
)
def test_a_refusal_of_someone_else_on_the_way_is_told_by_its_status(answer: Any) -> None:
    with gateway(Server(answer)) as client, pytest.raises(Refused, match="404 Not Found"):
        client.get("/")


@pytest.mark.parametrize("status", [500, 507])
def test_a_gateway_that_cannot_is_told_apart_from_one_that_will_not(status: int) -> None:
    with gateway(Server(refusal(status))) as client, pytest.raises(Away, match="None is known"):
        client.get("/")


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [
        (httpx.ConnectError("refused"), 2),
        (refusal(503), 2),
        (httpx.ReadError("broken"), 1),
        (httpx.ReadTimeout("silent"), 1),
    ],
)
def test_what_must_not_be_done_twice_is_tried_again_only_if_it_was_not_done(
    trouble: Answer, tries: int
) -> None:
    server = Server(trouble, well())
    with gateway(server) as client:
        if tries == 1:
            with pytest.raises(Away):
                client.send("POST", "/", repeatable=False)
        else:
            client.send("POST", "/", repeatable=False)
    assert len(server.requests) == tries


def test_when_the_time_is_up_nothing_is_waited_for(pauses: list[float]) -> None:
    server = Server(*[refusal(503, **{"Retry-After": "30"})] * 100)
    with gateway(server, seconds=50) as client, pytest.raises(Away, match="gave up after 50 sec"):
        client.get("/")
    assert sum(pauses) == pytest.approx(50, abs=1)


@pytest.mark.parametrize(
    "url", ["gateway:8000", "ftp://gateway", "http://", "", "http://a:b", "/x"]
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(Refused, match="is no address"):
        Gateway(url, seconds=1)


def test_a_download_that_breaks_off_is_told() -> None:
    def broken() -> Iterator[bytes]:
        yield b"some"
        raise httpx.ReadError("broken")

    server = Server(httpx.Response(200, content=broken()))
    with (
        gateway(server) as client,
        pytest.raises(Away, match="broken"),
        client.download("/file") as response,
    ):
        response.read()


def test_a_download_that_is_refused_is_a_sentence() -> None:
    with (
        gateway(Server(refusal(404))) as client,
        pytest.raises(Refused, match="No such study"),
        client.download("/file"),
    ):
        raise AssertionError("there is nothing to read")
