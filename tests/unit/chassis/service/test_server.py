"""The uvicorn server: what is overridden is still there, and what it is for still works."""

import asyncio
import inspect
import signal
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from chassis.service.protocol import ABORT, Protocol
from chassis.service.server import Server

REQUEST = b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"


async def ok(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def server(stopping: Any = lambda: None) -> Server:
    return Server(ok, stopping=stopping, graceful_seconds=1)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Server.shutdown, uvicorn.Server.shutdown),
        (Server.capture_signals, uvicorn.Server.capture_signals),
        (Server.handle_exit, uvicorn.Server.handle_exit),
        (Server.main_loop, uvicorn.Server.main_loop),
    ],
    ids=lambda method: method.__qualname__,
)
def test_what_is_overridden_is_still_in_uvicorn(ours: Any, theirs: Any) -> None:
    assert ours is not theirs
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)


async def test_a_server_that_stops_says_so_before_it_waits_for_requests() -> None:
    calls: list[str] = []
    example = server(lambda: calls.append("stopping"))
    example.config.load()

    async def shut_down() -> None:
        calls.append("lifespan")

    example.lifespan = SimpleNamespace(shutdown=shut_down)
    example.servers = []
    await example.shutdown()
    assert calls == ["stopping", "lifespan"]


@pytest.fixture
def handlers() -> Iterator[None]:
    """The process has its own signal handlers again when the test is over."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
async def test_a_signal_ends_the_server_and_a_second_one_the_process() -> None:
    example = server()
    with example.capture_signals():
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0.01)
    assert example.should_exit
    assert signal.getsignal(signal.SIGINT) == signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


class Ticking(Server):
    """A server that says when it has renewed its headers."""

    def __init__(self) -> None:
        super().__init__(ok, stopping=lambda: None, graceful_seconds=1)
        self.config.load()
        self.ticked = asyncio.Event()

    async def on_tick(self, counter: int) -> bool:
        has_ended = await super().on_tick(counter)
        self.ticked.set()
        return has_ended


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("end", [Server.stop, lambda _: signal.raise_signal(signal.SIGTERM)])
async def test_it_ends_without_waiting_for_a_tick(
    end: Callable[[Server], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.service.server.TICK_SECONDS", 3600)
    example = Ticking()
    with example.capture_signals():
        running = asyncio.create_task(example.main_loop())
        await example.ticked.wait()
        end(example)
        await running


async def test_the_date_header_is_renewed_with_each_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.service.server.TICK_SECONDS", 0.001)
    example = Ticking()
    running = asyncio.create_task(example.main_loop())
    for _ in range(2):
        await example.ticked.wait()
        [(name, _)] = example.server_state.default_headers
        assert name == b"date"
        example.server_state.default_headers = []
        example.ticked.clear()
    example.stop()
    await running


class Transport(asyncio.Transport):
    """A connection that notes what is done to it."""

    protocol: asyncio.Protocol

    def __init__(self) -> None:
        super().__init__()
        self.options: list[tuple[int, int, bytes]] = []
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self if name == "socket" else default

    def setsockopt(self, level: int, option: int, value: bytes) -> None:
        self.options.append((level, option, value))

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 8000

    getpeername = getsockname
    family = socket.AF_INET

    def abort(self) -> None:
        self.aborted = True
        self.protocol.connection_lost(None)

    def close(self) -> None:
        """It is closed already."""

    def is_closing(self) -> bool:
        return self.aborted


async def test_an_application_can_reset_its_connection() -> None:
    config = server().config
    config.load()
    transport = Transport()
    protocol: Any = Protocol(config, ServerState(), {}, asyncio.get_running_loop())
    transport.protocol = protocol
    protocol.connection_made(transport)
    protocol.data_received(REQUEST)
    protocol.scope["extensions"][ABORT]["call"]()
    assert transport.aborted
    assert transport.options == [
        (socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    ]
