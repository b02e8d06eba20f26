"""The services that can be asked: readiness, version, clock."""

import re
import time
from collections.abc import AsyncIterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from pydantic import SecretStr

from hdv.admin.doctor.bus import clock
from hdv.admin.doctor.diagnosis import Diagnosis, error, warning, well

TIMEOUT_SECONDS = 5.0
_VERSION = re.compile(r'^hdv_build_info\{service="[a-z]+",version="([^"]+)"\}', re.MULTILINE)


async def examine_services(
    urls: Mapping[str, str],
    own_version: str,
    *,
    token: SecretStr | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[Diagnosis]:
    """Look at services.

    Args:
        urls: their addresses, by the names to show.
        own_version: the version of this command.
        token: the internal token, which metrics require.
        transport: how they are asked, in tests.
    """
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    async with httpx2.AsyncClient(
        timeout=TIMEOUT_SECONDS, transport=transport, headers=headers
    ) as client:
        for name, url in urls.items():
            async for diagnosis in _examine(client, f"service {name}", url, own_version):
                yield diagnosis


async def _examine(
    client: httpx2.AsyncClient, subject: str, url: str, own_version: str
) -> AsyncIterator[Diagnosis]:
    try:
        answer = await client.get(f"{url}/health/ready")
        readiness: Any = answer.json()
        checks: dict[str, str] = readiness["checks"]
    except (httpx2.HTTPError, ValueError, KeyError, TypeError) as failure:
        found = f"{url} does not answer as a service does ({type(failure).__name__})"
        yield error(subject, found, "docs/runbooks/HdvServiceDown.md; --url or --service names it")
        return
    failed = [f"{name}: {result}" for name, result in checks.items() if result.startswith("failed")]
    if failed:
        yield error(subject, f"not ready: {', '.join(failed)}", "docs/runbooks/HdvOutage.md")
    else:
        yield well(subject, f"{url} is ready")
    for what, why in (readiness.get("limited") or {}).items():
        yield warning(subject, f"{what} are limited: {why}", f"docs/problems.md explains {why}")
    date = answer.headers.get("date")
    if date:
        # The header has no fractions.
        difference = parsedate_to_datetime(date).timestamp() - time.time()
        yield clock(f"{subject} clock", difference, 1.0)
    yield await _version(client, subject, url, own_version)


async def _version(
    client: httpx2.AsyncClient, subject: str, url: str, own_version: str
) -> Diagnosis:
    try:
        text = (await client.get(f"{url}/metrics")).text
    except httpx2.HTTPError as failure:
        found = f"its metrics cannot be read ({type(failure).__name__})"
        return warning(subject, found, "ask for /metrics of the process itself")
    version = _VERSION.search(text)
    if version is None:
        return well(f"{subject} version", "not shown to this command")
    if version[1] != own_version:
        advice = "install the same version everywhere"
        return warning(f"{subject} version", f"{version[1]}; here it is {own_version}", advice)
    return well(f"{subject} version", version[1])
