"""The pages in a real Chromium that can reach nothing but the gateway."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    Route,
    sync_playwright,
)

from asyncapi.document import committed_document
from gateway.pages.viewers import ASSETS
from kit.pipeline import started

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# Else it looks for updates and for Google at every start.
FLAGS = [
    "--disable-background-networking", "--disable-component-update", "--disable-gpu",
    "--disable-quic", "--disable-sync", "--no-first-run",
]  # fmt: skip

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="no Chromium here: install it (apt install chromium) to test the pages in it",
    ),
    pytest.mark.skipif(not ASSETS.is_dir(), reason="the pages are not built: make assets"),
]


class Visit:
    """A page in the browser, and what came of opening it."""

    def __init__(self, page: Page, gateway: str) -> None:
        self.page = page
        self.gateway = gateway
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.trouble: list[str] = []
        page.route("**/*", self._let_through)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("requestfailed", lambda request: self.trouble.append(request.url))
        page.on("response", self._response)

    def open(self, path: str, until: str) -> None:
        """Open a page and wait for something on it."""
        self.page.goto(f"{self.gateway}{path}")
        self.page.wait_for_selector(until)

    def text_of(self, selector: str) -> list[str]:
        return [element.inner_text() for element in self.page.locator(selector).all()]

    def _let_through(self, route: Route, request: Request) -> None:
        if request.url.startswith(f"{self.gateway}/"):
            self.asked.append(request.url)
            route.continue_()
        else:
            self.refused.append(request.url)
            route.abort()

    def _response(self, response: Response) -> None:
        if not response.ok:
            self.trouble.append(f"{response.url} {response.status}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.trouble.append(message.text)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real gateway; its address."""
    directory: Path = tmp_path_factory.mktemp("pages")
    with started(directory, "gateway") as (pipeline, _):
        yield pipeline.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, gateway: str) -> Iterator[Visit]:
    """A page of a test's own; nothing is opened yet."""
    page = browser.new_page()
    yield Visit(page, gateway)
    page.close()


@pytest.fixture(scope="module")
def events(browser: Browser, gateway: str) -> Visit:
    """The page of the events, drawn."""
    visit = Visit(browser.new_page(viewport={"width": 1600, "height": 1000}), gateway)
    visit.open("/asyncapi", until="#operations")
    return visit


@pytest.fixture(scope="module")
def operations(browser: Browser, gateway: str) -> Visit:
    """The page of the HTTP operations, drawn."""
    visit = Visit(browser.new_page(), gateway)
    visit.open("/docs", until=".opblock")
    return visit


def test_every_operation_shows_its_address_its_messages_and_what_redis_does(events: Visit) -> None:
    document = committed_document()
    shown = dict(zip(document["operations"], events.text_of("#operations > ul > li"), strict=True))
    for key, operation in document["operations"].items():
        text = shown[key]
        channel = resolve(document, operation["channel"])
        assert key in text
        assert channel["address"] in text
        assert operation["action"].upper() in text
        for reference in operation["messages"]:
            assert resolve(document, resolve(document, reference))["title"] in text
        for name, value in channel["x-redis"].items():
            written = ", ".join(value) or "none" if isinstance(value, list) else value
            assert f"{name}: {written}" in text


def test_every_channel_is_on_the_page(events: Visit) -> None:
    """The viewer shows channels by their operations only: none may be without one."""
    document = committed_document()
    page = events.page.inner_text("#viewer")
    used = [operation["channel"]["$ref"] for operation in document["operations"].values()]
    assert set(used) == {f"#/channels/{key}" for key in document["channels"]}
    for channel in document["channels"].values():
        assert channel["address"] in page
        for sentence in prose(channel["description"]):
            assert sentence in page


def test_every_message_is_on_the_page_with_an_example(events: Visit) -> None:
    messages = committed_document()["components"]["messages"]
    shown = events.text_of("#messages > ul > li")
    assert len(shown) == len(messages)
    for key, message in messages.items():
        [text] = [text for text in shown if f"Message ID{key}\n" in text]
        assert message["title"] in text
        assert message["summary"] in text
        for example in message["examples"]:
            assert all(f'"{name}"' in text for name in example["payload"])


def test_every_http_operation_is_listed(operations: Visit) -> None:
    paths = httpx2.get(f"{operations.gateway}/openapi.json").json()["paths"]
    expected = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    shown = {
        (text.split()[0], text.split()[1].replace("\u200b", ""))
        for text in operations.text_of(".opblock-summary")
    }
    assert shown == expected
    assert ("POST", "/upload") in shown


@pytest.mark.parametrize("fixture", ["events", "operations"])
def test_a_page_asks_no_other_host_and_the_console_is_silent(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    visit: Visit = request.getfixturevalue(fixture)
    visit.page.wait_for_load_state("networkidle")
    assert len(visit.asked) >= 6  # the page, two styles, two scripts, the document
    assert not visit.refused
    assert not visit.trouble


def test_no_event_can_be_tried_out(events: Visit) -> None:
    """One try replaces the producer of the live broker, which then sends nothing."""
    assert "try it out" not in events.page.inner_text("body").lower()
    assert events.page.locator("form, input, textarea").count() == 0


def test_http_operations_unfold_and_cannot_be_tried_out(operations: Visit) -> None:
    for folded in operations.page.locator(".opblock-summary-control").all():
        folded.click()
    operations.page.wait_for_selector("text=The files of the study, each in a part")
    assert "try it out" not in operations.page.inner_text("body").lower()
    assert operations.page.locator(".try-out, .execute, form").count() == 0
    assert not operations.trouble


def test_the_document_cannot_make_the_browser_load_from_elsewhere(visit: Visit) -> None:
    visit.open("/docs", until=".opblock")
    with visit.page.expect_console_message(lambda message: "Content Security" in message.text):
        visit.page.evaluate("fetch('http://elsewhere.example/').catch(() => undefined)")
    assert not visit.refused  # it did not even try


def test_without_the_document_the_page_says_so(visit: Visit) -> None:
    visit.page.route("**/asyncapi.json", lambda route: route.fulfill(status=503))
    visit.open("/asyncapi", until="text=cannot be shown")
    assert "503" in visit.page.inner_text("#viewer")


def prose(markdown: str) -> list[str]:
    """The lines of a text without its marks."""
    lines = re.sub(r"^[-#] *|[`*]", "", markdown, flags=re.MULTILINE).splitlines()
    return [line for line in lines if line]


def resolve(document: dict[str, Any], reference: dict[str, str]) -> dict[str, Any]:
    """What a reference refers to."""
    node: Any = document
    for part in reference["$ref"].removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    resolved: dict[str, Any] = node
    return resolved
