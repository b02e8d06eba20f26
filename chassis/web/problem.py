"""Errors over HTTP: `application/problem+json` with a stable type (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from chassis.observability.logs import error_name, get_logger

MEDIA_TYPE = "application/problem+json"


class ProblemDocument(BaseModel):
    """An error, as RFC 9457 writes it."""

    type: str
    """Stable name of the kind of problem, `urn:hdv:problem:…`."""
    title: str
    """What this kind of problem is."""
    status: int
    """The HTTP status."""
    detail: str | None = None
    """What went wrong here, and where."""


class Problem(Exception):
    """A request that cannot be served, to be answered as a problem document."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.headers = headers

    def response(self) -> JSONResponse:
        """The answer to the client."""
        document = ProblemDocument(
            type=f"urn:hdv:problem:{self.kind}",
            title=self.title,
            status=self.status,
            detail=self.detail,
        )
        return JSONResponse(
            document.model_dump(exclude_none=True),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def unavailable(kind: str, detail: str, retry_after_seconds: int = 5) -> Problem:
    """503: something this service needs is away for the moment."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        kind,
        "A part of the service is away",
        detail,
        headers={"Retry-After": str(retry_after_seconds)},
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers these statuses with a problem document."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": ProblemDocument,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(RedisError, _redis_away)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 -- what it is registered for
    return error.response()


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- what it is registered for
    phrase = HTTPStatus(error.status_code).phrase
    kind = phrase.lower().replace(" ", "-")
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _methods(request)):
        headers = {**(headers or {}), "Allow": ", ".join(methods)}
    return Problem(error.status_code, kind, phrase, headers=headers).response()


def _methods(request: Request) -> list[str]:
    """All methods that are documented for a path; Starlette tells those of one route alone.

    Of several paths that match, the one with the fewest parameters is meant, as in OpenAPI.
    """
    documented: dict[str, Any] = request.app.openapi()["paths"]
    matching = [path for path in documented if compile_path(path)[0].match(request.url.path)]
    path = min(matching, key=lambda path: path.count("{"), default="")
    return sorted(method.upper() for method in documented.get(path, ()))


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- what it is registered for
    detail = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()
    )
    # Its body has not been read; else all of it would be, only to be thrown away.
    headers = {"Connection": "close"}
    return Problem(
        422, "invalid-request", "The request is not valid", detail, headers=headers
    ).response()


async def _redis_away(_: Request, error: Exception) -> JSONResponse:
    get_logger().error("redis.trouble", error=error_name(error))
    return unavailable("event-bus-away", "Redis does not answer.").response()


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The last resort. What happened stands in the log, not in the answer."""
    route = getattr(request.scope.get("route"), "path", "unknown")
    get_logger().error("request.failed", route=route, exc_info=error)
    return Problem(500, "internal-error", "The service failed on this request").response()
