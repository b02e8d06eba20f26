"""The viewers that the pages are made with: which files of which npm packages.

Their versions and checksums are in ``package.json`` and ``package-lock.json``.
"""

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
"""Where `tools.viewers` puts the viewers; scripts and styles are compressed (gzip)."""

VIEWERS = {
    "@asyncapi/react-component": {
        "asyncapi-viewer.js": "browser/standalone/index.js",
        "asyncapi-viewer.css": "styles/default.min.css",
        "asyncapi-viewer.LICENSE": "LICENSE",
        "asyncapi-viewer.js.LICENSE": "browser/standalone/index.js.LICENSE.txt",
    },
    "swagger-ui-dist": {
        "openapi-viewer.js": "swagger-ui-bundle.js",
        "openapi-viewer.css": "swagger-ui.css",
        "openapi-viewer.LICENSE": "LICENSE",
        "openapi-viewer.NOTICE": "NOTICE",
        "openapi-viewer.js.LICENSE": "swagger-ui-bundle.js.LICENSE.txt",
    },
}
"""By package: the name of a file here, and its name in the package."""

SERVED = (".js", ".css")
"""What browsers ask for; the licences are only kept beside it."""
