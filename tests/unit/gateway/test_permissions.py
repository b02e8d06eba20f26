"""Every route, with no key, with the wrong one and with the right one."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from chassis.access.caller import Scope
from chassis.web.guard import GuardedRoute
from gateway.permissions import RULES, Labels, Rule
from kit.gateway import MemoryGateway, running
from kit.keys import Made, make_key
from kit.problems import assert_problem

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
PARAMETERS = {
    "study_id": str(STUDY),
    "letter_id": "1-0",
    "file": "000001.dcm",
    "version": "0",
    "name": "favicon.svg",
}
ADMIN = frozenset(Scope) - {Scope.ADMIN}

Routes = list[tuple[str, str, Rule]]
GUARDED: Routes = [
    (path, method, rule)
    for path, methods in RULES.items()
    for method, rule in methods.items()
    if rule.scopes
]
OPEN: Routes = [
    (path, method, rule)
    for path, methods in RULES.items()
    for method, rule in methods.items()
    if not rule.scopes
]
each_guarded = pytest.mark.parametrize(
    ("path", "method", "rule"), GUARDED, ids=[f"{method} {path}" for path, method, _ in GUARDED]
)


def filled(path: str) -> str:
    """A path with values for its parameters: UIDs where nothing else is known."""
    return re.sub(r"\{(\w+)\}", lambda match: PARAMETERS.get(match[1], "1.2.3"), path)


class Locked(MemoryGateway):
    """A gateway with keys: one for each scope, and some that are not valid."""

    def __init__(self, root: Path) -> None:
        path = root / "keys.json"
        self.keys = {scope: make_key(path, scope) for scope in Scope}
        self.expired = make_key(path, *Scope, is_expired=True)
        self.revoked = make_key(path, *Scope, is_revoked=True)
        self.bound = make_key(path, *ADMIN, labels=frozenset({"trial-42"}))
        super().__init__(root, internal_token="between services")

    async def ask(
        self, path: str, method: str, key: Made | None = None, **options: Any
    ) -> httpx2.Response:
        # A stream goes on for minutes; HEAD is guarded in the same way.
        method = "HEAD" if path == "/events/stream" and method == "GET" else method
        headers = {**(key.header if key else {}), **options.pop("headers", {})}
        return await self.client.request(method, filled(path), headers=headers, **options)


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Locked]:
    async with running(Locked(tmp_path)) as made:
        yield made


def routes(gateway: MemoryGateway) -> Iterator[tuple[str, str, Any]]:
    """Every route of the application, with its methods."""
    for context in iter_route_contexts(gateway.service.http.routes):
        for method in context.methods or ():
            yield str(context.path_format), method, context.original_route


def test_the_table_has_every_route_and_no_other(tmp_path: Path) -> None:
    found = {
        (path, method) for path, method, _ in routes(MemoryGateway(tmp_path)) if method != "HEAD"
    }
    assert found == {(path, method) for path, methods in RULES.items() for method in methods}


def test_a_route_that_is_not_guarded_is_open(tmp_path: Path) -> None:
    unguarded = {
        path
        for path, _, route in routes(MemoryGateway(tmp_path))
        if not isinstance(route, GuardedRoute)
    }
    assert unguarded == {"/openapi.json"}  # FastAPI's own
    assert all(not rule.scopes for path in unguarded for rule in RULES[path].values())


def test_what_has_no_study_in_its_path_cannot_be_compared_by_the_guard() -> None:
    for path, _, rule in GUARDED:
        assert (rule.labels is Labels.STUDY) == ("{study_id}" in path)


@each_guarded
async def test_without_a_valid_key_there_is_no_answer(
    gateway: Locked, path: str, method: str, rule: Rule
) -> None:
    for key in (None, gateway.expired, gateway.revoked, Made("", "guess")):
        response = await gateway.ask(path, method, key)
        assert response.status_code == 401
        if response.request.method != "HEAD":
            assert_problem(response, 401, "unauthorized")
        error = ', error="invalid_token"' if key else ""
        assert response.headers["www-authenticate"] == f'Bearer realm="hdv"{error}'
        assert response.headers["x-content-type-options"] == "nosniff"
    assert rule.scopes
    assert gateway.is_empty


@each_guarded
async def test_a_key_for_something_else_is_refused(
    gateway: Locked, path: str, method: str, rule: Rule
) -> None:
    for scope in set(Scope) - set(rule.scopes) - {Scope.ADMIN}:
        response = await gateway.ask(path, method, gateway.keys[scope])
        assert response.status_code == 403
        assert f'scope="{rule.scopes[0]}"' in response.headers["www-authenticate"]
    assert gateway.is_empty


@each_guarded
async def test_the_right_key_is_admitted(
    gateway: Locked, path: str, method: str, rule: Rule
) -> None:
    for scope in {*rule.scopes, Scope.ADMIN}:
        response = await gateway.ask(path, method, gateway.keys[scope])
        assert response.status_code not in {401, 403}


@each_guarded
async def test_a_key_that_is_bound_to_labels_gets_only_what_knows_labels(
    gateway: Locked, path: str, method: str, rule: Rule
) -> None:
    gateway.answer = lambda _: httpx2.Response(404)
    response = await gateway.ask(path, method, gateway.bound)
    match rule.labels:
        case Labels.REFUSED:
            assert response.status_code == 403
        case Labels.STUDY:
            assert_problem(response, 404, "unknown-study")
        case Labels.ROUTE:
            assert response.status_code not in {401, 403}


@pytest.mark.parametrize(("path", "method", "rule"), OPEN, ids=[path for path, _, _ in OPEN])
async def test_what_is_open_needs_no_key(
    gateway: Locked, path: str, method: str, rule: Rule
) -> None:
    assert (await gateway.ask(path, method)).status_code not in {401, 403}
    assert not rule.scopes


@pytest.mark.parametrize("path", ["/upload", "/dicom-web/studies", "/quarantine/purge"])
@pytest.mark.parametrize("scope", [None, Scope.READ], ids=["no key", "wrong scope"])
async def test_a_refused_body_is_never_read(
    gateway: Locked, path: str, scope: Scope | None
) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    key = gateway.keys[scope].text if scope else "guess"
    asgi: Any = {
        "type": "http", "method": "POST", "path": path, "query_string": b"",
        "headers": [
            (b"host", b"gateway"), (b"content-length", b"99999999"),
            (b"content-type", b"multipart/form-data; boundary=x"),
            (b"authorization", f"Bearer {key}".encode()),
        ],
    }  # fmt: skip
    await gateway.service.http(asgi, receive, send)
    assert sent[0]["status"] == (403 if scope else 401)
    assert (b"connection", b"close") in sent[0]["headers"]
    assert gateway.is_empty


async def test_another_method_is_still_not_allowed(gateway: Locked) -> None:
    assert_problem(await gateway.ask("/upload", "DELETE"), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "authorization",
    ["Basic aGR2OmhkdnI=", "Bearer", "Bearer ", "{key}", "Bearer {key} x"],
)
async def test_other_headers_are_no_key(gateway: Locked, authorization: str) -> None:
    sent = authorization.format(key=gateway.keys[Scope.ADMIN].text)
    response = await gateway.ask("/studies", "GET", headers={"Authorization": sent})
    assert_problem(response, 401, "unauthorized")


async def test_two_headers_are_no_key(gateway: Locked) -> None:
    header = ("Authorization", f"Bearer {gateway.keys[Scope.ADMIN].text}")
    response = await gateway.client.get("/studies", headers=[header, header])
    assert_problem(response, 401, "unauthorized")


async def test_the_scheme_may_be_written_in_any_case(gateway: Locked) -> None:
    sent = f"bEARER {gateway.keys[Scope.ADMIN].text}"
    response = await gateway.ask("/dead-letters", "GET", headers={"Authorization": sent})
    assert response.status_code == 200


async def test_the_token_of_the_services_reads_metrics_and_nothing_else(gateway: Locked) -> None:
    token = Made("", "between services")
    assert (await gateway.ask("/metrics", "GET", token)).status_code == 200
    assert_problem(await gateway.ask("/studies", "GET", token), 401, "unauthorized")


async def test_a_problem_repeats_nothing_of_the_key(gateway: Locked) -> None:
    for key in (gateway.revoked, gateway.keys[Scope.UPLOAD]):
        response = await gateway.ask("/studies", "GET", key)
        assert key.text[4:] not in response.text + str(response.headers)


async def test_a_loopback_gateway_is_open_until_the_first_key(tmp_path: Path) -> None:
    async with running(MemoryGateway(tmp_path)) as gateway:
        assert (await gateway.client.get("/dead-letters")).status_code == 200
        make_key(tmp_path / "keys.json", Scope.READ)
        guard = gateway.service.http.state.guard
        guard._keys._read()
        assert_problem(await gateway.client.get("/dead-letters"), 401, "unauthorized")


@pytest.mark.parametrize(("mode", "status"), [("always", 200), ("never", 401)])
async def test_the_setting_decides_whatever_keys_there_are(
    tmp_path: Path, mode: str, status: int
) -> None:
    for _ in range(2):
        async with running(MemoryGateway(tmp_path, allow_unauthenticated=mode)) as gateway:
            assert (await gateway.client.get("/dead-letters")).status_code == status
        make_key(tmp_path / "keys.json", Scope.READ)
