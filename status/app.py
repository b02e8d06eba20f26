"""Composition root of the status service."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from chassis.messaging.retention import trim_dead_letters_periodically, trim_periodically
from chassis.service.lifecycle import Service
from contracts.channels import CHANNELS
from status import handlers
from status.retention import remove_old_records
from status.routes import add_routes
from status.settings import StatusSettings
from status.store import RedisStore
from status.watch import Watch


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
    add_routes(service.http, records)
    _remove_what_is_old(service, records, settings)
    service.in_background(Watch(service.broker.connect, service.metrics.instruments).run)
    return service


def _remove_what_is_old(
    service: Service, records: handlers.Store, settings: StatusSettings
) -> None:
    """Trim streams and dead letters, and remove records of deleted studies, in the background."""
    connect, period = service.broker.connect, settings.trim_period_seconds
    kept = timedelta(days=settings.event_days)
    channels = [replace(channel, retention=kept) for channel in CHANNELS]
    service.in_background(partial(trim_periodically, connect, channels, period))
    if days := settings.dead_letter_days:
        age = timedelta(days=days)
        service.in_background(partial(trim_dead_letters_periodically, connect, age, period))
    if settings.record_days and isinstance(records, RedisStore):
        service.in_background(
            partial(remove_old_records, records, connect, settings.record_days, period)
        )
