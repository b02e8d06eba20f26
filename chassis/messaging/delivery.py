"""Delivery: a message is handled and acknowledged, left for a retry, or dead-lettered.

Messages that mean little work are handled together, as many as one read gives: what they have in
common (a thread, a process, a round trip) is then needed once. Those that mean much work are
handled each by itself. Whatever becomes of a message harms no other one of its batch.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from chassis.messaging.addresses import Stream
from chassis.messaging.claims import IN_MEMORY, Claim, Claims
from chassis.messaging.errors import PermanentError
from chassis.messaging.failures import Failures
from chassis.messaging.outcome import Outcome
from chassis.messaging.publishing import EventPublisher, Transactions, sending
from chassis.messaging.subscription import Fields, body_of
from chassis.observability.logs import get_logger
from chassis.observability.metrics import Metrics
from chassis.observability.tracing import NO_TRACING, Tracing
from chassis.runtime.slots import Slots
from contracts.events import CloudEvent

GATHER_SECONDS = 0.025
"""From the beginning of a batch, how long the next one gathers, for each message of that batch:
where messages are rare, none waits; the more come, the more are handled at once."""
LONGEST_GATHER_SECONDS = 0.25

LONG_BATCH_SECONDS = 2.0
"""A batch of small studies that takes longer lets another one begin: a file in it costs much."""
BATCHES_BESIDE = 16
"""So many such batches at the same time."""
LARGE_HERE = 4
"""So many times as many large messages as are handled are taken in at most: small ones behind them
overtake those that wait. More would better be left to other processes."""

Result = Sequence[CloudEvent] | Exception
"""What became of an event: the events that follow from it, or why it was not handled."""
Handler = Callable[[Sequence[Any]], Awaitable[Sequence[Result]]]
"""Takes events of a channel in their order and returns for each what became of it; may be called
again with the same events."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How many messages of a channel are worked on at the same time.

    Attributes:
        batch: the greatest number of messages in a batch.
        batches: batches at the same time.
        large: messages that are handled by themselves, at the same time.
        is_large: whether an event means so much work that it is handled by itself.
    """

    batch: int
    batches: int = 1
    large: int = 1
    is_large: Callable[[Any], bool] = lambda _: False


@dataclass(frozen=True, eq=False)
class _Message:
    """A stream entry that is ours to work on.

    Attributes:
        claim: the claim on it.
        fields: as Redis has them.
        event: its event, or why it is not to be handled.
    """

    claim: Claim
    fields: Fields
    event: CloudEvent | PermanentError


@dataclass
class Consumer:
    """What is read from one channel, and what is worked on at the moment.

    Attributes:
        event: the event of the channel.
        handler: what to do with its events.
        capacity: how many at the same time.
    """

    event: type[CloudEvent]
    handler: Handler
    capacity: Capacity
    _batches: Slots = field(init=False)
    _large: asyncio.Semaphore = field(init=False)
    _large_here: asyncio.Semaphore = field(init=False)
    """Handled, or waiting for that: small ones behind them are to be read, and to overtake."""

    def __post_init__(self) -> None:
        self._batches = Slots(self.capacity.batches, LONG_BATCH_SECONDS, beside=BATCHES_BESIDE)
        self._large = asyncio.Semaphore(self.capacity.large)
        self._large_here = asyncio.Semaphore(LARGE_HERE * self.capacity.large)

    def is_large(self, message: _Message) -> bool:
        """Whether a message is handled by itself."""
        return isinstance(message.event, CloudEvent) and self.capacity.is_large(message.event)

    @asynccontextmanager
    async def slot(self, messages: Sequence[_Message]) -> AsyncIterator[None]:
        """Wait until messages can be handled together; they keep their place in the context."""
        if self.is_large(messages[0]):
            async with self._large_here, self._large:
                yield
        else:
            async with self._batches.slot():
                yield

    async def room(self) -> None:
        """Wait until another message could be taken in, whatever its size."""
        async with self._batches.slot(), self._large_here:
            pass


def each(
    handle: Callable[[Any], Awaitable[Sequence[CloudEvent]]], tracing: Tracing = NO_TRACING
) -> Handler:
    """A handler that handles the events of a batch at the same time, each by itself.

    Args:
        handle: takes an event and returns those that follow from it; may be called again with it.
        tracing: makes a span of each event, in its trace, which the events that follow continue.
    """

    async def traced(event: CloudEvent) -> Sequence[CloudEvent]:
        with tracing.span(
            f"process {event.type}",
            kind="consumer",
            parent=event.traceparent,
            attributes={"hdv.study_id": str(event.subject)},
        ):
            continued = {"traceparent": tracing.traceparent()}
            return [following.model_copy(update=continued) for following in await handle(event)]

    call = traced if tracing.is_on else handle

    async def handle_all(events: Sequence[Any]) -> list[Result]:
        results: list[Result] = []
        for result in await asyncio.gather(*map(call, events), return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result
            results.append(result)
        return results

    return handle_all


class Delivery:
    """Works on the messages that a service reads, and decides what happens to each.

    Args:
        metrics: counts messages.
        claims: the claims of this process.
        transactions: sends events and acknowledges.
        publishers: of the events that follow, by their type.
        failures: decides on messages that were not handled.
        tracing: makes spans of the events that are sent.
    """

    def __init__(
        self,
        *,
        metrics: Metrics,
        claims: Claims,
        transactions: Transactions,
        publishers: Mapping[type[CloudEvent], EventPublisher],
        failures: Failures,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._tracing = tracing
        self._metrics = metrics
        self._claims = claims
        self._transactions = transactions
        self._publishers = publishers
        self._failures = failures
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(
        self,
        stream: Stream,
        consumer: Consumer,
        entry_ids: Sequence[bytes],
        entries: Sequence[Fields],
    ) -> None:
        """Begin to work on what was read; returns when there is room for more.

        Args:
            stream: where it was read; what is to be read next is set there.
            consumer: what is done with it.
            entry_ids: of the entries; none in memory (`TestRedisBroker`), where nothing is pending.
            entries: their fields.
        """
        started = asyncio.get_running_loop().time()
        messages = await self._claimed(stream, consumer, entry_ids, entries)
        large = [message for message in messages if consumer.is_large(message)]
        batch = [message for message in messages if message not in large]
        groups = [group for group in (batch, *([message] for message in large)) if group]
        tasks = [asyncio.create_task(self._deliver(stream, consumer, group)) for group in groups]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # Other large ones may follow, and are better left to other processes that have room.
        stream.max_records = consumer.capacity.large if large else consumer.capacity.batch
        if not entry_ids:
            await asyncio.gather(*tasks)
            return
        await asyncio.sleep(0)  # the tasks take their slots
        await consumer.room()
        if len(batch) < consumer.capacity.batch:
            gather = min(len(batch) * GATHER_SECONDS, LONGEST_GATHER_SECONDS)
            await asyncio.sleep(started + gather - asyncio.get_running_loop().time())

    async def drain(self, seconds: float) -> None:
        """Wait until the messages in work are done; those that are not in time are given back."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _claimed(
        self,
        stream: Stream,
        consumer: Consumer,
        entry_ids: Sequence[bytes],
        entries: Sequence[Fields],
    ) -> list[_Message]:
        """The messages that are still this consumer's."""
        name, group, own_name = stream.name, str(stream.group), str(stream.consumer)
        if not entry_ids:
            in_memory = Claim(name, group, own_name, IN_MEMORY, deliveries=1)
            return [self._message(in_memory, fields, consumer) for fields in entries]
        look_up = self._claims.new if stream.min_idle_time is None else self._claims.current
        messages = []
        for entry_id, fields in zip(entry_ids, entries, strict=True):
            if claim := await look_up(name, group, own_name, entry_id):
                messages.append(self._message(claim, fields, consumer))
            else:
                self._note(stream, 0.0, Counter({Outcome.LOST_CLAIM: 1}))
        return messages

    def _message(self, claim: Claim, fields: Fields, consumer: Consumer) -> _Message:
        try:
            self._failures.require_tries_left(claim)
            event = consumer.event.model_validate_json(body_of(fields))
        except PermanentError as error:
            return _Message(claim, fields, error)
        except ValidationError:
            text = "The message is not the event of this channel."
            return _Message(claim, fields, PermanentError("event.invalid", text))
        return _Message(claim, fields, event)

    async def _deliver(
        self, stream: Stream, consumer: Consumer, messages: Sequence[_Message]
    ) -> None:
        """Work on messages together. No exception of a handler leaves this method."""
        with self._claims.held(*(message.claim for message in messages)):
            try:
                async with consumer.slot(messages):
                    started = time.perf_counter()
                    outcomes = await self._work(messages, consumer.handler)
                    self._note(stream, time.perf_counter() - started, outcomes)
            except asyncio.CancelledError:
                for message in messages:
                    await self._failures.interrupted(message.claim)
                raise

    async def _work(self, messages: Sequence[_Message], handler: Handler) -> Counter[Outcome]:
        """Handle messages; then acknowledge each, or decide what becomes of it."""
        results = await self._handle(messages, handler)
        outcomes = Counter(result for result in results.values() if isinstance(result, Outcome))
        for message, error in results.items():
            if isinstance(error, Exception):
                study_id = _study_of(message)
                body = body_of(message.fields)
                settled = self._failures.settle(
                    message.claim, message.fields, body, error, study_id
                )
                outcomes[await settled] += 1
        return outcomes

    async def _handle(
        self, messages: Sequence[_Message], handler: Handler
    ) -> dict[_Message, Outcome | Exception]:
        """Call the handler once, send what follows, and acknowledge; returns how each ended."""
        ended: dict[_Message, Outcome | Exception] = {
            message: message.event
            for message in messages
            if isinstance(message.event, PermanentError)
        }
        handled = [message for message in messages if message not in ended]
        if not handled:
            return ended
        # Of several messages none has been delivered before: claimers take one at a time.
        most_delivered = max((m.claim for m in handled), key=lambda claim: claim.deliveries)
        try:
            async with self._failures.turn(most_delivered):
                results = await handler([message.event for message in handled])
                followed: dict[_Message, Sequence[CloudEvent]] = {}
                for message, result in zip(handled, results, strict=True):
                    if isinstance(result, Exception):
                        ended[message] = result
                    elif not await self._claims.is_held(message.claim):
                        ended[message] = Outcome.LOST_CLAIM
                    else:
                        followed[message] = result
                await self._finish(followed)
                ended |= dict.fromkeys(followed, Outcome.DONE)
        except Exception as error:  # noqa: BLE001 -- whatever a handler raises is decided on
            ended |= {message: error for message in handled if message not in ended}
        return ended

    async def _finish(self, followed: Mapping[_Message, Sequence[CloudEvent]]) -> None:
        """Send the events that follow and acknowledge the messages, in one MULTI."""
        if not followed:
            return
        events = [event for following in followed.values() for event in following]
        claims = [message.claim for message in followed]
        with ExitStack() as spans:
            for event in events:
                spans.enter_context(sending(self._tracing, event))
            async with self._transactions.transaction(settles=claims) as pipeline:
                for event in events:
                    await self._publishers[type(event)].queue(event, pipeline)
        for event in events:
            self._publishers[type(event)].note(event)

    def _note(self, stream: Stream, seconds: float, outcomes: Counter[Outcome]) -> None:
        for outcome, count in outcomes.items():
            self._metrics.messages(stream.name, seconds, outcome, count)
        get_logger().info(
            "messages.handled",
            stream=stream.name,
            **{outcome.value: count for outcome, count in outcomes.items() if count},
            duration_ms=round(seconds * 1000, 2),
        )


def _study_of(message: _Message) -> str | None:
    return str(message.event.subject) if isinstance(message.event, CloudEvent) else None
