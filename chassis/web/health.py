"""Health and metrics of a service: `/health/live`, `/health/ready`, `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from chassis.observability.logs import error_name
from chassis.observability.metrics import Metrics

CHECK_TIMEOUT_SECONDS = 2.0

Check = Callable[[], Awaitable[None]]
"""Returns when all is well, raises when not."""


def health_router(checks: dict[str, Check], metrics: Metrics) -> APIRouter:
    """The routes that operate a service.

    Args:
        checks: what must hold for the service to be ready, by name.
        metrics: what `/metrics` shows.
    """
    router = APIRouter(tags=["operation"])

    @router.get("/health/live", summary="Whether the process runs; touches nothing")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get(
        "/health/ready",
        summary="Whether the service can do its work, check by check",
        responses={503: {"description": "At least one check fails"}},
    )
    async def ready() -> JSONResponse:
        results = await asyncio.gather(*(_run(check) for check in checks.values()))
        ok = all(result == "ok" for result in results)
        return JSONResponse(
            {
                "status": "ready" if ok else "not ready",
                "checks": dict(zip(checks, results, strict=True)),
            },
            status_code=200 if ok else 503,
        )

    @router.get("/metrics", summary="Prometheus metrics", response_class=Response)
    async def prometheus() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _run(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001 -- whatever it is, the check has failed
        return f"failed: {error_name(error)}"
    return "ok"
