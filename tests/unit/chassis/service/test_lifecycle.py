"""A service: its request log, its background work, its consumer groups."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request
from structlog.testing import capture_logs
from structlog.typing import EventDict

from chassis.observability.metrics import Metrics
from chassis.runtime.settings import DeliverySettings, ServiceSettings
from chassis.service.lifecycle import RequestLog, Service
from chassis.web import problem
from contracts.channels import ARCHIVED, UPLOADS
from contracts.volumes import INCOMING

PATIENT = "DOE^JANE"


class ExampleSettings(ServiceSettings):
    """Settings of a service that exists in these tests only."""

    service: ClassVar[str] = "validator"


SETTINGS = ExampleSettings.model_construct(
    host="127.0.0.1",
    port=0,
    log_level="info",
    redis_url="redis://127.0.0.1:6379/0",
    redis_password=None,
    delivery=DeliverySettings(claim_idle_seconds=30, max_deliveries=5, graceful_timeout_seconds=15),
)


def service() -> Service:
    return Service(SETTINGS, description="An example.", instance="here-1")


def example(metrics: Metrics) -> FastAPI:
    app = FastAPI()
    problem.install(app)

    @app.get("/studies/{study}")
    async def show(study: str) -> str:
        return study

    @app.get("/health/live")
    async def live() -> str:
        return "live"

    @app.get("/fails")
    async def fail() -> None:
        raise ValueError(PATIENT)

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    app.add_middleware(RequestLog, metrics=metrics)
    return app


Ask = Callable[..., Awaitable[tuple[httpx.Response, EventDict]]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Asks the example; returns its answer and the one line that it logs about the request."""
    transport = httpx.ASGITransport(example(Metrics("gateway")), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:

        async def request(
            method: str, path: str, **headers: str
        ) -> tuple[httpx.Response, EventDict]:
            with capture_logs() as lines:
                response = await client.request(method, path, headers=headers)
            [line] = [line for line in lines if line["event"] == "request"]
            return response, line

        yield request


async def test_a_request_is_logged_by_its_route_and_never_by_its_path(ask: Ask) -> None:
    response, line = await ask("GET", f"/studies/{PATIENT}?name={PATIENT}")
    assert response.json() == PATIENT
    assert line["route"] == "/studies/{study}"
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["duration_ms"] >= 0
    assert PATIENT not in str(line)


@pytest.mark.parametrize(
    ("method", "path", "status", "route"),
    [
        ("GET", f"/{PATIENT}", 404, "unknown"),
        ("DELETE", f"/studies/{PATIENT}", 405, "/studies/{study}"),
        ("GET", "/fails", 500, "/fails"),
    ],
)
async def test_a_request_that_fails_is_logged_too(
    ask: Ask, method: str, path: str, status: int, route: str
) -> None:
    response, line = await ask(method, path)
    assert response.status_code == status
    assert (line["status"], line["route"]) == (status, route)
    assert PATIENT not in str(line)


async def test_what_operates_a_service_is_logged_for_debugging_only(ask: Ask) -> None:
    assert (await ask("GET", "/health/live"))[1]["log_level"] == "debug"
    assert (await ask("GET", "/studies/1"))[1]["log_level"] == "info"


async def test_a_request_without_an_id_gets_one(ask: Ask) -> None:
    response, line = await ask("GET", "/studies/1")
    assert UUID(response.headers["x-request-id"])
    assert line["request_id"] == response.headers["x-request-id"]


async def test_a_clients_request_id_is_used_when_it_is_a_plain_token(ask: Ask) -> None:
    response, line = await ask("GET", "/studies/1", **{"X-Request-ID": "abc-123"})
    assert response.headers["x-request-id"] == line["request_id"] == "abc-123"


@pytest.mark.parametrize("sent", [PATIENT, "a b", "a_b", "-", "", "a" * 65, '{"a":1}'])
async def test_any_other_request_id_is_replaced(ask: Ask, sent: str) -> None:
    response, line = await ask("GET", "/studies/1", **{"X-Request-ID": sent})
    assert UUID(response.headers["x-request-id"])
    assert line["request_id"] == response.headers["x-request-id"]


async def test_an_answer_has_one_request_id(ask: Ask) -> None:
    response, _ = await ask("GET", "/studies/1")
    assert len(response.headers.get_list("x-request-id")) == 1


async def test_requests_are_measured_by_route() -> None:
    metrics = Metrics("gateway")
    transport = httpx.ASGITransport(example(metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        await client.get(f"/studies/{PATIENT}")
        await client.get(f"/{PATIENT}")
    text = metrics.exposition().decode()
    assert 'method="GET",route="/studies/{study}",service="gateway",status="200"' in text
    assert 'method="GET",route="unknown",service="gateway",status="404"' in text
    assert PATIENT not in text


async def test_what_is_no_request_passes_by() -> None:
    seen = []

    async def app(scope: object, _: object, __: object) -> None:
        seen.append(scope)

    await RequestLog(app, Metrics("gateway"))({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == [{"type": "lifespan"}]


async def test_background_work_runs_for_as_long_as_the_service_lives() -> None:
    example = service()
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with example._background(work):
        await started.wait()
    assert ended.is_set()
    assert not example.died.is_set()


async def test_background_work_that_fails_ends_the_service_without_telling_its_text() -> None:
    example = service()

    async def work() -> None:
        raise ValueError(PATIENT)

    with capture_logs() as lines, pytest.raises(ValueError, match="DOE"):
        async with example._background(work):
            await example.died.wait()
    [line] = lines
    assert line["event"] == "service.background_died"


async def test_background_work_that_just_ends_ends_the_service_too() -> None:
    example = service()

    async def work() -> None:
        """Nothing more to do."""

    with capture_logs():
        async with example._background(work):
            await example.died.wait()


async def test_a_subscriber_that_has_stopped_ends_the_service() -> None:
    example = service()

    async def handle(_: object) -> None:
        """Never called: the broker is not started."""

    example.consume(UPLOADS, handle)
    with capture_logs(), pytest.raises(RuntimeError, match="subscriber"):
        async with example._background(example._watch_subscribers):
            await example.died.wait()
    with pytest.raises(RuntimeError, match="subscriber"):
        await example.checks["subscribers"]()


def test_a_service_reads_no_channel_that_does_not_know_it() -> None:
    async def handle(_: object) -> None:
        """Never called."""

    with pytest.raises(ValueError, match=r"validator is no consumer group of study\.archived"):
        service().consume(ARCHIVED, handle)


async def test_a_handler_stands_behind_a_reader_and_a_claimer_with_names_of_their_own() -> None:
    example = service()

    async def handle(_: object) -> None:
        """Never called."""

    example.consume(UPLOADS, handle, concurrency=4)
    streams = [subscriber.stream_sub for subscriber in example.broker.subscribers]
    assert {stream.name for stream in streams} == {"uploads"}
    assert {stream.group for stream in streams} == {"validator"}
    assert {stream.consumer for stream in streams} == {"here-1", "here-1-claimer"}
    [reader] = [stream for stream in streams if stream.consumer == "here-1"]
    [claimer] = [stream for stream in streams if stream.consumer == "here-1-claimer"]
    assert (reader.min_idle_time, reader.max_records) == (None, 1)
    assert claimer.min_idle_time == 30_000


def test_volumes_are_made_swept_and_checked(tmp_path: Path) -> None:
    example = service()
    uploads = tmp_path / "uploads"
    example.work_on(uploads, stale_after_seconds=60)

    async def start() -> None:
        [resource] = example._resources
        async with resource():
            await example.checks["volume"]()

    asyncio.run(start())
    assert [path.name for path in uploads.iterdir()] == [INCOMING]
