"""Limits of a connection: what is overridden is still there, and each limit holds exactly."""

import asyncio
import inspect
import json
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from chassis.runtime.settings import HttpSettings
from chassis.service import protocol as module
from chassis.service.protocol import MOST_PIPELINED, Protocol

LIMITS = {
    "max_url_bytes": 256,
    "max_header_bytes": 1024,
    "max_headers": 10,
    "header_seconds": 5,
    "stalled_seconds": 5,
}
HEAD = b"GET / HTTP/1.1\r\nHost: gateway\r\n"
REQUEST = HEAD + b"\r\n"
POST = b"POST / HTTP/1.1\r\nHost: gateway\r\n"


class Clock:
    """The time of an event loop, which passes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = asyncio.get_running_loop()
        self.ahead = 0.0
        real = self.loop.time
        monkeypatch.setattr(self.loop, "time", lambda: real() + self.ahead)

    async def passes(self, seconds: float) -> None:
        self.ahead += seconds
        for _ in range(3):
            await asyncio.sleep(0)


class Transport(asyncio.Transport):
    """A connection that keeps what is written to it."""

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__()
        self.written = b""
        self.tls = tls
        self.state = "open"
        self.unread = 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self if name == "socket" else default

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 8000

    getpeername = getsockname

    def setsockopt(self, *_: object) -> None:
        """Nothing to set."""

    def get_write_buffer_size(self) -> int:
        return self.unread

    def write(self, data: Any) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return not self.tls

    def write_eof(self) -> None:
        self.state = "half-closed"

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"

    def is_closing(self) -> bool:
        return self.state in ("closed", "aborted")

    def pause_reading(self) -> None:
        """What the test feeds is read anyway."""

    resume_reading = pause_reading


class Connections:
    """Connections to one server, whose application answers when its body is complete."""

    def __init__(self, **limits: Any) -> None:
        self.limits = HttpSettings(**LIMITS | limits)
        self.state = ServerState()
        self.config = Config(self.answer, http=Protocol, interface="asgi3", log_config=None)
        self.config.load()
        self.bodies: list[int] = []
        self.go = asyncio.Event()
        self.go.set()

    async def answer(self, _: Scope, receive: Receive, send: Send) -> None:
        size = 0
        while True:
            message = await receive()
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        self.bodies.append(size)
        await self.go.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    def open(self, *, tls: bool = False) -> tuple[Protocol, Transport]:
        transport = Transport(tls=tls)
        protocol = Protocol(
            self.config, self.state, {}, asyncio.get_running_loop(), limits=self.limits
        )
        protocol.connection_made(transport)
        return protocol, transport


def problem(transport: Transport) -> tuple[int, str]:
    """Status and kind of the answer that a connection got."""
    head, _, body = transport.written.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head.lower()
    document = json.loads(body)
    assert head.split()[1] == str(document["status"]).encode()
    return document["status"], document["type"].removeprefix("urn:hdv:problem:")


@pytest.mark.parametrize(
    "name", [name for name in vars(Protocol) if name in vars(HttpToolsProtocol)]
)
def test_what_is_overridden_is_still_in_uvicorn(name: str) -> None:
    ours, theirs = getattr(Protocol, name), getattr(HttpToolsProtocol, name)
    if inspect.isfunction(theirs) and name != "__init__":
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        )


def test_it_overrides_what_it_relies_on() -> None:
    assert {"data_received", "on_url", "on_header", "on_headers_complete", "on_body"} <= set(
        vars(HttpToolsProtocol)
    )


async def test_a_request_within_the_limits_is_answered() -> None:
    connection, transport = Connections().open()
    connection.data_received(HEAD + b"a: %b\r\n\r\n" % (b"x" * 900))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert transport.written.startswith(b"HTTP/1.1 204 ")
    assert transport.state == "open"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([b"GET /", *[b"a" * 100] * 3], (414, "url-too-long")),
        ([HEAD, *[b"a: b\r\n"] * 10, b"\r\n"], (431, "headers-too-large")),
        ([HEAD, b"a: %b\r\nb: c\r\n" % (b"x" * 1000)], (431, "headers-too-large")),
        ([HEAD, b"a: ", *[b"x" * 100] * 10], (431, "headers-too-large")),
        ([HEAD, *[b"x" * 100] * 10], (431, "headers-too-large")),
        ([b"\r\n" * 50] * 11, (431, "headers-too-large")),
        ([b"GET / HTTP/1.1\r\nno header\r\n\r\n"], (400, "bad-request")),
        ([b"\x16\x03\x01\x02\x00"], (400, "bad-request")),
        (
            [POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", *[b"a: %b\r\n" % (b"x" * 90)] * 20],
            (431, "headers-too-large"),
        ),
    ],
    ids=[
        "URL", "headers", "header bytes", "header value", "header name", "empty lines",
        "malformed", "TLS", "trailers",
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [False, True], ids=["in parts", "at once"])
async def test_what_exceeds_a_limit_gets_a_problem(
    sent: list[bytes], expected: tuple[int, str], at_once: bool
) -> None:
    connection, transport = Connections().open()
    for part in [b"".join(sent)] if at_once else sent:
        connection.data_received(part)
    assert problem(transport) == expected
    assert transport.state == "half-closed"


@pytest.mark.parametrize("endless", [b"0\r\na: ", b"1;a="], ids=["trailer", "chunk extension"])
async def test_what_comes_between_the_parts_of_a_body_has_a_limit(endless: bytes) -> None:
    connection, transport = Connections().open()
    connection.data_received(POST + b"Transfer-Encoding: chunked\r\n\r\n" + endless)
    for _ in range(20):
        connection.data_received(b"x" * 90)
    assert problem(transport) == (431, "headers-too-large")


async def test_a_refused_client_has_a_moment_to_read_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    connection, transport = Connections().open()
    connection.data_received(b"nonsense\r\n\r\n")
    answer = transport.written
    connection.data_received(REQUEST)
    assert transport.written == answer
    await clock.passes(module.LINGER_SECONDS + 0.1)
    assert transport.state == "aborted"


async def test_with_tls_it_is_closed_at_once() -> None:
    connection, transport = Connections().open(tls=True)
    connection.data_received(b"nonsense\r\n\r\n")
    assert problem(transport) == (400, "bad-request")
    assert transport.state == "closed"


async def test_a_body_of_any_size_is_no_header() -> None:
    connections = Connections()
    connection, transport = connections.open()
    connection.data_received(POST + b"Content-Length: 100000\r\n\r\n")
    for _ in range(100):
        connection.data_received(b"x" * 1000)
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert connections.bodies == [100_000]
    assert transport.state == "open"


async def test_a_request_that_does_not_become_complete_gets_408(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    connection, transport = Connections().open()
    for letter in b"GET /":
        connection.data_received(bytes([letter]))
        await clock.passes(0.9)
    assert transport.written == b""
    await clock.passes(0.9)
    assert problem(transport) == (408, "request-stalled")


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    _, transport = Connections().open()
    await clock.passes(5.1)
    assert (transport.state, transport.written) == ("closed", b"")


async def test_after_an_answer_the_time_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    connection, transport = Connections().open()
    for _ in range(4):
        await clock.passes(3)
        connection.data_received(REQUEST)
        await clock.passes(0)
    assert transport.written.count(b"204") == 4
    connection.data_received(b"GET / HT")
    await clock.passes(4.9)
    assert transport.state == "open"
    await clock.passes(0.2)
    assert b" 408 " in transport.written


async def test_the_body_of_an_answered_request_does_not_come_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    connections = Connections()

    async def refuse(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    connections.config.loaded_app = refuse
    connection, transport = connections.open()
    connection.data_received(POST + b"Content-Length: 1000000\r\n\r\n")
    for _ in range(10):
        await clock.passes(0.6)
        if transport.state == "open":
            connection.data_received(b"x" * 1000)
    assert transport.state == "closed"


async def test_a_client_that_reads_nothing_is_disconnected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    connection, transport = Connections(header_seconds=600).open()
    transport.unread = 100_000
    connection.pause_writing()
    await clock.passes(5.1)
    assert transport.state == "aborted"


async def test_a_client_that_reads_slowly_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    connection, transport = Connections(header_seconds=600).open()
    transport.unread = 100_000
    connection.pause_writing()
    for _ in range(5):
        transport.unread -= 10
        await clock.passes(5.1)
    assert transport.state == "open"
    connection.resume_writing()
    await clock.passes(50)
    assert transport.state == "open"


async def test_pipelined_requests_have_a_limit() -> None:
    connections = Connections()
    connections.go.clear()
    connection, transport = connections.open()
    connection.data_received(REQUEST * (MOST_PIPELINED + 1))
    assert transport.state == "open"
    connection.data_received(REQUEST)
    assert transport.state == "aborted"


class TestTooManyConnections:
    async def test_a_further_one_replaces_the_one_that_waits_longest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock(monkeypatch)
        connections = Connections(max_connections=3)
        (first, idle), (second, unfinished), (_, silent) = [connections.open() for _ in range(3)]
        await clock.passes(1)
        second.data_received(b"GET /")
        first.data_received(REQUEST)
        await clock.passes(0)
        further = [connections.open()[1] for _ in range(2)]
        assert b" 204 " in idle.written  # it waits only since then
        assert [each.state for each in (idle, unfinished, silent)] == ["open", "closed", "closed"]
        assert [each.state for each in further] == ["open", "open"]

    async def test_it_is_refused_when_all_are_being_answered(self) -> None:
        connections = Connections(max_connections=2)
        connections.go.clear()
        busy = []
        for _ in range(2):
            connection, transport = connections.open()
            connection.data_received(REQUEST)
            busy.append(transport)
        _, further = connections.open()
        assert problem(further) == (503, "too-many-connections")
        assert b"retry-after: 5" in further.written.lower()
        assert [each.state for each in busy] == ["open", "open"]


async def test_each_pipelined_request_learns_that_its_client_has_gone() -> None:
    learned = []

    async def wait_for_the_end(_: Scope, receive: Receive, __: Send) -> None:
        await receive()  # the empty body
        learned.append((await receive())["type"])

    connections = Connections()
    connections.config.loaded_app = wait_for_the_end
    connection, _ = connections.open()
    connection.data_received(REQUEST * 2)
    await asyncio.sleep(0)
    connection.connection_lost(None)
    await asyncio.wait_for(asyncio.gather(*connection.tasks), 5)
    assert learned == ["http.disconnect"]
