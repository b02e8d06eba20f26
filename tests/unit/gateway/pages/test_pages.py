"""The pages /asyncapi and /docs: what a browser gets and may do; what is there without viewers."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import yaml
from fastapi import FastAPI

from asyncapi.document import DOCUMENT, committed_document
from chassis.web import problem
from chassis.web.routing import provide
from gateway.http.paths import DICOMWEB
from gateway.pages.page import Pages
from gateway.pages.routes import router
from gateway.pages.viewers import SERVED, VIEWERS
from kit.gateway import MemoryGateway
from kit.guards import unguarded

PAGES = ("/asyncapi", "/docs")
DOCUMENTS = ("/asyncapi.json", "/asyncapi.yaml")


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Viewers that show nothing."""
    for files in VIEWERS.values():
        for name in files:
            if name.endswith(SERVED):
                (tmp_path / f"{name}.gz").write_bytes(gzip.compress(f"/* {name} */".encode()))
    return tmp_path


def bare_gateway(assets: Path) -> httpx2.AsyncClient:
    app = FastAPI(docs_url=None, redoc_url=None)
    problem.install(app)
    provide(app, Pages(assets))
    app.include_router(router)
    unguarded(app)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway")


@pytest.fixture
async def client(assets: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with bare_gateway(assets) as client:
        yield client


@pytest.fixture
async def bare_client(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway that runs from its source, `make assets` never called."""
    async with bare_gateway(tmp_path / "missing") as client:
        yield client


def references(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]*)"', html)


def policy(response: httpx2.Response) -> dict[str, str]:
    directives = response.headers["content-security-policy"].split(";")
    pairs = (directive.strip().partition(" ") for directive in directives)
    return {name: sources for name, _, sources in pairs}


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_html_in_utf_8(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "Hybrid DICOM Validator" in response.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_names_no_host_so_that_it_works_behind_any_path(
    client: httpx2.AsyncClient, path: str
) -> None:
    found = references((await client.get(path)).text)
    assert len(found) > 5
    assert not [address for address in found if address.startswith("/") or ":" in address]


@pytest.mark.parametrize("path", PAGES)
async def test_everything_that_a_page_asks_for_is_there(
    client: httpx2.AsyncClient, path: str
) -> None:
    for address in references((await client.get(path)).text):
        if address != "openapi.json":  # FastAPI's own
            assert (await client.get(f"/{address}")).status_code == 200, address


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_no_script_of_its_own_and_its_policy_allows_none(
    client: httpx2.AsyncClient, path: str
) -> None:
    response = await client.get(path)
    assert re.findall(r"<script[^>]*>(.*?)</script>", response.text, re.DOTALL) == ["", ""]
    assert "<style" not in response.text
    assert "style=" not in response.text
    allowed = policy(response)
    assert allowed["default-src"] == "'none'"
    assert allowed["style-src"] == allowed["connect-src"] == "'self'"
    assert allowed["frame-ancestors"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    assert "inline" not in str(allowed)
    assert not re.search(r"https?:|\*", str(allowed))


async def test_only_the_viewer_that_compiles_schemas_may_evaluate_strings(
    client: httpx2.AsyncClient,
) -> None:
    assert policy(await client.get("/asyncapi"))["script-src"] == "'self' 'unsafe-eval'"
    assert policy(await client.get("/docs"))["script-src"] == "'self'"


@pytest.mark.parametrize("path", [*PAGES, *DOCUMENTS])
async def test_what_may_change_is_asked_for_again_and_sent_only_when_it_has(
    client: httpx2.AsyncClient, path: str
) -> None:
    first = await client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    changed = await client.get(path, headers={"If-None-Match": 'W/"other"'})
    assert changed.status_code == 200


async def test_scripts_and_styles_are_kept_for_ever_under_the_address_of_their_version(
    client: httpx2.AsyncClient,
) -> None:
    files = [a for a in references((await client.get("/docs")).text) if a.startswith("pages/")]
    types = set()
    for address in files:
        response = await client.get(f"/{address}")
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["x-content-type-options"] == "nosniff"
        types.add(response.headers["content-type"].partition(";")[0])
    assert types == {"text/javascript", "text/css", "image/svg+xml"}


async def test_another_version_of_a_script_has_another_address(
    client: httpx2.AsyncClient, assets: Path
) -> None:
    before = references((await client.get("/docs")).text)
    (assets / "openapi-viewer.js.gz").write_bytes(gzip.compress(b"/* new */"))
    async with bare_gateway(assets) as updated:
        after = references((await updated.get("/docs")).text)
        [(old, new)] = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        assert old.endswith("openapi-viewer.js")
        assert (await updated.get(f"/{new}")).text == "/* new */"
        assert (await updated.get(f"/{old}")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/pages/0/page.html", "/pages/0/..%2Fbuild.py", "/pages/0/openapi-viewer.js"]
)
async def test_nothing_else_is_served(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == problem.MEDIA_TYPE


@pytest.mark.parametrize("accepted", ["gzip", "br;q=1.0, GZIP;q=0.5", "deflate, gzip"])
async def test_content_is_compressed_for_clients_that_accept_it(
    client: httpx2.AsyncClient, accepted: str
) -> None:
    response = await client.get("/asyncapi.yaml", headers={"Accept-Encoding": accepted})
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert int(response.headers["content-length"]) < DOCUMENT.stat().st_size / 3
    assert response.content == DOCUMENT.read_bytes()


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0"])
async def test_content_is_plain_for_whom_does_not(
    client: httpx2.AsyncClient, accepted: str
) -> None:
    response = await client.get("/asyncapi.yaml", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in response.headers
    assert response.content == DOCUMENT.read_bytes()


async def test_the_document_is_the_same_in_json_and_in_yaml(client: httpx2.AsyncClient) -> None:
    as_json = await client.get("/asyncapi.json")
    as_yaml = await client.get("/asyncapi.yaml")
    assert as_json.headers["content-type"] == "application/json"
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert as_json.json() == yaml.safe_load(as_yaml.text) == committed_document()


@pytest.mark.parametrize("path", PAGES)
async def test_without_viewers_a_page_says_how_to_make_them(
    bare_client: httpx2.AsyncClient, path: str
) -> None:
    response = await bare_client.get(path)
    assert response.status_code == 503
    assert response.headers["content-type"] == problem.MEDIA_TYPE
    assert response.json()["type"] == "urn:hdv:problem:pages-not-built"
    assert "make assets" in response.json()["detail"]


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_without_viewers_the_document_is_there_all_the_same(
    bare_client: httpx2.AsyncClient, path: str
) -> None:
    assert (await bare_client.get(path)).status_code == 200


async def test_with_one_viewer_missing_the_other_page_works(assets: Path) -> None:
    (assets / "openapi-viewer.css.gz").unlink()
    async with bare_gateway(assets) as half:
        assert (await half.get("/docs")).status_code == 503
        assert (await half.get("/asyncapi")).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/html"}])
async def test_the_index_links_to_everything_that_the_gateway_offers(
    gateway: MemoryGateway, headers: dict[str, str]
) -> None:
    response = await gateway.client.get("/", headers=headers)
    assert response.status_code == 200
    index = response.json()
    assert index["version"] == gateway.service.http.version
    assert index["links"]["dicom_web"] == DICOMWEB
    paths = gateway.service.http.openapi()["paths"]
    pages = {"/asyncapi", "/docs", "/openapi.json"}
    for path in set(index["links"].values()) - {DICOMWEB} - pages:
        assert path in paths
    assert any(path.startswith(DICOMWEB) for path in paths)
    for path in pages:
        assert (await gateway.client.get(path)).status_code in {200, 503}
