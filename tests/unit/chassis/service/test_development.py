"""A service on a developer's machine: restarted when its code changes, with logs for people."""

import logging
from importlib import import_module
from typing import Any

import pytest
import structlog
import uvicorn
from fastapi import FastAPI

from chassis.observability import logs
from chassis.runtime.settings import ConfigurationError, load
from chassis.service.development import application, run_with_reload
from chassis.service.protocol import Protocol
from chassis.service.server import OPTIONS
from status.app import create_app
from status.settings import StatusSettings

SERVICES = ("gateway", "validator", "descriptor", "status")


@pytest.fixture(autouse=True)
def _restored_logging(bare_environment: pytest.MonkeyPatch) -> Any:  # noqa: ARG001 -- comes first
    handlers, level = logging.root.handlers, logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers, logging.root.level = handlers, level
    for name in logs.SILENT:
        logging.getLogger(name).disabled = False


def test_the_code_of_a_service_and_of_its_libraries_is_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: calls.append((app, options)))
    run_with_reload(load(StatusSettings))
    [(app, options)] = calls
    assert app == "status.asgi:app"
    assert (options["host"], options["port"]) == ("127.0.0.1", 8001)
    watched = {path.rpartition("/")[2] for path in options["reload_dirs"]}
    assert watched == {"status", "chassis", "contracts", "engine", "storage"}


def test_a_service_that_reloads_has_the_same_http_as_any_other() -> None:
    config = uvicorn.Config("status.asgi:app", factory=True, **OPTIONS)
    config.load()
    assert config.http_protocol_class is Protocol


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_an_asgi_factory(name: str) -> None:
    app = import_module(f"{name}.asgi").app()
    assert isinstance(app, FastAPI)
    assert app.title.endswith(name)


def test_a_developers_logs_are_for_people(
    bare_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_environment.setenv("HDV_LOG_FORMAT", "console")
    application(create_app, StatusSettings)
    structlog.get_logger().info("service.started")
    line = capsys.readouterr().out
    assert "service.started" in line
    assert not line.startswith("{")


def test_a_wrong_setting_is_reported_as_ever(bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("HDV_STATUS__PROT", "8000")
    with pytest.raises(ConfigurationError, match="unknown setting 'prot'"):
        application(create_app, StatusSettings)
