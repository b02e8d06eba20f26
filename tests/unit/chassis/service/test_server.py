"""The uvicorn server: what is overridden is still there, and what it is for still works."""

import asyncio
import inspect
import signal
import socket
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from chassis.service.server import ABORT, Protocol, Server

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
        (Protocol.on_message_begin, HttpToolsProtocol.on_message_begin),
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


async def test_a_signal_ends_the_server_and_is_not_raised_again() -> None:
    example = server()
    with example.capture_signals():
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0.01)
    assert example.should_exit
    loop = asyncio.get_running_loop()
    assert [loop.remove_signal_handler(n) for n in (signal.SIGINT, signal.SIGTERM)] == [True, True]


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
