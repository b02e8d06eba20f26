"""The uvicorn server as services need it; `chassis.service.protocol` has its connections.

It overrides methods that uvicorn does not document. They were read in uvicorn 0.54, and
`tests/unit/chassis/service/test_server.py` checks that the installed version still has them.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from chassis.runtime.settings import HttpSettings
from chassis.service.protocol import Protocol

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
TICK_SECONDS = 1.0
"""How often the time in the `Date` header is renewed."""

OPTIONS: dict[str, Any] = {
    "http": "chassis.service.protocol:Protocol",
    "ws": "none",
    "lifespan": "on",
    "log_config": None,
    "access_log": False,
    "server_header": False,
    # What a client says about its address is believed from no one; `public_url` is for links.
    "proxy_headers": False,
    "timeout_keep_alive": 30,
}
"""Uvicorn's settings, however a service is run."""


class Server(uvicorn.Server):
    """Uvicorn, but after a signal it returns from `serve` and does not raise the signal again.

    Args:
        app: the ASGI application.
        stopping: called when the server has to stop, before it waits for open requests: requests
            that never end by themselves must end then.
        graceful_seconds: how long it waits for open requests.
        limits: of each connection.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        stopping: Callable[[], None],
        graceful_seconds: int,
        limits: HttpSettings | None = None,
    ) -> None:
        limits = limits or HttpSettings()
        options = OPTIONS | {
            "http": partial(Protocol, limits=limits),
            "timeout_keep_alive": limits.keep_alive_seconds,
            "timeout_graceful_shutdown": graceful_seconds,
        }
        super().__init__(uvicorn.Config(app, **options))
        self._stopping = stopping
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Begin to stop."""
        self.should_exit = True
        self._stop.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second SIGINT waits for no request."""
        super().handle_exit(sig, frame)
        self._stop.set()

    async def main_loop(self) -> None:
        """Run until `stop`; uvicorn would wake up ten times a second to look."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, after the call to `stopping`."""
        self._stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; a second signal ends the process at once.

        Nothing is lost by that: to the messages in work it is one more kill.
        """
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            self.handle_exit(number, None)
            for each in _SIGNALS:
                loop.remove_signal_handler(each)
                signal.signal(each, signal.SIG_DFL)

        for number in _SIGNALS:
            loop.add_signal_handler(number, stop, number)
        yield
