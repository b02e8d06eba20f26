"""The gateway in memory: the real application on an in-memory Redis and status service."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import httpx2
from faststream.redis import RedisBroker

from chassis.messaging.broker import create_broker
from chassis.runtime.settings import ServiceSettings, load
from contracts.channels import UPLOADS
from contracts.events import StudyUploaded
from gateway.app import create_app
from gateway.settings import GatewaySettings
from kit.redis import MemoryRedis
from kit.volumes import Volumes, being_written

StatusService = Callable[[httpx2.Request], httpx2.Response]

SMALL = {
    "max_files": 10,
    "max_upload_bytes": 100_000,
    "min_free_bytes": 0,
    "max_concurrent_uploads": 2,
    "retry_after_seconds": 3,
    "archives": {
        "max_entries": 20,
        "max_entry_bytes": 100_000,
        "max_total_bytes": 200_000,
        "max_nesting": 2,
    },
    "stow": {"wait_seconds": 30, "max_waiting": 2},
}
"""Limits that tests reach with little effort."""


def status_unavailable(request: httpx2.Request) -> httpx2.Response:
    """A status service that refuses connections."""
    raise httpx2.ConnectError(f"{request.url} refused")


def gateway_settings(root: Path, **changes: Any) -> GatewaySettings:
    """The packaged settings with volumes below `root`, small limits, and changes.

    Args:
        root: directory of the volumes.
        changes: values in place of the packaged ones; of a group, the values to change.
    """
    packaged = load(GatewaySettings).model_dump()
    volumes = {f"{name}_dir": root / name for name in ("uploads", "quarantine", "archive", "audit")}
    packaged |= {"keys_file": root / "keys.json", "allowed_hosts": ("gateway",)}
    for name, value in {**volumes, **_merged(SMALL, changes)}.items():
        is_group = isinstance(packaged[name], dict) and isinstance(value, Mapping)
        packaged[name] = {**packaged[name], **value} if is_group else value
    return GatewaySettings(**packaged)


def _merged(defaults: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**defaults, **changes}
    for name in defaults.keys() & changes.keys():
        if isinstance(defaults[name], Mapping) and isinstance(changes[name], Mapping):
            merged[name] = {**defaults[name], **changes[name]}
    return merged


class MemoryGateway:
    """A gateway that has its volumes on disk and everything else in memory.

    Attributes:
        redis: its Redis.
        answer: what its status service answers; it is unavailable at first.
        asked: the requests to the status service.
        client: sends requests to the gateway.
    """

    def __init__(self, root: Path, **changes: Any) -> None:
        self.settings = gateway_settings(root, **changes)
        self.volumes = Volumes.of(self.settings)
        self.redis = MemoryRedis()
        self.answer: StatusService = status_unavailable
        self.asked: list[httpx2.Request] = []
        with (
            patch("chassis.service.lifecycle.create_broker", self._broker),
            patch("gateway.app.connect", lambda _: self.redis),
            patch("gateway.app.status_client", lambda _: self._status_client()),
        ):
            self.service = create_app(self.settings)
        self.metrics = self.service.metrics
        transport = httpx2.ASGITransport(self.service.http, raise_app_exceptions=False)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://gateway")

    @property
    def published(self) -> list[StudyUploaded]:
        """The uploads that were announced, oldest first."""
        events = self.redis.events(UPLOADS.address)
        return [event for event in events if isinstance(event, StudyUploaded)]

    @property
    def studies(self) -> list[Path]:
        """The studies in ``uploads/``."""
        return list(self.volumes.uploads.glob("[!.]*"))

    @property
    def is_empty(self) -> bool:
        """Whether ``uploads/`` has neither a study nor a part of one."""
        return not self.studies and not being_written(self.volumes.uploads)

    def _broker(self, settings: ServiceSettings) -> RedisBroker:
        broker = create_broker(settings)
        connect: Any = self.redis.connect
        broker.connect = connect  # type: ignore[method-assign]
        return broker

    def _status_client(self) -> httpx2.AsyncClient:
        transport = httpx2.MockTransport(self._status_service)
        return httpx2.AsyncClient(transport=transport, base_url="http://status")

    def _status_service(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        return self.answer(request)


GatewayT = TypeVar("GatewayT", bound=MemoryGateway)


@asynccontextmanager
async def running(gateway: GatewayT) -> AsyncIterator[GatewayT]:
    """Run a gateway as its process does: volumes prepared, feed read, background work going on."""
    http = gateway.service.http
    async with http.router.lifespan_context(http), gateway.client:
        await gateway.redis.waiting.wait()  # the feed's reader has begun
        yield gateway
