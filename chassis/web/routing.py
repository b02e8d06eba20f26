"""Declares routes and hands them what they depend on; all services do it in this way.

A room has one module `routes.py`: a `Router` and a function for each operation. The application
includes the router, and provides the objects that the functions ask for by type.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message

from chassis.runtime.settings import HttpSettings
from chassis.web.guard import GuardedRoute
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

T = TypeVar("T")


class EntryIdConvertor(Convertor[str]):
    """The id of a stream entry in a path, as `{letter_id:entry_id}`."""

    # Redis takes numbers up to 2**64 - 1; those of 19 digits are all below.
    regex = "[0-9]{1,19}-[0-9]{1,19}"

    def convert(self, value: str) -> str:
        """The id, as it is."""
        return value

    def to_string(self, value: str) -> str:
        """The id, as it is."""
        return value


register_url_convertor("entry_id", EntryIdConvertor())


class Route(GuardedRoute):
    """A route; if FastAPI reads its body, the body has a size and a time limit.

    FastAPI would read all of it, for as long as it takes, before it looks at the first byte.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request; called by FastAPI."""
        answer = super().get_route_handler()
        if self.body_field is None:
            return answer

        async def answer_bounded(request: Request) -> Response:
            body = await _read_bounded(request)

            async def receive() -> Message:
                return {"type": "http.request", "body": body}

            return await answer(Request(request.scope, receive))

        return answer_bounded


async def _read_bounded(request: Request) -> bytes:
    provided = getattr(request.app.state, "provided", {})
    limits: HttpSettings = provided.get(HttpSettings) or HttpSettings()
    parts: list[bytes] = []
    left = limits.max_json_bytes
    # The rest of the body would be read, only to be discarded.
    closing = {"Connection": "close"}
    try:
        async with asyncio.timeout(limits.json_seconds):
            async for part in request.stream():
                left -= len(part)
                if left < 0:
                    raise Problem(ProblemType.BODY_TOO_LARGE, headers=closing)
                parts.append(part)
    except TimeoutError:
        raise Problem(ProblemType.REQUEST_STALLED, headers=closing) from None
    except ClientDisconnect:
        raise Problem(ProblemType.CLIENT_DISCONNECTED) from None
    return b"".join(parts)


def operation_id(route: APIRoute) -> str:
    """The name of an operation in the OpenAPI document: that of its handler."""
    return route.name


class Router(APIRouter):
    """The routes of a room.

    The application's guard admits requests to them. A GET answers HEAD too (RFC 9110, section 9.1),
    and what is not known is left out of a response.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- whatever FastAPI takes
        super().__init__(route_class=Route, generate_unique_id_function=operation_id, **options)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 -- whatever FastAPI takes
        """Add a route, with HEAD beside GET. The decorators call it."""
        options["response_model_exclude_none"] = True
        super().add_api_route(path, endpoint, **options)
        if options.get("methods") == ["GET"]:
            options |= {"methods": ["HEAD"], "include_in_schema": False}
            super().add_api_route(path, endpoint, **options)


def include(app: FastAPI, router: Router) -> None:
    """Add the routes of a router to an application.

    They are added as they are: `FastAPI.include_router` builds each a second time, for every
    application and at its first request, which takes it some 80 ms.
    """
    app.router.routes.extend(router.routes)


def provide(app: FastAPI, *objects: object) -> None:
    """Make objects available to the routes of an application.

    Args:
        app: the application.
        objects: at most one of each type.
    """
    app.state.provided = {
        **getattr(app.state, "provided", {}),
        **{type(provided): provided for provided in objects},
    }


def provided(kind: type[T]) -> Any:  # noqa: ANN401 -- what FastAPI calls a dependency
    """The dependency of a route on the object of a type, for `Annotated`."""

    async def find(request: Request) -> T:
        found: T = request.app.state.provided[kind]
        return found

    return Depends(find)
