"""How services declare routes and get what they depend on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from chassis.runtime.settings import HttpSettings
from chassis.web import problem
from chassis.web.routing import Router, include, provide, provided
from kit.guards import unguarded


class Ward:
    """Something that a route depends on."""

    def __init__(self, name: str) -> None:
        self.name = name


class Bed(BaseModel):
    """A response with a field that may be unknown."""

    ward: str
    patient: str | None = None


router = Router(tags=["wards"])


@router.get("/beds", summary="Get a bed")
async def get_bed(ward: Annotated[Ward, provided(Ward)]) -> Bed:
    return Bed(ward=ward.name)


def application(*objects: object) -> FastAPI:
    app = FastAPI()
    include(app, router)
    unguarded(app)
    provide(app, *objects)
    return app


async def request(app: FastAPI, method: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.request(method, "/beds")


async def test_a_route_gets_the_object_of_its_own_application() -> None:
    one, two = application(Ward("one")), application(Ward("two"))
    assert (await request(one, "GET")).json()["ward"] == "one"
    assert (await request(two, "GET")).json()["ward"] == "two"


async def test_a_later_object_replaces_an_earlier_one_of_its_type() -> None:
    app = application(Ward("one"))
    provide(app, Ward("two"))
    assert (await request(app, "GET")).json()["ward"] == "two"


async def test_what_was_not_provided_is_an_error() -> None:
    with pytest.raises(KeyError):
        await request(application(), "GET")


async def test_get_answers_head_too_which_is_not_documented() -> None:
    app = application(Ward("one"))
    head = await request(app, "HEAD")
    assert head.status_code == 200
    assert head.headers["content-length"] == str(len((await request(app, "GET")).content))
    assert list(app.openapi()["paths"]["/beds"]) == ["get"]


async def test_unknown_values_are_left_out() -> None:
    assert (await request(application(Ward("one")), "GET")).json() == {"ward": "one"}


def test_an_operation_has_the_name_of_its_handler() -> None:
    assert application().openapi()["paths"]["/beds"]["get"]["operationId"] == "get_bed"


class TestJsonBodies:
    """A body that FastAPI reads has a size and a time limit."""

    LIMITS = HttpSettings(max_json_bytes=1024, json_seconds=0.05)

    @staticmethod
    def client() -> httpx2.AsyncClient:
        router = Router()

        @router.post("/sum", summary="Add numbers")
        async def add(numbers: list[int]) -> int:
            return sum(numbers)

        app = FastAPI()
        problem.install(app)
        provide(app, TestJsonBodies.LIMITS)
        app.include_router(router)
        unguarded(app)
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url="http://test",
            headers={"Content-Type": "application/json"},
        )

    async def test_a_body_within_them_is_read(self) -> None:
        async with self.client() as client:
            answer = await client.post("/sum", content=b"[1, 2]" + b" " * 1018)
        assert (answer.status_code, answer.json()) == (200, 3)

    async def test_a_larger_one_is_not(self) -> None:
        read = []

        async def endless() -> AsyncIterator[bytes]:
            while True:
                read.append(b" " * 100)
                yield read[-1]

        async with self.client() as client:
            answer = await client.post("/sum", content=endless())
        assert (answer.status_code, answer.json()["type"]) == (
            413,
            "urn:hdv:problem:body-too-large",
        )
        assert answer.headers["connection"] == "close"
        assert len(read) == 11

    async def test_one_that_does_not_come_is_not_waited_for(self) -> None:
        async def never() -> AsyncIterator[bytes]:
            yield b"["
            await asyncio.Event().wait()

        async with self.client() as client:
            answer = await client.post("/sum", content=never())
        assert (answer.status_code, answer.json()["type"]) == (
            408,
            "urn:hdv:problem:request-stalled",
        )
