"""Delivery: a message is handled and acknowledged, left for a retry, or dead-lettered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from faststream import AckPolicy, BaseMiddleware, ContextRepo
from faststream.message import StreamMessage
from faststream.redis import RedisBroker, StreamSub
from pydantic import ValidationError

from chassis.messaging.broker import CLAIM_POLLING_MS, POLLING_MS
from chassis.messaging.claims import IN_MEMORY, Claim, Claims
from chassis.messaging.errors import PermanentError
from chassis.messaging.failures import Failures
from chassis.messaging.outcome import Outcome
from chassis.messaging.publishing import EventPublisher, Transactions
from chassis.observability.logs import get_logger
from chassis.observability.metrics import Metrics
from chassis.runtime.settings import DeliverySettings
from contracts.channels import Channel
from contracts.events import CloudEvent

Handler = Callable[[Any], Awaitable[Sequence[CloudEvent]]]
"""Takes the event of a channel and returns those that follow from it; may be called again with the
same event."""


def consume(
    broker: RedisBroker,
    channel: Channel,
    handler: Handler,
    *,
    group: str,
    instance: str,
    settings: DeliverySettings,
    concurrency: int,
) -> None:
    """Hand every message of a channel to a handler: new ones, and those a dead consumer left.

    This takes two FastStream subscribers: one only reads new messages, the other only claims.

    Args:
        broker: where the subscribers are declared; it needs the `Delivery` middleware.
        channel: the stream to read.
        handler: what to do with an event.
        group: the consumer group, one of the channel's.
        instance: name of this process among the group's consumers.
        settings: when to claim.
        concurrency: how many messages are worked on at the same time.

    Raises:
        ValueError: the channel does not know the group.
    """
    if group not in channel.groups:
        raise ValueError(f"{group} is no consumer group of {channel.address}")
    idle_ms = int(settings.claim_idle_seconds * 1000)

    async def decode(message: StreamMessage[Any]) -> CloudEvent:
        return channel.event.model_validate_json(message.body)

    title = f"{group}.{channel.event.__name__}"
    reader = broker.subscriber(
        stream=StreamSub(
            channel.address,
            group=group,
            consumer=instance,
            # By default all messages are prefetched: they would wait here, other replicas be idle.
            max_records=concurrency,
            polling_interval=POLLING_MS,
        ),
        max_workers=concurrency,
        decoder=decode,
        ack_policy=AckPolicy.MANUAL,
        title=title,
    )
    claimer = broker.subscriber(
        stream=StreamSub(
            channel.address,
            group=group,
            consumer=f"{instance}-claimer",
            min_idle_time=idle_ms,
            polling_interval=min(idle_ms // 2, CLAIM_POLLING_MS),
        ),
        decoder=decode,
        ack_policy=AckPolicy.MANUAL,
        title=f"{title}.claim",
        include_in_schema=False,
    )
    reader(handler)
    claimer(handler)


class Delivery(BaseMiddleware[Any, Any]):
    """FastStream middleware around every handler: claim, acknowledgement, retry, dead letter.

    The subscribers' acknowledgement policy is MANUAL: only this class decides what happens to a
    message.
    """

    def __init__(
        self,
        msg: Any,  # noqa: ANN401 -- FastStream's signature
        /,
        *,
        context: ContextRepo,
        metrics: Metrics,
        claims: Claims,
        transactions: Transactions,
        publishers: Mapping[type[CloudEvent], EventPublisher],
        failures: Failures,
    ) -> None:
        super().__init__(msg, context=context)
        self._metrics = metrics
        self._claims = claims
        self._transactions = transactions
        self._publishers = publishers
        self._failures = failures
        self._study_id: str | None = None

    async def consume_scope(
        self,
        call_next: Callable[[Any], Awaitable[Any]],
        msg: StreamMessage[Any],
    ) -> None:
        """Work on one message. No exception of a handler leaves this method."""
        started = time.perf_counter()
        sub: StreamSub = self.context.get_local("handler_").stream_sub
        claim = await self._claim(msg, sub)
        outcome = await self._work(call_next, msg, claim) if claim else Outcome.LOST_CLAIM
        seconds = time.perf_counter() - started
        self._metrics.message(sub.name, seconds, outcome)
        get_logger().info(
            f"message.{outcome}",
            stream=sub.name,
            event_id=msg.correlation_id,
            study_id=self._study_id,
            duration_ms=round(seconds * 1000, 2),
        )

    async def _claim(self, msg: StreamMessage[Any], sub: StreamSub) -> Claim | None:
        group, consumer = str(sub.group), str(sub.consumer)
        if not msg.raw_message["message_ids"]:  # in memory (TestRedisBroker) nothing is pending
            return Claim(sub.name, group, consumer, IN_MEMORY, deliveries=1)
        [entry_id] = msg.raw_message["message_ids"]
        look_up = self._claims.new if sub.min_idle_time is None else self._claims.current
        return await look_up(sub.name, group, consumer, entry_id)

    async def _work(
        self,
        call_next: Callable[[Any], Awaitable[Any]],
        msg: StreamMessage[Any],
        claim: Claim,
    ) -> Outcome:
        """Handle the message; then acknowledge it, leave it pending or dead-letter it."""
        with self._claims.held(claim):
            try:
                async with self._failures.turn(claim):
                    events = await self._handle(call_next, msg, claim)
                    if not await self._claims.is_held(claim):
                        return Outcome.LOST_CLAIM
                    await self._finish(claim, events)
            except asyncio.CancelledError:
                await self._failures.interrupted(claim)
                raise
            except Exception as error:  # noqa: BLE001 -- whatever a handler raises is decided on
                data = msg.raw_message["data"]
                return await self._failures.settle(claim, data, msg.body, error, self._study_id)
        return Outcome.DONE

    async def _handle(
        self,
        call_next: Callable[[Any], Awaitable[Any]],
        msg: StreamMessage[Any],
        claim: Claim,
    ) -> Sequence[CloudEvent]:
        """Call the handler once; returns the events that follow.

        Raises:
            PermanentError: trying again cannot help.
            Exception: the handler failed.
        """
        self._failures.require_tries_left(claim)
        try:
            event: Any = await msg.decode()
        except ValidationError:
            message = "The message is not the event of this channel."
            raise PermanentError("event.invalid", message) from None
        self._study_id = str(event.subject)
        events: Sequence[CloudEvent] = await call_next(msg)
        return events

    async def _finish(self, claim: Claim, events: Sequence[CloudEvent]) -> None:
        """Send the events and acknowledge the message, in one MULTI."""
        async with self._transactions.transaction(settles=[claim]) as pipeline:
            for event in events:
                await self._publishers[type(event)].queue(event, pipeline)
        for event in events:
            self._publishers[type(event)].note(event)
