"""A service on a developer's machine: alone, and restarted when its code changes."""

from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from chassis.observability import logs
from chassis.runtime.settings import ServiceSettings, SettingsT, load
from chassis.service.lifecycle import Service
from chassis.service.server import OPTIONS

ROOT = Path(__file__).parents[2]
LIBRARIES = ("chassis", "contracts", "engine", "storage")
"""Packages that every service is built from."""


def run_with_reload(settings: ServiceSettings) -> None:
    """Run `<service>.asgi:app` until Ctrl-C, and restart it whenever a module changes."""
    uvicorn.run(
        f"{settings.service}.asgi:app",
        factory=True,
        reload=True,
        reload_dirs=[str(ROOT / package) for package in (settings.service, *LIBRARIES)],
        host=settings.host,
        port=settings.port,
        timeout_graceful_shutdown=1,
        **OPTIONS,
    )


def application(
    create_app: Callable[[SettingsT], Service], settings_class: type[SettingsT]
) -> FastAPI:
    """The ASGI application of a service, with settings and logs as `run` sets them up.

    Raises:
        chassis.runtime.settings.ConfigurationError: a setting is unknown, missing or impossible.
    """
    settings = load(settings_class)
    logs.configure(
        settings.service,
        settings.log_level,
        console=settings.log_format == "console",
        exception_texts=settings.log_exception_texts,
    )
    return create_app(settings).http
