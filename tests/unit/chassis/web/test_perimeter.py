"""Pages of other sites: what they may neither post nor read."""

import time
from typing import Any

import httpx2
import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from chassis.web.perimeter import Perimeter
from kit.problems import assert_problem

URL = "http://localhost:8000"
PAGE = "default-src 'self'"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    response: Response = PlainTextResponse("DOE^JANE")
    if scope["path"] == "/page":
        response.headers["Content-Security-Policy"] = PAGE
    await response(scope, receive, send)


async def ask(
    method: str = "GET", path: str = "/", hosts: tuple[str, ...] = (), **headers: Any
) -> httpx2.Response:
    transport = httpx2.ASGITransport(Perimeter(application, hosts))
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(transport=transport, base_url=URL) as client:
        return await client.request(method, path, headers=sent)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000",
        "10.0.0.7:8000", "[fd00::7]", "pacs.example", "Pacs.Example:443",
    ],
)  # fmt: skip
async def test_known_names_and_addresses_are_served(host: str) -> None:
    response = await ask(hosts=("pacs.example",), host=host)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "localhost.evil.example", "pacs.example.evil.example",
        "xpacs.example", "127.0.0.1.evil.example", "127.1", "evil.example#localhost", "a b",
        "localhost:8000:1", "localhost:port", "user@localhost", "[::1", "[localhost]", "[evil]:1",
        "\xff",
    ],
)  # fmt: skip
async def test_any_other_name_gets_nothing(host: str) -> None:
    response = await ask(hosts=("pacs.example",), host=host.encode("latin-1"))
    assert_problem(response, 421, "unknown-host")
    assert "evil" not in response.text


async def test_two_hosts_are_no_host() -> None:
    scope: Any = {
        "type": "http", "method": "GET", "path": "/",
        "headers": [(b"host", b"localhost"), (b"host", b"evil.example")],
    }  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await Perimeter(application)(scope, None, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 421


async def test_an_asterisk_believes_any_host() -> None:
    assert (await ask(hosts=("*",), host="evil.example")).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": URL},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://localhost:8000.evil.example"},
    ],
)
async def test_a_page_of_another_site_changes_nothing(method: str, headers: dict[str, str]) -> None:
    response = await ask(method, "/", (), **headers)
    assert_problem(response, 403, "cross-site-request")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin", "origin": URL},
        {"sec_fetch_site": "none"},
        {"origin": URL},
        {"origin": "https://pacs.example"},
    ],
)
async def test_programs_and_own_pages_may_post(headers: dict[str, str]) -> None:
    assert (await ask("POST", "/", ("pacs.example",), **headers)).status_code == 200


async def test_a_link_from_another_site_works() -> None:
    response = await ask("GET", sec_fetch_site="cross-site", sec_fetch_mode="navigate")
    assert response.status_code == 200


async def test_a_refused_body_is_not_read() -> None:
    response = await ask("POST", origin="null", content_length="5")
    assert response.headers["connection"] == "close"
    assert "connection" not in (await ask("POST", origin="null")).headers


@pytest.mark.parametrize("headers", [{}, {"host": "evil.example"}])
async def test_data_is_not_run_not_framed_and_not_read_by_other_sites(
    headers: dict[str, str],
) -> None:
    response = await ask("GET", "/", (), **headers)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert response.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


async def test_a_page_has_its_own_policy() -> None:
    response = await ask(path="/page")
    assert response.headers.get_list("content-security-policy") == [PAGE]
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_it_costs_a_few_microseconds() -> None:
    """Measured at 4 µs; the limit leaves room for a busy machine."""

    async def nothing(*_: object) -> None: ...

    perimeter = Perimeter(nothing)
    headers = [(b"host", b"127.0.0.1:8000"), *[(b"x-header", b"value")] * 8]
    scope: Any = {"type": "http", "method": "POST", "headers": headers}
    best = 1.0
    for _ in range(50):
        began = time.thread_time()
        for _ in range(100):
            await perimeter(scope, None, None)  # type: ignore[arg-type]
        best = min(best, (time.thread_time() - began) / 100)
    assert best < 50e-6
