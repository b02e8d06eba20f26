"""Errors over HTTP: problem documents with a stable type, and nothing said that should not be."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from chassis.web import problem
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

PATIENT = "DOE^JANE"


class Body(BaseModel):
    """What the example takes."""

    size: int


def example() -> FastAPI:
    """An application that fails in every way."""
    app = FastAPI()
    problem.install(app)

    @app.get("/items/{number}")
    async def show(number: int) -> int:
        return number

    @app.post("/items")
    async def make(body: Body) -> int:
        return body.size

    # As the services have them: in routers of their own.
    more = APIRouter()

    @more.delete("/items/{number}")
    async def remove(number: int) -> None:
        pass

    @more.post("/items/purge")
    async def purge() -> None:
        pass

    app.include_router(more)

    @app.get("/fails/{how}")
    async def fail(how: str) -> None:
        raise {
            "unexpected": ValueError(PATIENT),
            "redis": RedisConnectionError(f"{PATIENT} refused"),
            "redis-refuses": ResponseError(PATIENT),
            "known": Problem(ProblemType.NOT_ARCHIVED, "Its status is 'failed'."),
            "unavailable": Problem(ProblemType.STATUS_UNAVAILABLE, retry_after_seconds=7),
            "teapot": HTTPException(418, PATIENT, headers={"X-Tea": "green"}),
        }[how]

    return app


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(example(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as opened:
        with capture_logs():
            yield opened


def document(response: httpx2.Response) -> dict[str, Any]:
    """The problem document of a response; it never names the patient."""
    assert response.headers["content-type"] == "application/problem+json"
    assert PATIENT not in response.text
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body.keys() <= {"type", "title", "status", "detail"}
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/items", 405, "method-not-allowed"),
        ("GET", "/items/one", 422, "invalid-request"),
        ("GET", "/fails/unexpected", 500, "internal-error"),
        ("GET", "/fails/redis", 503, "event-bus-unavailable"),
        ("GET", "/fails/redis-refuses", 503, "event-bus-unavailable"),
        ("GET", "/fails/known", 404, "not-archived"),
        ("GET", "/fails/unavailable", 503, "status-unavailable"),
    ],
)
async def test_every_error_is_a_problem_document_with_a_stable_type(
    client: httpx2.AsyncClient, method: str, path: str, status: int, kind: str
) -> None:
    response = await client.request(method, path)
    body = document(response)
    assert response.status_code == status
    assert body["type"] == f"urn:hdv:problem:{kind}"
    assert body["title"]


async def test_a_response_to_a_wrong_method_lists_the_allowed_ones(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.delete("/items")).headers["allow"] == "POST"
    assert (await client.put("/items/1")).headers["allow"] == "DELETE, GET"
    assert (await client.put("/items/purge")).headers["allow"] == "POST"


async def test_a_response_to_an_invalid_request_names_the_field(client: httpx2.AsyncClient) -> None:
    body = document(await client.post("/items", json={"size": PATIENT}))
    assert body["detail"].startswith("body.size: ")


async def test_a_body_that_is_not_json_is_an_invalid_request(client: httpx2.AsyncClient) -> None:
    response = await client.post(
        "/items", content=b'{"size": DOE', headers={"Content-Type": "application/json"}
    )
    assert document(response)["type"] == "urn:hdv:problem:invalid-request"
    assert "DOE" not in response.text


async def test_an_error_without_a_type_of_ours_has_only_its_status(
    client: httpx2.AsyncClient,
) -> None:
    response = await client.get("/fails/teapot")
    assert document(response) == {"type": "about:blank", "title": "I'm a Teapot", "status": 418}
    assert response.headers["x-tea"] == "green"


async def test_a_problem_says_what_went_wrong_here(client: httpx2.AsyncClient) -> None:
    assert document(await client.get("/fails/known")) == {
        "type": "urn:hdv:problem:not-archived",
        "title": "Study not archived",
        "status": 404,
        "detail": "Its status is 'failed'.",
    }


async def test_an_unexpected_error_says_nothing_of_itself(client: httpx2.AsyncClient) -> None:
    assert "detail" not in document(await client.get("/fails/unexpected"))


@pytest.mark.parametrize(("how", "seconds"), [("redis", "5"), ("unavailable", "7")])
async def test_a_client_learns_when_to_try_again(
    client: httpx2.AsyncClient, how: str, seconds: str
) -> None:
    assert (await client.get(f"/fails/{how}")).headers["retry-after"] == seconds


def test_documented_errors_refer_to_the_problem_document() -> None:
    kinds = (ProblemType.UNKNOWN_STUDY, ProblemType.NOT_ARCHIVED, ProblemType.STATUS_UNAVAILABLE)
    responses = problem.documented(*kinds)
    assert responses.keys() == {404, 422, 503}
    assert "application/problem+json" in responses[404]["content"]
    for kind in kinds:
        assert f"- `{kind.slug}`: {kind.description}" in responses[kind.status]["description"]


def test_every_type_has_a_stable_name_a_status_and_texts() -> None:
    for kind in ProblemType:
        assert kind.uri == f"urn:hdv:problem:{kind.name.lower().replace('_', '-')}"
        assert 400 <= kind.status <= 599
        assert not kind.title.endswith(".")
        assert kind.description.endswith(".")
        assert kind.fix.endswith(".")


def test_a_title_belongs_to_one_type() -> None:
    titles = [kind.title for kind in ProblemType]
    assert len(set(titles)) == len(titles)
