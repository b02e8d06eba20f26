"""HTTP/1.1 as services speak it: uvicorn's protocol on httptools, with limits that it has not.

The parser keeps what it is given until a header is complete, so bytes are counted before it gets
them. What is overridden was read in uvicorn 0.54, which does not document it;
`tests/unit/chassis/service/test_protocol.py` checks that the installed version still has it.
"""

import asyncio
import socket
import struct
from collections import deque
from typing import Any, NoReturn

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from chassis.observability.logs import get_logger
from chassis.runtime.settings import HttpSettings
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

ABORT = "hdv.abort"
"""ASGI extension: its `call` closes the connection at once and drops what waits to be sent.

Without it a client that has stopped reading could keep its connection, and the data buffered for
it, for as long as it likes.
"""
MOST_PIPELINED = 64
"""Requests that a client may send before it gets the answer to the first one."""
LINGER_SECONDS = 2.0
"""How long a refused client may go on sending before the connection is reset.

A reset at once would take the answer from the client before it has read it.
"""
_NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER, on for 0 seconds: closing resets the connection and drops the system's buffer."""


class Protocol(HttpToolsProtocol):
    """A connection of a client.

    Args:
        config: uvicorn's.
        server_state: uvicorn's, with all connections.
        app_state: uvicorn's.
        limits: what the client may send, and for how long the connection may wait.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: HttpSettings | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits or HttpSettings()
        self.waiting_since: float | None = None
        """When it began to wait for a request; None while one is being answered."""
        self._unanswered: deque[RequestResponseCycle] = deque()
        self._exceeded: ProblemType | None = None
        self._is_refused = False
        self._pending_bytes = 0
        """What the parser was given since it has last returned something."""
        self._head_bytes = 0
        self._deadline: float | None = None
        self._unsent: tuple[float, int] | None = None
        """When the client last read something although more was waiting, and how much that was."""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]  # as uvicorn has it, and asyncio has not
        self, transport: asyncio.Transport
    ) -> None:
        """Begin; or make room for the connection, or refuse it."""
        super().connection_made(transport)
        self.waiting_since = self.loop.time()
        self._expect_within(self.limits.header_seconds)
        if len(self.connections) > self.limits.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; every request learns of it, with uvicorn only the last one."""
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def data_received(self, data: bytes) -> None:
        """Give data to the parser, unless the limit is reached."""
        if self._is_refused:
            return
        if self._deadline is None and not self._is_answering:
            self._expect_within(self.limits.header_seconds)
        self._pending_bytes += len(data)
        super().data_received(data)
        if self._pending_bytes > self.limits.max_header_bytes:
            self._refuse(ProblemType.HEADERS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins; its scope gets the extension `ABORT`."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"call": self._abort}}
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        super().on_url(url)
        if len(self.url) > self.limits.max_url_bytes:
            self._exceed(ProblemType.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which the parser does not tell apart."""
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + len(": \r\n")
        if (
            len(self.url) + self._head_bytes > self.limits.max_header_bytes
            or len(self.headers) > self.limits.max_headers
        ):
            self._exceed(ProblemType.HEADERS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Begin to answer the request."""
        if len(self.pipeline) >= MOST_PIPELINED:
            self._exceed(ProblemType.TOO_MANY_CONNECTIONS)
        self._pending_bytes = 0
        self._deadline = self.waiting_since = None
        super().on_headers_complete()
        self._unanswered.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._pending_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._unanswered.popleft()
        super().on_response_complete()
        if not self.pipeline:
            self.waiting_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Refuse what could not be parsed, or what exceeds a limit."""
        del msg
        self._refuse(self._exceeded or ProblemType.BAD_REQUEST)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is sent something."""
        super().pause_writing()
        self._unsent = (self.loop.time(), self.transport.get_write_buffer_size())
        self._wake_up_at(self._unsent[0] + self.limits.stalled_seconds)

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        self._unsent = None

    @property
    def _is_answering(self) -> bool:
        # Before the first request uvicorn has None there, which its types deny.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _exceed(self, kind: ProblemType) -> NoReturn:
        """Stop the parser, which calls `send_400_response`."""
        self._exceeded = kind
        raise ValueError(kind.slug)

    def _refuse(self, kind: ProblemType) -> None:
        """Answer with a problem if that is still possible, and end the connection."""
        if self._is_refused:
            return
        self._is_refused = True
        get_logger().info("connection.refused", problem=kind.slug)
        if self._is_answering:
            if self.cycle.response_started or self.pipeline:
                self._abort()
                return
            self.cycle.disconnected = True  # what is sent from now on is discarded
            self.cycle.message_event.set()
        self.transport.write(self._answer(kind))
        if not self.transport.can_write_eof():  # TLS
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self.waiting_since = self.loop.time()
        self._expect_within(LINGER_SECONDS)

    def _answer(self, kind: ProblemType) -> bytes:
        response = Problem(kind, headers={"Connection": "close"}).response()
        headers = [*self.server_state.default_headers, *response.raw_headers]
        lines = [b"%b: %b\r\n" % header for header in headers]
        return b"".join([STATUS_LINE[kind.status], *lines, b"\r\n", response.body])

    def _make_room(self) -> None:
        """Close the connection that has waited longest for a request; refuse this if none waits."""
        waiting = [
            connection
            for connection in self.connections
            if isinstance(connection, Protocol)
            and connection is not self
            and connection.waiting_since is not None
        ]
        if not waiting:
            self._refuse(ProblemType.TOO_MANY_CONNECTIONS)
            return
        oldest = min(waiting, key=lambda connection: connection.waiting_since or 0)
        oldest.waiting_since = None  # it is closed only once
        oldest.transport.close()

    def _expect_within(self, seconds: float) -> None:
        """End the connection unless a request, or its end, has come within some seconds."""
        self._deadline = self.loop.time() + seconds
        self._wake_up_at(self._deadline)

    def _wake_up_at(self, time: float) -> None:
        """Look at the time limits then, or earlier: a timer for each request would cost more."""
        if self._timer is None or time < self._timer.when():
            if self._timer:
                self._timer.cancel()
            self._timer = self.loop.call_at(time, self._check_time)

    def _check_time(self) -> None:
        self._timer = None
        now = self.loop.time()
        if self._deadline is not None:
            if now >= self._deadline:
                self._end_waiting()
                return
            self._wake_up_at(self._deadline)
        if self._unsent:
            since, size_bytes = self._unsent
            if now >= since + self.limits.stalled_seconds:
                if self.transport.get_write_buffer_size() >= size_bytes:
                    self._abort()
                    return
                self._unsent = (now, self.transport.get_write_buffer_size())
            self._wake_up_at(self._unsent[0] + self.limits.stalled_seconds)

    def _end_waiting(self) -> None:
        """Nothing has come in time."""
        if self._is_refused:
            self._abort()
        elif self._pending_bytes:
            self._refuse(ProblemType.REQUEST_STALLED)
        else:
            self.transport.close()

    def _abort(self) -> None:
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()
