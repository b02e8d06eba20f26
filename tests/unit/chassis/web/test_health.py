"""Health: alive is not ready, and not ready says which check fails."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis.observability.metrics import Metrics
from chassis.web import health
from chassis.web.health import Check, Health
from chassis.web.routing import provide
from kit.guards import unguarded


async def passes() -> None:
    """Nothing is wrong."""


async def fails() -> None:
    raise ConnectionError("redis://:secret@10.0.0.1 refused")


async def hangs() -> None:
    await asyncio.Event().wait()


@pytest.fixture
def checks() -> dict[str, Check]:
    return {"redis": passes}


@pytest_asyncio.fixture
async def client(checks: dict[str, Check]) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    provide(app, Health(checks, {}, Metrics("gateway")))
    app.include_router(health.router)
    unguarded(app)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as opened:
        yield opened


async def test_a_service_is_ready_when_every_check_passes(client: httpx2.AsyncClient) -> None:
    response = await client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"redis": "ok"}}


async def test_a_service_that_is_not_ready_names_the_check_and_not_its_secrets(
    client: httpx2.AsyncClient, checks: dict[str, Check]
) -> None:
    checks["volume"] = fails
    response = await client.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "checks": {"redis": "ok", "volume": "failed: ConnectionError"},
    }


async def test_a_service_that_is_ready_may_say_what_it_is_occupied_with(
    client: httpx2.AsyncClient, checks: dict[str, Check]
) -> None:
    async def rebuilds() -> str:
        return "being rebuilt"

    checks["index"] = rebuilds
    response = await client.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert response.json()["checks"]["index"] == "being rebuilt"


async def test_a_check_that_hangs_has_failed(
    client: httpx2.AsyncClient, checks: dict[str, Check], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_SECONDS", 0.01)
    checks["redis"] = hangs
    response = await client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"] == {"redis": "failed: TimeoutError"}


async def test_checks_run_at_the_same_time(
    client: httpx2.AsyncClient, checks: dict[str, Check]
) -> None:
    both_run = asyncio.Barrier(2)

    async def meet() -> None:
        await both_run.wait()

    checks.update(one=meet, other=meet)
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_service_lives_whatever_its_checks_say(
    client: httpx2.AsyncClient, checks: dict[str, Check]
) -> None:
    checks["redis"] = fails
    response = await client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "live"})


async def test_metrics_are_in_prometheus_text_format(client: httpx2.AsyncClient) -> None:
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE hdv_messages_total counter" in response.text
