"""Runs a service as a process: settings, logs, socket, server, exit code."""

import asyncio
import gc
import resource
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

import uvloop

from chassis.observability import logs
from chassis.runtime.permissions import restrict
from chassis.runtime.settings import ConfigurationError, SettingsT, load, require_protected
from chassis.service.development import run_with_reload
from chassis.service.lifecycle import Service
from chassis.service.server import Server

STOPPED = 0
DIED = 1
MISCONFIGURED = 2

OTHER_FILES = 1024
"""Files that a service may have open beside its connections."""


def run(create_app: Callable[[SettingsT], Service], settings_class: type[SettingsT]) -> NoReturn:
    """Run a service until a signal stops it; ends the process.

    Exit codes: 0 stopped by a signal, 1 died (start it again), 2 the configuration is wrong. With
    the argument ``--check`` it only reads the settings, with ``--reload`` it restarts the service
    whenever its code changes.
    """
    try:
        settings = load(settings_class)
        require_protected(settings)
        if "--check" in sys.argv[1:]:
            sys.exit(STOPPED)
        if "--reload" in sys.argv[1:]:
            run_with_reload(settings)
            sys.exit(STOPPED)
        _allow_files(settings.http.max_connections + OTHER_FILES)
        listener = _listen(settings.host, settings.port, share=settings.share_port)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(MISCONFIGURED)
    logs.configure(
        settings.service,
        settings.log_level,
        console=settings.log_format == "console",
        exception_texts=settings.log_exception_texts,
    )
    restrict()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code = runner.run(_serve(create_app, settings, listener))
    except ConfigurationError as error:  # an extra that a setting needs is missing
        sys.stderr.write(f"{error}\n")
        sys.exit(MISCONFIGURED)
    sys.exit(code)


async def _serve(
    create_app: Callable[[SettingsT], Service], settings: SettingsT, listener: socket.socket
) -> int:
    service = create_app(settings)
    # What has been imported stays: collecting garbage need not look at it again and again.
    gc.freeze()
    gc.enable()
    server = Server(
        service.http,
        stopping=service.stopping,
        graceful_seconds=int(settings.delivery.graceful_timeout_seconds) + 1,
        limits=settings.http,
    )
    watcher = asyncio.create_task(_stop_when_died(service, server))
    await server.serve(sockets=[listener])
    watcher.cancel()
    is_well = server.started and not service.died.is_set()
    return STOPPED if is_well else DIED


async def _stop_when_died(service: Service, server: Server) -> None:
    await service.died.wait()
    server.stop()


def _allow_files(number: int) -> None:
    """Raise the soft limit of open files, which is often 1024, as far as the hard one allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(host: str, port: int, *, share: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.set_inheritable(False)
    return listener
