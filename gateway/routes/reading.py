"""What all routes that are read have in common: HEAD beside GET, documented headers."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter

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
