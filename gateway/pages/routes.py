"""GET /asyncapi, /docs: the gateway's interfaces in a browser, which is sent to no other host."""

import asyncio
from functools import cache
from pathlib import Path

import orjson
from fastapi import APIRouter, HTTPException, Request, Response

from asyncapi.document import DOCUMENT, committed_document
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.pages.content import FOR_EVER, Content
from gateway.pages.page import EVENTS, HTTP, Page, address, load_files
from gateway.pages.viewers import ASSETS

YAML = "application/yaml"
JSON = "application/json"


def pages_router(assets: Path = ASSETS) -> APIRouter:
    """The routes that show the interfaces.

    Args:
        assets: the directory with the viewers; where it is missing, the pages tell how to make it.
    """
    router = APIRouter(tags=["events"])
    files = load_files(assets)
    served = {address(name, content): content for name, content in files.items()}
    html = {page: page.html(files) for page in (EVENTS, HTTP)}

    def answer(page: Page, request: Request) -> Response:
        content = html[page]
        if content is None:
            raise Problem(kind := ProblemType.PAGES_NOT_BUILT, kind.fix)
        return content.answer(request, headers=page.headers())

    @router.get("/asyncapi", include_in_schema=False)
    async def show_events(request: Request) -> Response:
        return answer(EVENTS, request)

    @router.get("/docs", include_in_schema=False)
    async def show_http(request: Request) -> Response:
        return answer(HTTP, request)

    @router.get("/pages/{version}/{name}", include_in_schema=False)
    async def show_file(version: str, name: str, request: Request) -> Response:
        content = served.get(f"pages/{version}/{name}")
        if content is None:
            raise HTTPException(404)
        return content.answer(request, cache=FOR_EVER)

    @router.get(
        "/asyncapi.yaml",
        summary="The events, as an AsyncAPI document in YAML",
        response_class=Response,
        responses={200: {"content": {YAML: {}}}},
    )
    async def show_yaml(request: Request) -> Response:
        return (await asyncio.to_thread(_document, YAML)).answer(request)

    @router.get(
        "/asyncapi.json",
        summary="The events, as an AsyncAPI document in JSON",
        response_class=Response,
        responses={200: {"content": {JSON: {}}}},
    )
    async def show_json(request: Request) -> Response:
        return (await asyncio.to_thread(_document, JSON)).answer(request)

    return router


@cache
def _document(media_type: str) -> Content:
    """The committed document; read when first asked for, so that `make spec` can do without it."""
    if media_type == YAML:
        return Content.of(DOCUMENT.read_bytes(), YAML)
    return Content.of(orjson.dumps(committed_document()), JSON)
