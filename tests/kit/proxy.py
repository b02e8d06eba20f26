"""A TCP proxy in front of a server, which does what bad networks do."""

import asyncio
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from kit.ports import free_port

_CHUNK = 65536
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class _Network:
    """How the network behaves."""

    refuses: bool = False
    passes_requests: bool = True
    passes_answers: bool = True
    swallows_answers_to: bytes | None = None
    holds: bytes | None = None
    delay_seconds: float = 0.0
    cut_share: float = 0.0


class Proxy:
    """Passes connections on to a server, as well as the network allows.

    It runs in a thread, so that synchronous and asynchronous tests can use it. Each behaviour lasts
    as long as its context. Connections that have lost bytes are cut when the behaviour ends, for
    nothing sensible can follow on them.

    Args:
        server_port: of the server, on this machine.
        chance: decides which connections are cut.

    Attributes:
        port: the port to connect to instead.
    """

    def __init__(self, server_port: int, chance: random.Random | None = None) -> None:
        self.port = free_port()
        self._server_port = server_port
        self._chance = chance or random.Random()
        self._network = _Network()
        self._connections: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._ready, self._stopped = threading.Event(), asyncio.Event()
        self._held = asyncio.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve()])

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """All connections are cut, and new ones at once."""
        with self._behaving(_Network(refuses=True)):
            self.cut()
            yield

    @contextmanager
    def silent(self) -> Iterator[None]:
        """A black hole: connections stay open, and nothing passes."""
        with self._behaving(_Network(passes_requests=False, passes_answers=False)):
            yield

    @contextmanager
    def swallowing_answers(self, to: bytes = b"") -> Iterator[None]:
        """Requests reach the server, and its answers never the client.

        Args:
            to: only answers to requests that contain this, and all later ones on that connection.
        """
        with self._behaving(_Network(swallows_answers_to=to)):
            yield

    @contextmanager
    def holding(self, requests: bytes) -> Iterator[None]:
        """Requests that contain this arrive at the end of the context, even if their client left.

        Args:
            requests: which.
        """
        before, self._network = self._network, _Network(holds=requests)
        try:
            yield
        finally:
            self._network = before
            self._loop.call_soon_threadsafe(self._let_go)

    @contextmanager
    def delaying(self, seconds: float) -> Iterator[None]:
        """Everything takes so much longer, each way."""
        with self._behaving(_Network(delay_seconds=seconds)):
            yield

    @contextmanager
    def cutting(self, share: float) -> Iterator[None]:
        """So many of all requests and answers cut their connection instead of passing."""
        with self._behaving(_Network(cut_share=share)):
            yield

    def cut(self) -> None:
        """Cut all connections."""
        asyncio.run_coroutine_threadsafe(self._cut_all(), self._loop).result(10)

    @contextmanager
    def _behaving(self, network: _Network) -> Iterator[None]:
        self._network = network
        try:
            yield
        finally:
            self._network = _Network()
            if not network.delay_seconds:
                self.cut()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Not asyncio's server: it loses connections that it has just accepted when it is closed.
        with socket.create_server((_HOST, self.port)) as server:
            server.setblocking(False)
            self._loop.add_reader(server, self._accept, server)
            self._ready.set()
            await self._stopped.wait()
            self._loop.remove_reader(server)
        while self._handlers:
            await self._cut_all()  # again: some are just connecting to the server
            await asyncio.wait(self._handlers, timeout=0.05)

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):  # the client has gone already
            client, _ = server.accept()
            handler = asyncio.create_task(self._connected(client))
            self._handlers.add(handler)
            handler.add_done_callback(self._handlers.discard)

    async def _connected(self, accepted: socket.socket) -> None:
        client, answers = await asyncio.open_connection(sock=accepted)
        self._connections.add(answers)
        try:
            if self._network.refuses:
                return
            server, requests = await asyncio.open_connection(_HOST, self._server_port)
            self._connections.add(requests)
            connection = _Connection()
            try:
                passing = (
                    self._pass_requests(client, requests, connection),
                    self._pass_answers(server, answers, connection),
                )
                directions = [asyncio.create_task(direction) for direction in passing]
                _, left = await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
                for task in left:
                    task.cancel()
                await asyncio.gather(*directions, return_exceptions=True)
            finally:
                await self._closed(requests)
        except OSError:
            pass  # the server is not there, or an end has hung up
        finally:
            await self._closed(answers)

    async def _pass_requests(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, connection: "_Connection"
    ) -> None:
        while chunk := await self._next(source):
            wanted = self._network.swallows_answers_to
            if wanted is not None and wanted in chunk:
                connection.is_deaf = True
            if self._network.holds is not None and self._network.holds in chunk:
                await self._held.wait()
            if self._network.passes_requests:
                target.write(chunk)
                await target.drain()

    async def _pass_answers(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, connection: "_Connection"
    ) -> None:
        while chunk := await self._next(source):
            if self._network.passes_answers and not connection.is_deaf:
                target.write(chunk)
                await target.drain()

    async def _next(self, source: asyncio.StreamReader) -> bytes:
        """The next bytes; none at the end of the connection."""
        with suppress(OSError):
            chunk = await source.read(_CHUNK)
            if self._network.delay_seconds:
                await asyncio.sleep(self._network.delay_seconds)
            return b"" if self._chance.random() < self._network.cut_share else chunk
        return b""

    def _let_go(self) -> None:
        self._held.set()
        self._held = asyncio.Event()

    async def _cut_all(self) -> None:
        for writer in list(self._connections):
            self._close(writer)

    async def _closed(self, writer: asyncio.StreamWriter) -> None:
        self._close(writer)
        with suppress(OSError):
            await writer.wait_closed()

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self._connections.discard(writer)
        writer.transport.abort()


@dataclass
class _Connection:
    """What is known about one connection."""

    is_deaf: bool = False
    """Whether its answers do not come through any more."""
