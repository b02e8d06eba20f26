"""The HTTP client to the status service."""

import httpx2

from chassis.runtime.settings import StatusClientSettings


def status_client(settings: StatusClientSettings) -> httpx2.AsyncClient:
    """A client with the service's address, its token and a time limit."""
    headers = {"Content-Type": "application/json"}
    if settings.internal_token:
        headers["Authorization"] = f"Bearer {settings.internal_token.get_secret_value()}"
    return httpx2.AsyncClient(
        base_url=settings.status_url,
        headers=headers,
        timeout=settings.status_timeout_seconds,
        trust_env=False,  # an internal address needs no proxy
        # Reading the certificates of the system would take a tenth of the service's start.
        verify=settings.status_url.startswith("https:"),
    )
