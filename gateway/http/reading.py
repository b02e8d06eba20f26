"""What all routes that are read have in common: HEAD beside GET, documented headers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter, Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType

BINARY = {"type": "string", "format": "binary"}

_MODEL = ("response_model", "response_class")
HandlerT = TypeVar("HandlerT", bound=Callable[..., object])


def reading(
    router: APIRouter,
    path: str,
    **documentation: Any,  # noqa: ANN401 -- whatever FastAPI takes
) -> Callable[[HandlerT], HandlerT]:
    """Routes GET, and HEAD as HTTP wants it (RFC 9110, 9.1)."""

    def register(handler: HandlerT) -> HandlerT:
        router.get(path, response_model_exclude_none=True, **documentation)(handler)
        model = {name: documentation[name] for name in _MODEL if name in documentation}
        router.head(path, include_in_schema=False, response_model_exclude_none=True, **model)(
            handler
        )
        return handler

    return register


def headers(descriptions: Mapping[str, str]) -> dict[str, Any]:
    """The documentation of an answer's headers."""
    return {
        name: {"schema": {"type": "string"}, "description": description}
        for name, description in descriptions.items()
    }


def giving_file(
    *media_types: str, problems: Iterable[ProblemType], schema: Mapping[str, Any] = BINARY
) -> dict[str, Any]:
    """The documentation of a route that gives a file: conditions, ranges."""
    content = {media_type: {"schema": schema} for media_type in media_types}
    version = headers({"ETag": "The version of the file.", "Last-Modified": "When it was made."})
    asked = {
        "Range": "Only these bytes: `bytes=0-99`, several with commas between them.",
        "If-Range": "Only if the file is this version; else all of it.",
        "If-Match": "Nothing but this version: else 412.",
        "If-None-Match": "Nothing if it is still this version: 304.",
        "If-Modified-Since": "Nothing if it is no newer: 304.",
        "If-Unmodified-Since": "Nothing if it is newer: 412.",
    }
    return {
        "response_class": Response,
        "responses": {
            200: {
                "content": content,
                "headers": version | headers({"Accept-Ranges": "`bytes`"}),
            },
            206: {
                "description": "The ranges that were asked for",
                "content": {**content, "multipart/byteranges": {"schema": BINARY}},
                "headers": version | headers({"Content-Range": "Which one, if it is one."}),
            },
            304: {"description": "The client has this version", "headers": version},
            **documented(
                *problems,
                ProblemType.PRECONDITION_FAILED,
                ProblemType.RANGE_NOT_SATISFIABLE,
            ),
        },
        "openapi_extra": {
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": False,
                    "schema": {"type": "string"},
                    "description": description,
                }
                for name, description in asked.items()
            ]
        },
    }
