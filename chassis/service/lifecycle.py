"""A service: an HTTP application and a FastStream broker that start and stop together."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from importlib.metadata import version
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from faststream.redis import RedisBroker

from chassis.messaging.addresses import Stream
from chassis.messaging.broker import await_redis, create_broker, ensure_groups, instance_name
from chassis.messaging.claims import Claims
from chassis.messaging.dead_letter import DeadLetters
from chassis.messaging.delivery import Capacity, Consumer, Delivery, Handler
from chassis.messaging.failures import Failures
from chassis.messaging.outage import Outage
from chassis.messaging.publishing import EventPublisher, Transactions
from chassis.messaging.subscription import Fields, subscribe
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from chassis.observability.steps import Steps
from chassis.observability.tracing import NO_TRACING, Tracing
from chassis.runtime.cancellation import cancel
from chassis.runtime.settings import ConfigurationError, ServiceSettings
from chassis.service.request_log import RequestLog
from chassis.service.request_trace import RequestTrace
from chassis.web import health, problem
from chassis.web.guard import Guard, TokenGuard, install
from chassis.web.health import Check, Health
from chassis.web.perimeter import ANY, Perimeter
from chassis.web.routing import include, provide
from contracts.channels import Channel
from contracts.events import CloudEvent
from contracts.places import Place
from storage.port import Store

Work = Callable[[], Coroutine[None, None, None]]
"""Something that runs for as long as the service does."""

WATCH_PERIOD_SECONDS = 2.0
CLEARING_PERIOD_SECONDS = 3600.0
"""How often leftovers of crashes are looked for."""

NO_TELEMETRY = TelemetryConfig(
    tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
)
"""Off whatever the environment says (`OTEL_*`, `FASTAPI_OTEL_AUTO_CONFIGURE`)."""


def tracing_of(settings: ServiceSettings, instance: str) -> Tracing:
    """What makes the spans of a service.

    Raises:
        ConfigurationError: the extra `otel` is not installed.
    """
    if settings.otel_endpoint is None:
        return NO_TRACING
    try:
        from chassis.observability.otel import OtelTracing  # noqa: PLC0415 -- an extra, and slow
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"{settings.service}: otel_endpoint needs hybrid-dicom-validator[otel]"
        ) from None
    return OtelTracing(settings.service, instance, settings.otel_endpoint, settings.otel_ratio)


class Service:
    """Each service's `create_app` composes one, and `chassis.service.process` runs it.

    Args:
        settings: the settings of the service.
        description: one sentence for the OpenAPI document.
        failures: the channel on which the service announces the studies that it could not process;
            None if such a message says nothing about the study.
        instance: its consumer name, when not host and process id.
        guard: decides which requests are served; None for those with the internal token, if there
            is one.
        hosts: names under which clients reach it, as `Perimeter` takes them; None if only other
            services do.

    Attributes:
        http: the FastAPI application; its lifespan runs everything else.
        broker: the FastStream broker.
        metrics: what it measures.
        steps: measures the steps of its work.
        tracing: makes spans.
        checks: what must hold for the service to be ready, by name.
        limited: what the service does not do at the moment although it is ready, and why.
        died: set when a subscriber or background work has stopped by itself; the process must then
            end.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        description: str,
        failures: Channel | None = None,
        instance: str | None = None,
        guard: Guard | None = None,
        hosts: Collection[str] | None = None,
    ) -> None:
        self.name = settings.service
        self.settings = settings
        self.metrics = Metrics(self.name)
        self._instance = instance or instance_name()
        self.tracing = tracing_of(settings, self._instance)
        self.steps = Steps(self.metrics.step, self.tracing)
        self.died = asyncio.Event()
        self.broker: RedisBroker = create_broker(settings)
        self._transactions = Transactions(self.broker)
        self._publishers: dict[type[CloudEvent], EventPublisher] = {}
        self._claims = Claims(self.broker.connect, settings.delivery.claim_idle_seconds)
        self._groups: list[tuple[str, str]] = []
        self._resources: list[Callable[[], AbstractAsyncContextManager[object]]] = []
        self._at_stop: list[Callable[[], None]] = []
        self._expected_tasks = 0
        outage = Outage(self.metrics)
        self.limited: dict[str, str] = {}
        self.checks: dict[str, Check] = {
            "redis": self._check_redis,
            "subscribers": self._check_subscribers,
            "outage": outage.check,
        }
        self._dead_letters = DeadLetters(
            self.broker, self.name, self.metrics, self.publisher(failures) if failures else None
        )
        self._failures = Failures(
            settings=settings.delivery,
            claims=self._claims,
            dead_letters=self._dead_letters,
            outage=outage,
            is_well=self._is_well,
            metrics=self.metrics,
        )
        self._delivery = Delivery(
            metrics=self.metrics,
            claims=self._claims,
            transactions=self._transactions,
            publishers=self._publishers,
            failures=self._failures,
            tracing=self.tracing,
        )
        self.http = FastAPI(
            title=f"Hybrid DICOM Validator: {self.name}",
            description=description,
            version=version("hybrid-dicom-validator"),
            lifespan=self._lifespan,
            # FastAPI's own pages load scripts from elsewhere.
            docs_url=None,
            redoc_url=None,
            # FastAPI's own telemetry records the texts of exceptions, which may quote patient data.
            telemetry=NO_TELEMETRY,
        )
        problem.install(self.http)
        provide(self.http, settings.http, Health(self.checks, self.limited, self.metrics))
        include(self.http, health.router)
        install(self.http, guard or TokenGuard(settings.internal_token, health.OPEN))
        if hosts is None:
            # No page of another site knows the token.
            hosts = (ANY,) if settings.internal_token else ()
        self.http.add_middleware(Perimeter, hosts=hosts)
        self.http.add_middleware(RequestLog, metrics=self.metrics)
        if self.tracing.is_on:
            self.http.add_middleware(RequestTrace, tracing=self.tracing)
            self.use(self._traced)

    def publisher(self, channel: Channel) -> EventPublisher:
        """The publisher of the events of a channel."""
        publisher = EventPublisher(
            self.broker,
            channel,
            self.name,
            self.metrics,
            self._transactions,
            tracing=self.tracing,
        )
        self._publishers[channel.event] = publisher
        return publisher

    def when_failed(self, call: Callable[[UUID], Awaitable[None]]) -> None:
        """Call something with each study that the service could not process; perhaps repeatedly."""
        self._dead_letters.when_failed.append(call)

    def consume(
        self,
        channel: Channel,
        handler: Handler,
        capacity: Capacity,
        *,
        publishes: Sequence[Channel] = (),
    ) -> None:
        """Hand the events of a channel to a handler, as the consumer group of this service.

        Args:
            channel: the channel.
            handler: what to do with some events.
            capacity: how many are handled at the same time.
            publishes: the channels of the events that the handler returns.
        """
        for following in publishes:
            self.publisher(following)
        consumer = Consumer(channel.event, handler, capacity)

        async def deliver(stream: Stream, ids: Sequence[bytes], entries: Sequence[Fields]) -> None:
            await self._delivery.deliver(stream, consumer, ids, entries)

        subscribe(
            self.broker,
            channel,
            deliver,
            group=self.name,
            instance=self._instance,
            idle_ms=int(self.settings.delivery.claim_idle_seconds * 1000),
            max_records=min(capacity.batch, capacity.large),
        )
        self._groups.append((channel.address, self.name))

    def use(self, resource: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        """Enter a context when the service starts, and leave it after the last message."""
        self._resources.append(resource)

    def work_on(self, store: Store, *places: Place) -> None:
        """Prepare places of the store at the start; the service is ready while it can write there.

        While it runs it removes what crashes have left there, also those of other processes.

        Args:
            store: where studies are stored.
            places: those that the service writes to.
        """

        @contextlib.asynccontextmanager
        async def prepared() -> AsyncIterator[None]:
            await asyncio.to_thread(store.prepare, places)
            yield

        async def clear_continually() -> None:
            while True:
                jitter = random.uniform(0.5, 1.0)  # noqa: S311 -- jitter
                await asyncio.sleep(CLEARING_PERIOD_SECONDS * jitter)
                try:
                    await asyncio.to_thread(store.prepare, places)
                except OSError as error:  # the disk is full or read-only: readiness says so
                    get_logger().warning("volume.not_cleared", error=error_name(error))

        async def check() -> None:
            await asyncio.to_thread(store.check, places)

        self.use(prepared)
        self.in_background(clear_continually)
        self.checks["volume"] = check

    def note_process_end(self, end: str) -> None:
        """Count and log that a process has ended during a task, which is then tried again."""
        self.metrics.error(f"process.{end}")
        get_logger().warning("process.ended", end=end)

    def at_stop(self, call: Callable[[], None]) -> None:
        """Call something when the service has to stop, before it waits for open requests."""
        self._at_stop.append(call)

    def stopping(self) -> None:
        """Make the calls that were registered with `at_stop`."""
        for call in self._at_stop:
            call()

    def in_background(self, work: Work) -> None:
        """Run something for as long as the service does; its failure ends the service."""
        self.use(partial(self._background, work))

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            client = await self.broker.connect()
            stack.push_async_callback(self.broker.stop)
            for resource in self._resources:
                await stack.enter_async_context(resource())
            if self._groups:
                await await_redis(client)
                await ensure_groups(client, self._groups)
            await self.broker.start()
            self._expected_tasks = self._subscriber_tasks()
            if self._groups:
                await stack.enter_async_context(self._background(self._claims.renew_continually))
            # Work in flight ends before the resources that it uses are closed.
            stack.push_async_callback(self._stop_subscribers)
            await stack.enter_async_context(self._background(self.metrics.log_activity))
            await stack.enter_async_context(self._background(self._watch_subscribers))
            get_logger().info("service.started", instance=self._instance)
            yield
        get_logger().info("service.stopped", instance=self._instance)

    @contextlib.asynccontextmanager
    async def _traced(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.to_thread(self.tracing.shutdown)

    async def _stop_subscribers(self) -> None:
        async with asyncio.TaskGroup() as stopping:
            for subscriber in self.broker.subscribers:
                stopping.create_task(subscriber.stop())
            drained = self._delivery.drain(self.settings.delivery.graceful_timeout_seconds)
            stopping.create_task(drained)

    @contextlib.asynccontextmanager
    async def _background(
        self, work: Callable[[], Coroutine[None, None, None]]
    ) -> AsyncIterator[None]:
        task = asyncio.create_task(work())
        task.add_done_callback(self._background_ended)
        try:
            yield
        finally:
            task.remove_done_callback(self._background_ended)
            await cancel(task)
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _background_ended(self, task: "asyncio.Task[None]") -> None:
        self.died.set()
        error = None if task.cancelled() else task.exception()
        get_logger().critical("service.background_died", exc_info=error)

    async def _watch_subscribers(self) -> None:
        """End the process when a subscriber has stopped, because its group is gone for example.

        Under uvicorn FastStream would leave the process running without the subscriber. It restarts
        a task that fails, but not one that was cancelled, and calls that subscriber running.
        """
        while True:
            await self._check_subscribers()
            await asyncio.sleep(WATCH_PERIOD_SECONDS)

    async def _is_well(self) -> bool:
        """Whether Redis and the volumes are as they should be."""
        checks = [self.checks[name] for name in ("redis", "volume") if name in self.checks]
        return all([await health.run(check) == health.OK for check in checks])

    async def _check_redis(self) -> None:
        client = await self.broker.connect()
        await client.ping()

    async def _check_subscribers(self) -> None:
        are_running = all(subscriber.running for subscriber in self.broker.subscribers)
        if not are_running or self._subscriber_tasks() < self._expected_tasks:
            raise RuntimeError("a subscriber has stopped")

    def _subscriber_tasks(self) -> int:
        """How many tasks of subscribers run."""
        subscribers: Sequence[Any] = self.broker.subscribers
        return sum(not task.done() for subscriber in subscribers for task in subscriber.tasks)
