"""The two pages: which viewer each is made with, its HTML, and what its browser may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from gateway.pages.content import Content

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
        addresses = {part: address(name, files[name]) for part, name in names.items()}
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


def load_files(assets: Path) -> dict[str, Content]:
    """The scripts, styles and pictures that the pages ask for, by name.

    Args:
        assets: the directory with the viewers; may be missing.
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


def address(name: str, content: Content) -> str:
    """Where a file is, relative to the pages: the gateway may stand behind any path."""
    return f"pages/{content.version}/{name}"
