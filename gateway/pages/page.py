"""The two pages: which viewer each is made with, its HTML, and what its browser may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from gateway.pages.content import Content
from gateway.pages.viewers import ASSETS

OWN = Path(__file__).parent
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page that shows one interface.

    Attributes:
        title: what the browser calls it.
        viewer: the name of its viewer's files.
        script: the script that hands the document to the viewer.
        script_sources: where scripts may come from (Content-Security-Policy).
    """

    title: str
    viewer: str
    script: str
    script_sources: str

    def headers(self) -> dict[str, str]:
        """What keeps the browser at this gateway, whatever a document has in it."""
        policy = (
            f"default-src 'none'; script-src {self.script_sources}; style-src 'self'; "
            # The viewers' styles carry their icons in themselves.
            "img-src 'self' data:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}

    def html(self, files: Mapping[str, Content]) -> Content | None:
        """The page itself.

        Args:
            files: what there is, by name; without its viewer there is no page.
        """
        names = {
            "icon": "favicon.svg",
            "style": "pages.css",
            "viewer_style": f"{self.viewer}.css",
            "viewer_script": f"{self.viewer}.js",
            "script": self.script,
        }
        if not files.keys() >= set(names.values()):
            return None
        addresses = {part: _path(name, files[name]) for part, name in names.items()}
        template = Template((OWN / "page.html").read_text("utf-8"))
        html = template.substitute(addresses, title=self.title)
        return Content.of(html.encode(), "text/html; charset=utf-8")


EVENTS = Page(
    title="Events: Hybrid DICOM Validator",
    viewer="asyncapi-viewer",
    script="asyncapi.js",
    # The viewer compiles the JSON schemas that it checks the document with.
    script_sources="'self' 'unsafe-eval'",
)
HTTP = Page(
    title="HTTP: Hybrid DICOM Validator",
    viewer="openapi-viewer",
    script="docs.js",
    script_sources="'self'",
)


class Pages:
    """The pages as they are served.

    Args:
        assets: the directory with the viewers; it may be missing.

    Attributes:
        html: each page; None if its viewer was not built.
        files: scripts, styles and images, by their path below the gateway.
    """

    def __init__(self, assets: Path = ASSETS) -> None:
        files = _load_files(assets)
        self.html = {page: page.html(files) for page in (EVENTS, HTTP)}
        self.files = {_path(name, content): content for name, content in files.items()}


def _load_files(assets: Path) -> dict[str, Content]:
    """The scripts, styles and images of the pages, by name.

    Args:
        assets: the directory with the viewers; it may be missing.
    """
    own = {
        path.name: Content.of(path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in OWN.iterdir()
        if path.suffix in MEDIA_TYPES
    }
    viewers = {
        path.stem: Content.of_compressed(path.read_bytes(), MEDIA_TYPES[Path(path.stem).suffix])
        for path in assets.glob("*.gz")
    }
    return own | viewers


def _path(name: str, content: Content) -> str:
    """The path of a file, relative to the pages: a proxy may serve the gateway under any path."""
    return f"pages/{content.version}/{name}"
