"""The OpenAPI texts that several rooms share."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType

BINARY = {"type": "string", "format": "binary"}

_VERSION = {
    "ETag": "The version of the file.",
    "Last-Modified": "When the file was written.",
}
_CONDITIONS = {
    "Range": "The bytes to return: `bytes=0-99`; several ranges are separated by commas.",
    "If-Range": "Return the ranges only if the file is this version, else the whole file.",
    "If-Match": "Return the file only if it is this version, else 412.",
    "If-None-Match": "Return 304 if the file is still this version.",
    "If-Modified-Since": "Return 304 if the file has not changed since.",
    "If-Unmodified-Since": "Return 412 if the file has changed since.",
}


def headers(descriptions: Mapping[str, str]) -> dict[str, Any]:
    """The headers of a response."""
    return {
        name: {"schema": {"type": "string"}, "description": description}
        for name, description in descriptions.items()
    }


def file_download(
    *media_types: str, problems: Iterable[ProblemType], schema: Mapping[str, Any] = BINARY
) -> dict[str, Any]:
    """The documentation of a route that returns a file, with conditions and ranges.

    Args:
        media_types: those that the file may have.
        problems: what can go wrong besides conditions and ranges.
        schema: what the file contains.
    """
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {
        "response_class": Response,
        "responses": {
            200: {
                "description": "The file",
                "content": content,
                "headers": headers({**_VERSION, "Accept-Ranges": "`bytes`"}),
            },
            206: {
                "description": "The requested ranges of the file",
                "content": {**content, "multipart/byteranges": {"schema": BINARY}},
                "headers": headers({**_VERSION, "Content-Range": "The range, if it is one."}),
            },
            304: {
                "description": "The client already has this version",
                "headers": headers(_VERSION),
            },
            **documented(
                *problems, ProblemType.PRECONDITION_FAILED, ProblemType.RANGE_NOT_SATISFIABLE
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
                for name, description in _CONDITIONS.items()
            ]
        },
    }
