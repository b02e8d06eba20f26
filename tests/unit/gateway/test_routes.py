"""Routes are declared in one way, so that adding one is a change of its room alone."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

import gateway
from chassis.web.routing import Router
from kit.gateway import MemoryGateway

ROOMS = sorted(path.parent.name for path in Path(gateway.__path__[0]).glob("*/routes.py"))


def routes(room: str) -> Iterator[APIRoute]:
    """The routes of a room."""
    for route in import_module(f"gateway.{room}.routes").router.routes:
        assert isinstance(route, APIRoute)
        yield route


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_one_router_with_module_level_functions(room: str) -> None:
    module = import_module(f"gateway.{room}.routes")
    assert isinstance(module.router, Router)
    for route in routes(room):
        assert route.endpoint.__module__ == module.__name__
        assert getattr(module, route.name) is route.endpoint


@pytest.mark.parametrize("room", ROOMS)
def test_get_answers_head(room: str) -> None:
    methods = [(route.path, method) for route in routes(room) for method in route.methods or ()]
    for path, method in methods:
        if method == "GET":
            assert (path, "HEAD") in methods


def test_the_application_has_the_routes_of_all_rooms(tmp_path: Path) -> None:
    documented = MemoryGateway(tmp_path).service.http.openapi()["paths"]
    for room in ROOMS:
        paths = {route.path_format for route in routes(room) if route.include_in_schema}
        assert paths
        assert paths <= documented.keys()
