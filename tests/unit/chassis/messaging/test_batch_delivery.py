"""Delivery in batches: what fails is retried or dead-lettered, and harms no other message."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import orjson
import pytest
from faststream.redis import RedisBroker, StreamSub
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs
from structlog.typing import EventDict

from chassis.messaging.batch_delivery import BatchDelivery
from chassis.messaging.claims import Claim
from chassis.messaging.errors import PermanentError
from chassis.messaging.outcome import Outcome
from chassis.observability.metrics import Metrics
from chassis.runtime.settings import DeliverySettings
from contracts.events import StudyUploaded, StudyUploadedData

PATIENT = "DOE^JANE"
EXHAUSTED = PermanentError("delivery.exhausted", "Every worker that received it has died.")
FIRST, SECOND = b"1-0", b"2-0"


def event() -> StudyUploaded:
    data = StudyUploadedData(directory="uploads/x", file_count=1, size_bytes=1)
    return StudyUploaded.new(source="gateway", subject=uuid4(), data=data)


class Consumer:
    """A consumer with everything around it.

    Attributes:
        lost: entries that another consumer has claimed.
        deliveries: how often each entry has been delivered, if more than once.
        exhausted: entries that were delivered too often.
        is_unavailable: whether Redis fails when messages are to be acknowledged.
        handled: the events of each call of the handler.
        acknowledged: the entries of each transaction.
        settled: the errors of messages that were not handled.
        turns: the message whose turn each batch was.
        lines: what was logged.
    """

    def __init__(self) -> None:
        self.lost: set[bytes] = set()
        self.deliveries: dict[bytes, int] = {}
        self.exhausted: set[bytes] = set()
        self.is_unavailable = False
        self.handled: list[list[StudyUploaded]] = []
        self.acknowledged: list[list[bytes]] = []
        self.settled: dict[bytes, Exception] = {}
        self.turns: list[bytes] = []
        self.metrics = Metrics("status")
        self.lines: list[EventDict] = []

    async def current(self, stream: str, group: str, consumer: str, entry_id: bytes) -> Any:
        if entry_id in self.lost:
            return None
        return Claim(stream, group, consumer, entry_id, self.deliveries.get(entry_id, 1))

    @contextmanager
    def held(self, *claims: Claim) -> Iterator[None]:
        assert self.lost.isdisjoint(claim.entry_id for claim in claims)
        yield

    @asynccontextmanager
    async def transaction(self, *, settles: Sequence[Claim]) -> AsyncIterator[None]:
        yield
        if self.is_unavailable:
            raise RedisConnectionError("redis://:secret@redis refused")
        self.acknowledged.append([claim.entry_id for claim in settles])

    @asynccontextmanager
    async def turn(self, claim: Claim) -> AsyncIterator[None]:
        self.turns.append(claim.entry_id)
        yield

    def require_tries_left(self, claim: Claim) -> None:
        if claim.entry_id in self.exhausted:
            raise EXHAUSTED

    async def settle(self, claim: Claim, fields: object, body: bytes, error: Exception) -> Outcome:
        assert fields == {b"__data__": body}
        self.settled[claim.entry_id] = error
        return Outcome.DEAD_LETTER if isinstance(error, PermanentError) else Outcome.RETRY

    async def deliver(
        self, bodies: dict[bytes, bytes], *errors: Exception | None, in_memory: bool = False
    ) -> dict[str, int]:
        """Deliver a batch, whose events end with these errors; returns the outcomes as logged."""
        collaborators: Any = {"claims": self, "transactions": self, "failures": self}
        delivery = BatchDelivery(
            RedisBroker(),
            group="status",
            instance="here-1",
            settings=DeliverySettings(),
            metrics=self.metrics,
            **collaborators,
        )

        async def handle(events: Sequence[Any]) -> Sequence[Exception | None]:
            self.handled.append(list(events))
            return errors or [None] * len(events)

        stream = StreamSub("uploads", group="status", consumer="here-1", min_idle_time=1)
        entries = [{b"__data__": body} for body in bodies.values()]
        with capture_logs() as self.lines:
            await delivery.deliver(
                stream, StudyUploaded, handle, [] if in_memory else list(bodies), entries
            )
        assert PATIENT not in str([{**line, "exc_info": None} for line in self.lines])
        line = orjson.loads(orjson.dumps(self.lines[-1]))  # as it is logged
        assert (line["event"], line["stream"]) == ("messages.handled", "uploads")
        return {name: line[name] for name in Outcome if name in line}


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


async def test_a_batch_is_handled_and_acknowledged_at_once(consumer: Consumer) -> None:
    events = {FIRST: event(), SECOND: event()}
    outcomes = await consumer.deliver({name: e.to_json() for name, e in events.items()})
    assert outcomes == {"done": 2}
    assert consumer.handled == [list(events.values())]
    assert consumer.acknowledged == [[FIRST, SECOND]]
    assert 'outcome="done",service="status"} 2.0' in consumer.metrics.exposition().decode()


@pytest.mark.parametrize("broken", [b"", b"[]", PATIENT.encode(), b"\xff"])
async def test_what_is_no_event_of_the_channel_is_dead_lettered_alone(
    consumer: Consumer, broken: bytes
) -> None:
    good = event()
    outcomes = await consumer.deliver({FIRST: broken, SECOND: good.to_json()})
    assert outcomes == {"done": 1, "dead_letter": 1}
    assert consumer.handled == [[good]]
    assert consumer.acknowledged == [[SECOND]]
    [error] = consumer.settled.values()
    assert isinstance(error, PermanentError)
    assert error.code == "event.invalid"


async def test_a_batch_without_any_event_is_not_handled(consumer: Consumer) -> None:
    assert await consumer.deliver({FIRST: b"[]"}) == {"dead_letter": 1}
    assert not consumer.handled


async def test_an_event_that_fails_is_left_unacknowledged_alone(consumer: Consumer) -> None:
    bodies = {FIRST: event().to_json(), SECOND: event().to_json()}
    error = ValueError(PATIENT)
    assert await consumer.deliver(bodies, error, None) == {"done": 1, "retry": 1}
    assert consumer.acknowledged == [[SECOND]]
    assert consumer.settled == {FIRST: error}


async def test_a_message_whose_every_worker_has_died_is_not_tried_again(consumer: Consumer) -> None:
    consumer.exhausted = {FIRST}
    assert await consumer.deliver({FIRST: event().to_json()}) == {"dead_letter": 1}
    assert consumer.settled == {FIRST: EXHAUSTED}
    assert not consumer.handled


async def test_a_batch_has_the_turn_of_its_message_that_was_delivered_most(
    consumer: Consumer,
) -> None:
    consumer.deliveries = {SECOND: 3}
    await consumer.deliver({FIRST: event().to_json(), SECOND: event().to_json()})
    assert consumer.turns == [SECOND]


async def test_a_handler_that_fails_as_a_whole_leaves_all_unacknowledged(
    consumer: Consumer,
) -> None:
    bodies = {FIRST: event().to_json(), SECOND: event().to_json()}
    # A handler that says too little about its events has failed too.
    assert await consumer.deliver(bodies, None) == {"retry": 2}
    assert not consumer.acknowledged


async def test_what_redis_fails_to_acknowledge_has_not_been_handled(consumer: Consumer) -> None:
    consumer.is_unavailable = True
    assert await consumer.deliver({FIRST: event().to_json()}) == {"retry": 1}
    [error] = consumer.settled.values()
    assert isinstance(error, RedisConnectionError)


async def test_a_message_that_is_no_longer_this_consumers_is_left_alone(
    consumer: Consumer,
) -> None:
    mine = event()
    consumer.lost = {FIRST}
    outcomes = await consumer.deliver({FIRST: event().to_json(), SECOND: mine.to_json()})
    assert outcomes == {"done": 1, "lost_claim": 1}
    assert consumer.handled == [[mine]]


async def test_in_memory_messages_are_handled_without_asking_redis(consumer: Consumer) -> None:
    consumer.lost = {FIRST}
    assert await consumer.deliver({FIRST: event().to_json()}, in_memory=True) == {"done": 1}
