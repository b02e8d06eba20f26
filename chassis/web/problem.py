"""Errors over HTTP: `application/problem+json` with a type (RFC 9457)."""

from collections.abc import Callable, Mapping
from functools import partial
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
from chassis.web.problem_types import ProblemType

MEDIA_TYPE = "application/problem+json"

_HTTP_ERRORS = {
    kind.status: kind
    for kind in (ProblemType.BAD_REQUEST, ProblemType.NOT_FOUND, ProblemType.METHOD_NOT_ALLOWED)
}


class ProblemDocument(BaseModel):
    """An error (RFC 9457)."""

    type: str
    """The type of the problem, `urn:hdv:problem:…`; it never changes."""
    title: str
    """The type in a few words."""
    status: int
    """The HTTP status."""
    detail: str | None = None
    """What is wrong in this case, and where."""


class Problem(Exception):
    """A request that cannot be served; the client gets a problem document.

    Args:
        kind: the type of the problem.
        detail: what is wrong in this case, and where; without patient data.
        retry_after_seconds: when to try again, if not as the type says.
        headers: further headers of the response.
    """

    def __init__(
        self,
        kind: ProblemType,
        detail: str | None = None,
        *,
        retry_after_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.title)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        if seconds := retry_after_seconds or kind.retry_after_seconds:
            self.headers["Retry-After"] = str(seconds)

    def response(self) -> JSONResponse:
        """The response to the client."""
        kind = self.kind
        document = ProblemDocument(
            type=kind.uri, title=kind.title, status=kind.status, detail=self.detail
        )
        return _response(document, self.headers)


def documented(*kinds: ProblemType) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can answer with these problems, or `invalid-request`."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    by_status: dict[int, list[ProblemType]] = {}
    for kind in (*kinds, ProblemType.INVALID_REQUEST):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: {
            "description": "\n".join(f"- `{kind.slug}`: {kind.description}" for kind in same),
            "model": ProblemDocument,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status, same in by_status.items()
    }


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem document."""
    app.openapi = partial(_openapi, app, app.openapi)  # type: ignore[method-assign]
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(RedisError, _redis_unavailable)
    app.add_exception_handler(Exception, _unexpected)


def _openapi(app: FastAPI, generate: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI document, corrected: FastAPI says that problems may be plain JSON too."""
    if app.openapi_schema is None:
        for path in generate()["paths"].values():
            for operation in path.values():
                for response in operation["responses"].values():
                    content = response.get("content", {})
                    if MEDIA_TYPE in content:
                        content.pop("application/json", None)
    return generate()


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 -- what it is registered for
    return error.response()


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    """An error that FastAPI found: of no type of ours it has none (RFC 9457, section 4.2.1)."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- what it is registered for
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _methods(request)):
        headers["Allow"] = ", ".join(methods)
    if kind := _HTTP_ERRORS.get(error.status_code):
        return Problem(kind, headers=headers).response()
    title = HTTPStatus(error.status_code).phrase
    document = ProblemDocument(type="about:blank", title=title, status=error.status_code)
    return _response(document, headers)


def _methods(request: Request) -> list[str]:
    """All methods that are documented for a path; Starlette knows only those of one route.

    If several paths match, the one with the fewest parameters counts, as in OpenAPI.
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
    # The body has not been read. An open connection would read all of it, only to discard it.
    headers = {"Connection": "close"}
    return Problem(ProblemType.INVALID_REQUEST, detail, headers=headers).response()


async def _redis_unavailable(_: Request, error: Exception) -> JSONResponse:
    get_logger().error("redis.unavailable", error=error_name(error))
    return Problem(ProblemType.EVENT_BUS_UNAVAILABLE, "Redis does not answer.").response()


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The last resort. The log has the cause, the response does not."""
    route = getattr(request.scope.get("route"), "path", "unknown")
    get_logger().error("request.failed", route=route, exc_info=error)
    return Problem(ProblemType.INTERNAL_ERROR).response()


def _response(document: ProblemDocument, headers: Mapping[str, str]) -> JSONResponse:
    return JSONResponse(
        document.model_dump(exclude_none=True),
        status_code=document.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )
