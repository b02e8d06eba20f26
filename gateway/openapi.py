"""What the gateway's OpenAPI document says of the interface as a whole."""

from fastapi import FastAPI

TAGS = {
    "studies": "Upload studies, follow their status, get their reports and files.",
    "quarantine": "Invalid files: find out why, download, fix and resubmit, or delete them.",
    "events": "What happens to studies, page by page or as server-sent events.",
    "dead letters": "Messages that a service could not process: find out why, replay, drop.",
    "dicomweb": "DICOMweb (PS3.18): store instances by STOW-RS, retrieve them by WADO-RS.",
    "documents": "An index of the gateway, and the AsyncAPI document of its events.",
    "operation": "Health and metrics, for those who run the gateway.",
}
"""The groups of operations, in the order in which a viewer shows them."""


def document(app: FastAPI, public_url: str | None) -> None:
    """Describe an application.

    Args:
        app: the gateway.
        public_url: the address under which clients reach it; None if unknown.
    """
    app.summary = "Upload, browse and retrieve DICOM studies."
    app.license_info = {"name": "MIT", "identifier": "MIT"}
    app.openapi_tags = [{"name": name, "description": text} for name, text in TAGS.items()]
    app.servers = [{"url": public_url or "/", "description": "This gateway"}]
