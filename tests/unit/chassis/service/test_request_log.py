"""The request log: one line for each request, by its route, with an id."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI, Request
from structlog.testing import capture_logs
from structlog.typing import EventDict

from chassis.observability.metrics import Metrics
from chassis.service.request_log import RequestLog
from chassis.web import problem

PATIENT = "DOE^JANE"


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


Ask = Callable[..., Awaitable[tuple[httpx2.Response, EventDict]]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Asks the example; returns its answer and the one line that it logs about the request."""
    transport = httpx2.ASGITransport(example(Metrics("gateway")), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:

        async def request(
            method: str, path: str, **headers: str
        ) -> tuple[httpx2.Response, EventDict]:
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


async def test_health_checks_and_metrics_are_logged_for_debugging_only(ask: Ask) -> None:
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
    transport = httpx2.ASGITransport(example(metrics))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        await client.get(f"/studies/{PATIENT}")
        await client.get(f"/{PATIENT}")
    text = metrics.exposition().decode()
    assert 'method="GET",route="/studies/{study}",service="gateway",status="200"' in text
    assert 'method="GET",route="unknown",service="gateway",status="404"' in text
    assert PATIENT not in text


async def test_only_http_requests_are_logged() -> None:
    seen = []

    async def app(scope: object, _: object, __: object) -> None:
        seen.append(scope)

    await RequestLog(app, Metrics("gateway"))({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == [{"type": "lifespan"}]
