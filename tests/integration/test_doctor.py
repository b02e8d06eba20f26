"""`hdv doctor` finds what is really wrong with a running installation."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from contracts.channels import DEAD_LETTER, UPLOADS
from hdv.cli import app
from kit.pipeline import Pipeline, RedisServer

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> None:
    for name, value in pipeline.environment.items():
        if name.startswith("HDV_"):
            monkeypatch.setenv(name, value)
    for name in ("uploads", "quarantine", "archive", "audit"):
        (pipeline.directory / name).mkdir(mode=0o750)


def doctor(pipeline: Pipeline) -> tuple[int, dict[str, str]]:
    """The exit code, and what is not well by its subject."""
    result = CliRunner().invoke(app, ["doctor", "--url", pipeline.url, "--format", "json"])
    assert result.exit_code in {0, 1}, result.output
    found: Any = json.loads(result.stdout)["diagnoses"]
    return result.exit_code, {one["subject"]: one["found"] for one in found if one["level"] != "ok"}


def test_an_installation_that_works_has_no_error(pipeline: Pipeline, ct: bytes) -> None:
    pipeline.start_all()
    pipeline.wait_for(pipeline.upload(ct), "archived")
    code, found = doctor(pipeline)
    # The server of the tests asks for no password and does not sync each write.
    assert (code, sorted(found)) == (0, ["Redis durability", "Redis password"])
    assert "power cut" in found["Redis durability"]


def test_a_redis_that_may_lose_data_is_found(pipeline: Pipeline, redis_server: RedisServer) -> None:
    for name, value in {
        "appendonly": "no",
        "appendfsync": "always",
        "maxmemory-policy": "allkeys-lru",
    }.items():
        redis_server.client.config_set(name, value)
    code, found = doctor(pipeline)
    assert code == 1
    assert "no append-only file" in found["Redis durability"]
    assert "allkeys-lru deletes data" in found["Redis memory"]


def test_services_that_do_not_run_and_what_waits_for_them_are_found(
    pipeline: Pipeline, redis_server: RedisServer
) -> None:
    redis_server.client.xadd(UPLOADS.address, {"__data__": ""}, id="1000-0")
    redis_server.client.xgroup_create(UPLOADS.address, "validator", id="0")
    redis_server.client.xgroup_create(UPLOADS.address, "left-over", id="0")
    redis_server.client.xadd(DEAD_LETTER, {"code": "x"})
    code, found = doctor(pipeline)
    assert code == 1
    assert found["service validator"] == "none reads its messages"
    assert "1 undelivered" in found["backlog uploads validator"]
    assert "no service of ours" in found["group left-over"]
    assert found["dead letters"].startswith("1;")
    assert "ConnectError" in found["service gateway"]


def test_the_redis_of_another_archive_is_found_and_nothing_is_changed(
    pipeline: Pipeline, redis_server: RedisServer
) -> None:
    redis_server.client.set("installation", "0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
    keys = redis_server.client.keys()
    code, found = doctor(pipeline)
    assert (code, "different installations" in found["installation"]) == (1, True)
    assert redis_server.client.keys() == keys


def test_a_redis_that_is_gone_is_found(pipeline: Pipeline, redis_server: RedisServer) -> None:
    redis_server.stop()
    code, found = doctor(pipeline)
    assert (code, "cannot be used" in found["Redis"]) == (1, True)


def test_a_setting_that_is_unknown_is_found(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HDV_VALIDATOR__PROCESESS", "4")
    code, found = doctor(pipeline)
    assert (code, "unknown setting 'procesess'" in found["settings"]) == (1, True)


def test_people_see_the_advice_below_each_fault(pipeline: Pipeline) -> None:
    result = CliRunner().invoke(app, ["doctor", "--url", pipeline.url])
    assert "-> docs/runbooks/HdvServiceDown.md" in result.stdout
    assert " error" in result.stdout.splitlines()[-1]
