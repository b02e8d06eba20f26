"""Publishing an event: to the stream and to the Pub/Sub channel of its address, in one MULTI."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import islice

from faststream.redis import RedisBroker
from redis.asyncio.client import Pipeline

from chassis.messaging.addresses import LiveChannel, Stream
from chassis.messaging.claims import Claim
from chassis.observability.logs import get_logger
from chassis.observability.metrics import Metrics
from chassis.observability.tracing import NO_TRACING, Span, Tracing
from chassis.runtime.batches import Batches
from contracts.channels import Channel
from contracts.events import CloudEvent

GATHER_SECONDS = 0.01
"""After a MULTI, how long further commands gather for the next one."""

SEND = """
redis.call('XADD', KEYS[1], '*', '__data__', ARGV[1])
redis.call('PUBLISH', KEYS[1], ARGV[1])
"""
"""Sends an event in a script: KEYS[1] is the address, ARGV[1] the event."""


@dataclass(frozen=True)
class _Transaction:
    """Commands, and the entries that are acknowledged with them."""

    commands: Pipeline
    settles: Sequence[Claim]


class Transactions:
    """Executes commands in a MULTI; transactions that wait at the same time share one."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker
        self._batches = Batches(self._execute, pause_seconds=GATHER_SECONDS)

    @asynccontextmanager
    async def transaction(self, settles: Sequence[Claim] = ()) -> AsyncIterator[Pipeline]:
        """The commands that are queued in the context are executed at its end: all or none.

        Args:
            settles: the stream entries that are acknowledged with them.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; it may or may not have executed them.
        """
        client = await self._broker.connect()
        transaction = _Transaction(client.pipeline(transaction=True), settles)
        yield transaction.commands
        await self._batches.add(transaction)

    async def evaluate(
        self, script: str, keys: Sequence[str], arguments: Sequence[bytes | str | int]
    ) -> object:
        """Run a script, maybe in a MULTI with others; returns its answer.

        Raises:
            redis.exceptions.RedisError: as `transaction`.
        """
        client = await self._broker.connect()
        transaction = _Transaction(client.pipeline(transaction=True), ())
        transaction.commands.eval(script, len(keys), *keys, *arguments)
        [answer] = await self._batches.add(transaction)
        return answer

    async def _execute(
        self, transactions: Sequence[_Transaction]
    ) -> list[Sequence[object] | Exception]:
        """Execute transactions; returns for each its replies, or the first error among them."""
        settled: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        for transaction in transactions:
            for claim in transaction.settles:
                settled[claim.stream, claim.group].append(claim.entry_id)
        commands = [c for t in transactions for c in t.commands.command_stack]
        client = await self._broker.connect()
        # A single command needs no MULTI.
        async with client.pipeline(transaction=len(commands) + len(settled) > 1) as pipeline:
            pipeline.command_stack += commands
            for (stream, group), entry_ids in settled.items():
                pipeline.xack(stream, group, *entry_ids)
            answers = iter(await pipeline.execute(raise_on_error=False))
        own = [list(islice(answers, len(t.commands.command_stack))) for t in transactions]
        of_acknowledging = list(answers)
        return [_first_error([*replies, *of_acknowledging]) or replies for replies in own]


def _first_error(replies: Sequence[object]) -> Exception | None:
    return next((reply for reply in replies if isinstance(reply, Exception)), None)


def sending(tracing: Tracing, event: CloudEvent) -> AbstractContextManager[Span]:
    """The span of sending an event, in the trace of the event."""
    return tracing.span(
        f"publish {event.type}",
        kind="producer",
        parent=event.traceparent,
        attributes={"hdv.study_id": str(event.subject)},
    )


class EventPublisher:
    """Sends the events of one channel, documented in the AsyncAPI document."""

    def __init__(
        self,
        broker: RedisBroker,
        channel: Channel,
        service: str,
        metrics: Metrics,
        transactions: Transactions,
        *,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._tracing = tracing
        self._metrics = metrics
        self._transactions = transactions
        self._address = channel.address
        title = f"{service}.{channel.event.__name__}"
        self._append = broker.publisher(
            stream=Stream(channel.address), title=f"{title}.append", schema=channel.event
        )
        self._announce = broker.publisher(
            channel=LiveChannel(channel.address), title=f"{title}.announce", schema=channel.event
        )

    async def publish(self, event: CloudEvent) -> None:
        """Send the event; when this returns, Redis has it.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; it may or may not have the event.
        """
        with sending(self._tracing, event):
            async with self._transactions.transaction() as pipeline:
                await self.queue(event, pipeline)
        self.note(event)

    async def publish_by(
        self,
        script: str,
        event: CloudEvent,
        keys: Sequence[str],
        arguments: Sequence[bytes | str | int],
    ) -> bool:
        """Send the event, if a script says so.

        Args:
            script: contains `SEND`, and returns 1 if it came to that, else 0.
            event: the event.
            keys: those of the script after the first one.
            arguments: likewise.

        Returns:
            Whether the event was sent.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; it may or may not have the event.
        """
        keys, arguments = [self._address, *keys], [event.to_json(), *arguments]
        with sending(self._tracing, event):
            is_sent = bool(await self._transactions.evaluate(script, keys, arguments))
        if is_sent:
            self.note(event)
        return is_sent

    async def queue(self, event: CloudEvent, pipeline: Pipeline) -> None:
        """Add the event's two commands to a MULTI that the caller executes."""
        message, correlation_id = event.to_json(), str(event.id)
        for publisher in (self._append, self._announce):
            await publisher.publish(message, correlation_id=correlation_id, pipeline=pipeline)

    def note(self, event: CloudEvent) -> None:
        """Count and log that the event has been sent."""
        self._metrics.published(event.type)
        get_logger().info(event.type, study_id=str(event.subject), event_id=str(event.id))
