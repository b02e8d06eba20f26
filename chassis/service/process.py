"""Runs a service as a process: settings, logs, socket, uvicorn, exit code."""

import asyncio
import contextlib
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.observability import logs
from chassis.runtime.settings import ConfigurationError, SettingsT, load
from chassis.service.lifecycle import Service

STOPPED = 0
DIED = 1
MISCONFIGURED = 2

ABORT = "hdv.abort"
"""ASGI extension: its `call` closes the connection at once, whatever waits to be sent.

Otherwise a client that has stopped reading keeps its connection, and what was written to it, for
as long as it likes.
"""


def run(create_app: Callable[[SettingsT], Service], settings_class: type[SettingsT]) -> NoReturn:
    """Run a service until it is told to stop; ends the process.

    Exit codes: 0 stopped by a signal, 1 died (start it again), 2 the configuration is wrong.
    With the argument ``--check`` the settings are read, and that is all.
    """
    try:
        settings = load(settings_class)
        if "--check" in sys.argv[1:]:
            sys.exit(STOPPED)
        listener = _listen(settings.host, settings.port)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(MISCONFIGURED)
    logs.configure(settings.service, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_serve(create_app, settings, listener))
    sys.exit(code)


async def _serve(
    create_app: Callable[[SettingsT], Service], settings: SettingsT, listener: socket.socket
) -> int:
    service = create_app(settings)
    server = _Server(
        uvicorn.Config(
            service.http,
            log_config=None,
            access_log=False,
            server_header=False,
            http=_Protocol,
            ws="none",
            lifespan="on",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=int(settings.delivery.graceful_timeout_seconds) + 1,
        ),
        service,
    )
    watcher = asyncio.create_task(_stop_when_died(service, server))
    await server.serve(sockets=[listener])
    watcher.cancel()
    healthy = server.started and not service.died.is_set()
    return STOPPED if healthy else DIED


async def _stop_when_died(service: Service, server: uvicorn.Server) -> None:
    await service.died.wait()
    server.should_exit = True


class _Server(uvicorn.Server):
    """Uvicorn, but a signal ends it in an orderly way: exit code 0."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn would wait for answers that never end by themselves."""
        self._service.stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn would raise the signal again after its shutdown."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


class _Protocol(HttpToolsProtocol):
    """Uvicorn's HTTP with the extension `ABORT`."""

    def on_message_begin(self) -> None:
        """A request begins: its scope is made."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"call": self._abort}}

    def _abort(self) -> None:
        # Else the system would go on trying to send what it has buffered.
        reset = struct.pack("ii", 1, 0)
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        self.transport.abort()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.set_inheritable(False)
    return listener
