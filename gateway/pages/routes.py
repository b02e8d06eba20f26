"""GET /, /asyncapi, /docs: what the gateway offers, and pages that load nothing from elsewhere."""

import asyncio
from functools import cache
from typing import Annotated

import orjson
from fastapi import HTTPException, Request, Response

from asyncapi.document import DOCUMENT, committed_document
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from gateway.pages.content import FOR_EVER, Content
from gateway.pages.index import Index, index_of
from gateway.pages.page import EVENTS, HTTP, Page, Pages

YAML = "application/yaml"
JSON = "application/json"

Built = Annotated[Pages, provided(Pages)]

router = Router(tags=["documents"])


@router.get("/", summary="Get an index of the gateway")
async def get_index(request: Request) -> Index:
    """Returns the name and version of the service, and links to what it offers."""
    return index_of(request.app)


@router.get("/asyncapi", include_in_schema=False)
async def show_events(request: Request, pages: Built) -> Response:
    """The page about the events."""
    return _show(EVENTS, request, pages)


@router.get("/docs", include_in_schema=False)
async def show_http(request: Request, pages: Built) -> Response:
    """The page about the HTTP interface."""
    return _show(HTTP, request, pages)


@router.get("/pages/{version}/{name}", include_in_schema=False)
async def show_file(version: str, name: str, request: Request, pages: Built) -> Response:
    """A script or style of a page."""
    content = pages.files.get(f"pages/{version}/{name}")
    if content is None:
        raise HTTPException(404)
    return content.answer(request, cache=FOR_EVER)


@router.get(
    "/asyncapi.yaml",
    summary="Get the AsyncAPI document as YAML",
    response_class=Response,
    responses={200: {"content": {YAML: {}}}},
)
async def get_asyncapi_yaml(request: Request) -> Response:
    """Returns the description of all events and channels (AsyncAPI 3)."""
    return (await asyncio.to_thread(_document, YAML)).answer(request)


@router.get(
    "/asyncapi.json",
    summary="Get the AsyncAPI document as JSON",
    response_class=Response,
    responses={200: {"content": {JSON: {}}}},
)
async def get_asyncapi_json(request: Request) -> Response:
    """Returns the description of all events and channels (AsyncAPI 3)."""
    return (await asyncio.to_thread(_document, JSON)).answer(request)


def _show(page: Page, request: Request, pages: Pages) -> Response:
    content = pages.html[page]
    if content is None:
        raise Problem(kind := ProblemType.PAGES_NOT_BUILT, kind.fix)
    return content.answer(request, headers=page.headers())


@cache
def _document(media_type: str) -> Content:
    """The committed document; read on first use, so that `make spec` can do without it."""
    if media_type == YAML:
        return Content.of(DOCUMENT.read_bytes(), YAML)
    return Content.of(orjson.dumps(committed_document()), JSON)
