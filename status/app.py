"""Composition root of the status service."""

from functools import partial

from chassis.messaging.retention import trim_periodically
from chassis.service.lifecycle import Service
from contracts.channels import CHANNELS
from status import handlers
from status.routes import add_routes
from status.settings import StatusSettings
from status.store import RedisStore


def create_app(
    settings: StatusSettings,
    *,
    store: handlers.Store | None = None,
    instance: str | None = None,
) -> Service:
    """The status service.

    Args:
        settings: its settings.
        store: where records are kept, when not in Redis.
        instance: its consumer name, when not host and process id.
    """
    service = Service(
        settings,
        description="The state of every study: progress marks and events in, records out.",
        instance=instance,
    )
    records = store or RedisStore(service.broker.connect)
    handlers.register(service, records, settings.concurrency)
    add_routes(service.http, records, settings.internal_token)
    service.in_background(
        partial(trim_periodically, service.broker.connect, CHANNELS, settings.trim_period_seconds)
    )
    return service
