"""Declares routes and hands them what they depend on; all services do it in this way.

A room has one module `routes.py`: a `Router` and a function for each operation. The application
includes the router, and provides the objects that the functions ask for by type.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor

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


class Router(APIRouter):
    """The routes of a room.

    A GET answers HEAD too (RFC 9110, section 9.1), and what is not known is left out of a response.
    """

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 -- whatever FastAPI takes
        """Add a route, with HEAD beside GET. The decorators call it."""
        options["response_model_exclude_none"] = True
        super().add_api_route(path, endpoint, **options)
        if options.get("methods") == ["GET"]:
            options |= {"methods": ["HEAD"], "include_in_schema": False}
            super().add_api_route(path, endpoint, **options)


def operation_id(route: APIRoute) -> str:
    """The name of an operation in the OpenAPI document: that of its handler."""
    return route.name


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
