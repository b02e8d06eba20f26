"""What a page of another site can do to a gateway on the user's machine, in a real Chromium."""

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from kit.pipeline import Pipeline, started

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
EVIL = "http://evil.example"
REBOUND = "rebound.example"
"""A name of the attacker that leads to this machine."""
FLAGS = [
    "--disable-background-networking", "--disable-component-update", "--disable-gpu",
    "--disable-quic", "--disable-sync", "--no-first-run",
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
    # A site on the internet may not even ask: the gateway must not depend on that.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
]  # fmt: skip

pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium here: install it (apt install chromium) to test pages of other sites",
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with started(tmp_path_factory.mktemp("sites"), "status", "gateway") as (pipeline, _):
        yield pipeline


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, gateway: Pipeline) -> Iterator[Page]:
    """A page of the attacker with a form that posts an upload."""
    html = f"""<form id=f method=post enctype=multipart/form-data action="{gateway.url}/upload">
        <textarea name=file></textarea></form>"""

    def answer(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html")

    page = browser.new_page()
    page.route(f"{EVIL}/**", answer)
    page.goto(f"{EVIL}/")
    yield page
    page.close()


def test_a_form_of_another_site_posts_no_upload(page: Page, gateway: Pipeline) -> None:
    with page.expect_response(f"{gateway.url}/upload") as answered:
        page.evaluate("document.getElementById('f').submit()")
    assert answered.value.status == 403
    assert not list(gateway.uploads.glob("[!.]*"))


@pytest.mark.parametrize("options", ["{}", "{mode: 'no-cors'}", "{credentials: 'include'}"])
def test_another_site_reads_nothing(page: Page, gateway: Pipeline, options: str) -> None:
    read = f"fetch('{gateway.url}/studies', {options}).then(r => r.text()).catch(() => 'blocked')"
    assert page.evaluate(read) in {"blocked", ""}


def test_another_site_shows_nothing_in_a_frame(page: Page, gateway: Pipeline) -> None:
    page.evaluate(f"document.body.innerHTML = '<iframe src=\"{gateway.url}/\"></iframe>'")
    page.wait_for_load_state("networkidle")
    frame = page.frames[-1]
    assert "Hybrid DICOM Validator" not in frame.content()


def test_a_name_that_leads_here_reads_nothing(browser: Browser, gateway: Pipeline) -> None:
    port = urlsplit(gateway.url).port
    page = browser.new_page()
    answer = page.goto(f"http://{REBOUND}:{port}/studies")
    assert answer
    assert answer.status == 421
    page.close()


def test_the_own_page_works(browser: Browser, gateway: Pipeline) -> None:
    page = browser.new_page()
    answer = page.goto(f"{gateway.url}/docs")
    assert answer
    assert answer.status in {200, 503}  # the viewer may not be built
    if answer.ok:
        assert page.evaluate("fetch('/studies').then(r => r.status)") == 200
    page.close()
