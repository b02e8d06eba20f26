"""Health and metrics of a service: `/health/live`, `/health/ready`, `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from chassis.observability.logs import error_name
from chassis.observability.metrics import Metrics
from chassis.web.routing import Router, provided
from contracts.described import Described

CHECK_TIMEOUT_SECONDS = 2.0
OK = "ok"
OPEN = frozenset({"/health/live", "/health/ready"})
"""What needs no key or token: a load balancer has none."""

FAILED = "failed"

Check = Callable[[], Awaitable[str | None]]
"""Raises when the service cannot do its work; else returns what is worth knowing, if anything."""


class Liveness(BaseModel):
    """The process runs."""

    status: Literal["live"] = "live"


class Readiness(Described):
    """Whether a service can do its work."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str]
    """The result of each check: `ok`, `failed` with the type of the error, or what the service is
    occupied with."""
    limited: dict[str, str] | None = None
    """What the service does not do at the moment although it is ready, and why."""


class Health:
    """What a service shows to those who run it.

    Args:
        checks: what must hold for the service to be ready, by name.
        limited: what it does not do at the moment although it is ready, and why.
        metrics: its metrics.
    """

    def __init__(
        self, checks: Mapping[str, Check], limited: Mapping[str, str], metrics: Metrics
    ) -> None:
        self.checks = checks
        self.limited = limited
        self.metrics = metrics


Watched = Annotated[Health, provided(Health)]

router = Router(tags=["operation"])


@router.get("/health/live", summary="Check that the process runs")
async def get_liveness() -> Liveness:
    """Answers without checking anything."""
    return Liveness()


@router.get(
    "/health/ready",
    summary="Check that the service can do its work",
    responses={503: {"description": "At least one check fails", "model": Readiness}},
)
async def get_readiness(health: Watched, response: Response) -> Readiness:
    """Runs all checks at the same time; each has two seconds."""
    results = await asyncio.gather(*(run(check) for check in health.checks.values()))
    ready = not any(result.startswith(FAILED) for result in results)
    if not ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(
        status="ready" if ready else "not ready",
        checks=dict(zip(health.checks, results, strict=True)),
        limited=dict(health.limited) or None,
    )


@router.get(
    "/metrics",
    summary="Get metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(health: Watched) -> Response:
    """Returns metrics in the text format of Prometheus."""
    return Response(health.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


async def run(check: Check) -> str:
    """The result of a check: `ok` or its text, or that it failed and with what type of error."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await check() or OK
    except Exception as error:  # noqa: BLE001 -- whatever it is, the check has failed
        return f"{FAILED}: {error_name(error)}"
