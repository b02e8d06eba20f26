"""The index that GET / returns."""

from fastapi import FastAPI

from contracts.described import Described
from gateway.http.paths import DICOMWEB


class IndexLinks(Described):
    """Paths of what the gateway offers."""

    upload: str = "/upload"
    """Upload a study (POST)."""
    studies: str = "/studies"
    """Studies, their reports and files."""
    quarantine: str = "/quarantine"
    """Invalid files."""
    events: str = "/events"
    """What happens to studies, page by page."""
    event_stream: str = "/events/stream"
    """What happens to studies, as it happens."""
    dicom_web: str = DICOMWEB
    """Base address for DICOMweb clients (STOW-RS, WADO-RS)."""
    docs: str = "/docs"
    """The HTTP interface as a page."""
    openapi: str = "/openapi.json"
    """The HTTP interface as an OpenAPI document."""
    asyncapi: str = "/asyncapi"
    """The events as a page; the document is `/asyncapi.yaml` and `/asyncapi.json`."""
    health: str = "/health/ready"
    """Whether the gateway can do its work."""
    metrics: str = "/metrics"
    """Metrics for Prometheus."""


class Index(Described):
    """What the gateway is and offers."""

    name: str
    """The name of the service."""
    version: str
    """The version of the software."""
    links: IndexLinks


def index_of(app: FastAPI) -> Index:
    """The index of an application."""
    return Index(name=app.title, version=app.version, links=IndexLinks())
