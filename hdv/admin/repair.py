"""`hdv repair`: rebuilds in Redis what follows from the stored studies."""

import asyncio
import os
from pathlib import Path

import httpx2
from fastapi import FastAPI
from redis.asyncio import Redis

from chassis.messaging.broker import create_broker
from chassis.messaging.publishing import EventPublisher, Transactions
from chassis.observability.logs import silent
from chassis.observability.metrics import Metrics
from chassis.runtime.settings import ConfigurationError, load, redis_address
from chassis.web import guard, health, problem
from chassis.web.guard import TokenGuard
from contracts.channels import UPLOADS
from contracts.places import Place
from gateway.recovery.reconciler import Reconciler
from gateway.recovery.records import RecordRecovery
from gateway.settings import GatewaySettings, RecoverySettings
from gateway.uploads.announcing import Announcer
from gateway.uploads.idempotency import Idempotency
from hdv.admin.redis_client import redis_client
from hdv.exit import CommandError
from hdv.terminal.progress_bar import progress_bar
from hdv.terminal.text import number_of, print_line
from hdv.up.redis_server import url_for_client
from status.routes import add_routes
from status.store import RedisStore
from storage.index_rebuild import rebuild

JUST_ARRIVED_SECONDS = 10.0
"""Younger uploads are being announced by their gateway."""


def repair(data: Path, redis_url: str | None) -> None:
    """Rebuild index and records, and announce uploads that Redis has lost.

    Args:
        data: the data directory of an `hdv up`, or a directory like it.
        redis_url: address of Redis; None for that of `data` or of the environment.

    Raises:
        CommandError: a setting is wrong, no Redis or no study is there, or Redis is unavailable.
    """
    settings = _settings(data, url_for_client(redis_url, data))
    with silent():
        asyncio.run(_repair(settings))


def _settings(data: Path, redis_url: str | None) -> GatewaySettings:
    """The settings for the studies below the data directory and for their own Redis."""
    if not redis_url and "HDV_REDIS_URL" not in os.environ:
        raise CommandError(f"no Redis runs on {data}; --redis-url names one")
    given: dict[str, object] = {"redis_url": redis_url} if redis_url else {}
    for place in Place:
        if f"HDV_{place.upper()}_DIR" not in os.environ:
            given[f"{place}_dir"] = data / place
    try:
        settings = load(GatewaySettings, **given)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    if not any(True for place in Place for _ in settings.studies.all(place)):
        # Else the index of a running instance could be replaced by an empty one.
        raise CommandError(f"no study is stored in {data}")
    return settings


async def _repair(settings: GatewaySettings) -> None:
    studies = settings.studies
    async with redis_client(redis_address(settings)) as client:
        with progress_bar("rebuilding the index", "studies") as update:
            built = await rebuild(client, studies, update)
        for study_id in built.unreadable:
            print_line(f"{study_id}: its metadata.json cannot be read")
        print_line(f"index rebuilt: {number_of(built.studies, 'study', 'studies')}")

        async def connect() -> Redis:
            return client

        async with _status_client(RedisStore(connect)) as status:
            recovery = RecordRecovery(studies, status, connect)
            with progress_bar("rebuilding the records", "studies") as update:
                count = await recovery.restore(lambda done: update(done, None))
            if count is None:
                print_line("status records: a gateway is rebuilding them")
            else:
                print_line(f"status records rebuilt: {number_of(count, 'study', 'studies')}")
            await recovery.correct()
            announced = await _announce_lost(settings, status)
            if announced is None:
                print_line("uploads that Redis has lost: a gateway is announcing them")
            else:
                print_line(f"uploads announced again: {announced}")


def _status_client(store: RedisStore) -> httpx2.AsyncClient:
    """A client of the status service's own routes, in this process: it need not run."""
    app = FastAPI()
    problem.install(app)
    guard.install(app, TokenGuard(None, health.OPEN))
    add_routes(app, store)
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(
        transport=transport,
        base_url="http://status",
        headers={"Content-Type": "application/json"},
    )


async def _announce_lost(settings: GatewaySettings, status: httpx2.AsyncClient) -> int | None:
    """Announce the uploads that Redis has lost, as a gateway does, unless one is doing it.

    Returns:
        How many; None if a gateway is doing it.
    """
    broker = create_broker(settings)
    await broker.connect()
    try:
        metrics = Metrics(settings.service)
        publisher = EventPublisher(broker, UPLOADS, settings.service, metrics, Transactions(broker))
        keys = Idempotency(broker.connect, settings.studies, settings.idempotency_seconds)
        return await Reconciler(
            broker.connect,
            settings.studies,
            Announcer(publisher, keys, metrics, at_once=1),
            status=status,
            settings=RecoverySettings(after_seconds=JUST_ARRIVED_SECONDS),
            metrics=metrics,
        ).reconcile()
    finally:
        await broker.stop()
