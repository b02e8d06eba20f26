"""The HTTP client to the status service."""

import ssl
from typing import Any
from unittest.mock import MagicMock

import httpx2
import pytest

from chassis.runtime.settings import StatusClientSettings
from chassis.web.status_client import status_client


@pytest.mark.parametrize(("scheme", "is_checked"), [("https", True), ("http", False)])
def test_certificates_are_read_where_they_are_checked_and_only_there(
    monkeypatch: pytest.MonkeyPatch, scheme: str, is_checked: bool
) -> None:
    made: list[ssl.SSLContext] = []
    create = httpx2.create_ssl_context

    def watched(verify: bool = True, **options: Any) -> ssl.SSLContext:
        made.append(create(verify=verify, **options))
        return made[-1]

    monkeypatch.setattr("httpx2._transports.default.create_ssl_context", watched)
    settings = MagicMock(spec=StatusClientSettings)
    settings.status_url = f"{scheme}://status:8001"
    settings.internal_token = None
    settings.status_timeout_seconds = 1
    status_client(settings)
    assert [context.verify_mode is ssl.CERT_REQUIRED for context in made] == [is_checked]
