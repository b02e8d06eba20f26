"""Composition root of the gateway."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from chassis.files import remove_stale
from chassis.health import directory_check
from chassis.service import Service
from chassis.status_client import status_client
from contracts.channels import UPLOADS
from contracts.volumes import INCOMING
from gateway.routes.status import status_router
from gateway.routes.upload import upload_router
from gateway.settings import GatewaySettings

DESCRIPTION = "Takes DICOM studies in over HTTP and tells what has become of them."


def create_app(settings: GatewaySettings, *, instance: str | None = None) -> Service:
    """The gateway.

    Args:
        settings: what it has to know.
        instance: its name, when not host and process id.
    """
    service = Service(settings, description=DESCRIPTION, instance=instance, docs_url="/docs")
    volumes = settings.volumes
    client = status_client(settings)

    @contextlib.asynccontextmanager
    async def prepare_uploads() -> AsyncIterator[None]:
        incoming = volumes.uploads / INCOMING
        incoming.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(remove_stale, incoming, settings.stale_after_seconds, time.time())
        yield

    service.use(prepare_uploads)
    service.use(lambda: client)
    service.checks["volume"] = directory_check(volumes.uploads / INCOMING)
    service.http.include_router(upload_router(service, settings, service.publisher(UPLOADS)))
    service.http.include_router(status_router(client, volumes))
    return service
