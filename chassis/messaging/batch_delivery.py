"""Delivery in batches: the messages of one read are handled and acknowledged together.

For work that is cheap and can be done for many events at once. What can become of a message is the
same as in `chassis.messaging.delivery`; one that fails does not harm the others of its batch.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faststream import AckPolicy
from faststream.message import StreamMessage
from faststream.redis import RedisBroker, StreamSub
from pydantic import ValidationError

from chassis.messaging.broker import CLAIM_POLLING_MS, POLLING_MS, CloudEventFormat
from chassis.messaging.claims import IN_MEMORY, Claim, Claims
from chassis.messaging.errors import PermanentError
from chassis.messaging.failures import Failures
from chassis.messaging.outcome import Outcome
from chassis.messaging.publishing import Transactions
from chassis.observability.logs import get_logger
from chassis.observability.metrics import Metrics
from chassis.runtime.settings import DeliverySettings
from contracts.channels import Channel
from contracts.events import CloudEvent

GATHER_SECONDS = 0.025
"""From the beginning of a batch, how long the next one gathers, for each message of that batch:
where messages are rare, none waits; the more come, the more are handled at once."""
LONGEST_GATHER_SECONDS = 0.25

BatchHandler = Callable[[Sequence[Any]], Awaitable[Sequence[Exception | None]]]
"""Takes events of a channel in their order and returns for each the error, if it failed; may be
called again with the same events."""

Fields = Mapping[bytes, bytes]
"""A stream entry's fields."""


@dataclass(frozen=True, eq=False)
class _Message:
    """A stream entry that is ours to work on."""

    claim: Claim
    fields: Fields

    @property
    def body(self) -> bytes:
        return _body(self.fields)


class BatchDelivery:
    """Reads the messages of a service in batches, and decides what happens to each.

    Args:
        broker: where the subscribers are declared.
        group: the consumer group.
        instance: name of this process among the group's consumers.
        settings: when to claim.
        metrics: counts messages.
        claims: the claims of this process.
        transactions: acknowledges.
        failures: decides on messages that were not handled.
    """

    def __init__(
        self,
        broker: RedisBroker,
        *,
        group: str,
        instance: str,
        settings: DeliverySettings,
        metrics: Metrics,
        claims: Claims,
        transactions: Transactions,
        failures: Failures,
    ) -> None:
        self._broker = broker
        self._group = group
        self._instance = instance
        self._settings = settings
        self._metrics = metrics
        self._claims = claims
        self._transactions = transactions
        self._failures = failures

    def consume(self, channel: Channel, handler: BatchHandler, most_at_once: int) -> None:
        """Hand every message of a channel to a handler: new ones, and those a dead consumer left.

        Args:
            channel: the stream to read.
            handler: what to do with its events.
            most_at_once: the greatest number of messages in a batch.
        """
        idle_ms = int(self._settings.claim_idle_seconds * 1000)
        title = f"{self._group}.{channel.event.__name__}"
        reader = StreamSub(
            channel.address,
            group=self._group,
            consumer=self._instance,
            batch=True,
            max_records=most_at_once,
            polling_interval=POLLING_MS,
        )
        claimer = StreamSub(
            channel.address,
            group=self._group,
            consumer=f"{self._instance}-claimer",
            batch=True,
            min_idle_time=idle_ms,
            polling_interval=min(idle_ms // 2, CLAIM_POLLING_MS),
        )
        self._subscribe(reader, channel, handler, title)
        self._subscribe(claimer, channel, handler, f"{title}.claim")

    def _subscribe(
        self, stream: StreamSub, channel: Channel, handler: BatchHandler, title: str
    ) -> None:
        async def parse(batch: Any) -> StreamMessage[Any]:  # noqa: ANN401 -- as FastStream read it
            _, headers = CloudEventFormat.parse(_body(batch["data"][0]))
            return StreamMessage(batch, b"", correlation_id=headers["correlation_id"])

        async def decode(message: StreamMessage[Any]) -> Any:  # noqa: ANN401 -- as above
            return message.raw_message

        async def deliver(batch: Any) -> None:  # noqa: ANN401 -- annotated below
            started = asyncio.get_running_loop().time()
            messages = batch["data"]
            await self.deliver(stream, channel.event, handler, batch["message_ids"], messages)
            if len(messages) != stream.max_records:
                gather = min(len(messages) * GATHER_SECONDS, LONGEST_GATHER_SECONDS)
                await asyncio.sleep(started + gather - asyncio.get_running_loop().time())

        deliver.__annotations__["batch"] = channel.event  # what the AsyncAPI document says of it
        self._broker.subscriber(
            stream=stream,
            # Each message is parsed by itself: one that is broken harms no other.
            parser=parse,
            decoder=decode,
            ack_policy=AckPolicy.MANUAL,
            title=title,
            include_in_schema=stream.min_idle_time is None,
        )(deliver)

    async def deliver(
        self,
        stream: StreamSub,
        event: type[CloudEvent],
        handler: BatchHandler,
        entry_ids: Sequence[bytes],
        entries: Sequence[Fields],
    ) -> None:
        """Work on a batch. No exception of a handler leaves this method.

        Args:
            stream: where it was read.
            event: the event of the channel.
            handler: what to do with the events.
            entry_ids: of the entries; none in memory (`TestRedisBroker`), where nothing is pending.
            entries: their fields.
        """
        started = time.perf_counter()
        messages = await self._claimed(stream, entry_ids, entries)
        with self._claims.held(*(message.claim for message in messages)):
            outcomes = await self._work(messages, event, handler)
        outcomes[Outcome.LOST_CLAIM] += len(entries) - len(messages)
        seconds = time.perf_counter() - started
        for outcome, count in outcomes.items():
            self._metrics.messages(stream.name, seconds, outcome, count)
        get_logger().info(
            "messages.handled",
            stream=stream.name,
            **{outcome.value: count for outcome, count in outcomes.items() if count},
            duration_ms=round(seconds * 1000, 2),
        )

    async def _claimed(
        self, stream: StreamSub, entry_ids: Sequence[bytes], entries: Sequence[Fields]
    ) -> list[_Message]:
        """The messages that are still this consumer's."""
        consumer = str(stream.consumer)
        if not entry_ids:
            in_memory = Claim(stream.name, self._group, consumer, IN_MEMORY, deliveries=1)
            return [_Message(in_memory, fields) for fields in entries]
        look_up = self._claims.new if stream.min_idle_time is None else self._claims.current
        messages = []
        for entry_id, fields in zip(entry_ids, entries, strict=True):
            if claim := await look_up(stream.name, self._group, consumer, entry_id):
                messages.append(_Message(claim, fields))
        return messages

    async def _work(
        self, messages: Sequence[_Message], event: type[CloudEvent], handler: BatchHandler
    ) -> Counter[Outcome]:
        """Handle messages; then acknowledge each, or decide what becomes of it."""
        errors = await self._handle(messages, event, handler)
        outcomes = Counter({Outcome.DONE: len(messages) - len(errors)})
        for message, error in errors.items():
            fields, body = message.fields, message.body
            outcomes[await self._failures.settle(message.claim, fields, body, error)] += 1
        return outcomes

    async def _handle(
        self, messages: Sequence[_Message], event: type[CloudEvent], handler: BatchHandler
    ) -> dict[_Message, Exception]:
        """Call the handler once, and acknowledge; returns the errors of messages that failed."""
        errors: dict[_Message, Exception] = {}
        events: dict[_Message, CloudEvent] = {}
        for message in messages:
            try:
                events[message] = self._parse(message, event)
            except PermanentError as error:
                errors[message] = error
        if events:
            # Of several messages none has been delivered before: claimers take one at a time.
            most_delivered = max((m.claim for m in events), key=lambda claim: claim.deliveries)
            try:
                async with self._failures.turn(most_delivered):
                    results = await handler(list(events.values()))
                    failed = {m: e for m, e in zip(events, results, strict=True) if e}
                    await self._acknowledge([m.claim for m in events if m not in failed])
            except Exception as error:  # noqa: BLE001 -- whatever a handler raises is decided on
                failed = dict.fromkeys(events, error)
            errors |= failed
        return errors

    def _parse(self, message: _Message, event: type[CloudEvent]) -> CloudEvent:
        """The event of a message.

        Raises:
            PermanentError: it is not to be handled.
        """
        self._failures.require_tries_left(message.claim)
        try:
            return event.model_validate_json(message.body)
        except ValidationError:
            text = "The message is not the event of this channel."
            raise PermanentError("event.invalid", text) from None

    async def _acknowledge(self, claims: Sequence[Claim]) -> None:
        if claims:
            async with self._transactions.transaction(settles=claims):
                pass  # nothing is sent with it


def _body(fields: Fields) -> bytes:
    return fields.get(b"__data__", b"")
