"""Delivery in batches: what fails is retried or dead-lettered, and harms no other message."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import orjson
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs
from structlog.typing import EventDict

from chassis.messaging.addresses import Stream
from chassis.messaging.claims import Claim
from chassis.messaging.delivery import LARGE_HERE, Capacity, Delivery, Result
from chassis.messaging.delivery import Consumer as Consuming
from chassis.messaging.errors import PermanentError
from chassis.messaging.outcome import Outcome
from chassis.observability.metrics import Metrics
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
        given_back: the entries that were given back.
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
        self.given_back: list[bytes] = []
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

    async def is_held(self, claim: Claim) -> bool:
        return claim.entry_id not in self.lost

    async def settle(
        self, claim: Claim, fields: object, body: bytes, error: Exception, _: str | None
    ) -> Outcome:
        assert fields == {b"__data__": body}
        self.settled[claim.entry_id] = error
        return Outcome.DEAD_LETTER if isinstance(error, PermanentError) else Outcome.RETRY

    async def interrupted(self, claim: Claim) -> None:
        self.given_back.append(claim.entry_id)

    def new_delivery(self) -> Delivery:
        """A delivery, and all else is this object."""
        collaborators: Any = {"claims": self, "transactions": self, "failures": self}
        return Delivery(metrics=self.metrics, publishers={}, **collaborators)

    async def deliver(
        self, bodies: dict[bytes, bytes], *errors: Exception | None, in_memory: bool = False
    ) -> dict[str, int]:
        """Deliver a batch, whose events end with these errors; returns the outcomes as logged."""
        delivery = self.new_delivery()

        async def handle(events: Sequence[Any]) -> Sequence[Result]:
            self.handled.append(list(events))
            return [error or () for error in errors] or [()] * len(events)

        stream = Stream("uploads", group="status", consumer="here-1", min_idle_time=1)
        consuming = Consuming(StudyUploaded, handle, Capacity(batch=100))
        entries = [{b"__data__": body} for body in bodies.values()]
        with capture_logs() as self.lines:
            ids = [] if in_memory else list(bodies)
            await delivery.deliver(stream, consuming, ids, entries)
            await delivery.drain(10)
        assert PATIENT not in str([{**line, "exc_info": None} for line in self.lines])
        lines = orjson.loads(orjson.dumps(self.lines))  # as they are logged
        assert {(line["event"], line["stream"]) for line in lines} == {
            ("messages.handled", "uploads")
        }
        return {name: line[name] for line in lines for name in Outcome if name in line}


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


def large(*file_counts: int) -> dict[bytes, bytes]:
    """Messages about uploads with so many files each."""
    bodies = {}
    for number, count in enumerate(file_counts, 1):
        data = StudyUploadedData(directory="uploads/x", file_count=count, size_bytes=1)
        uploaded = StudyUploaded.new(source="gateway", subject=uuid4(), data=data)
        bodies[b"%d-0" % number] = uploaded.to_json()
    return bodies


class Slow:
    """A handler whose calls end when the test says so.

    Attributes:
        running: the numbers of files of the uploads in each call that runs.
        ends: ends a call; by the number of files of its first upload.
    """

    def __init__(self) -> None:
        self.running: list[list[int]] = []
        self.ends: dict[int, asyncio.Event] = {}
        self.began = asyncio.Condition()

    async def __call__(self, events: Sequence[Any]) -> Sequence[Result]:
        counts = [event.data.file_count for event in events]
        end = self.ends.setdefault(counts[0], asyncio.Event())
        async with self.began:
            self.running.append(counts)
            self.began.notify_all()
        await end.wait()
        self.running.remove(counts)
        return [()] * len(events)

    async def end_all(self, delivery: Delivery) -> None:
        """End all calls, and wait until nothing is in work."""
        for count in range(20):
            self.ends.setdefault(count, asyncio.Event()).set()
        await delivery.drain(10)

    async def until(self, *running: list[int]) -> None:
        """Wait until these calls run."""
        async with asyncio.timeout(10), self.began:
            await self.began.wait_for(lambda: self.running == list(running))


def stream_of(capacity: Capacity) -> Stream:
    return Stream(
        "uploads", group="status", consumer="here-1", min_idle_time=1, max_records=capacity.large
    )


CAPACITY = Capacity(batch=9, batches=2, large=2, is_large=lambda event: event.data.file_count > 1)


async def test_small_messages_are_handled_together_and_large_ones_each_by_itself(
    consumer: Consumer,
) -> None:
    slow, stream = Slow(), stream_of(CAPACITY)
    consuming, bodies = (
        Consuming(StudyUploaded, slow, CAPACITY),
        large(1, 2, 1, 3, *range(4, 2 + LARGE_HERE * CAPACITY.large)),
    )
    entries = [{b"__data__": body} for body in bodies.values()]
    delivery = consumer.new_delivery()
    reading = asyncio.create_task(delivery.deliver(stream, consuming, list(bodies), entries))
    await slow.until([1, 1], [2], [3])
    # No more large ones are taken in: nothing is read, and then not too many.
    assert not reading.done()
    assert stream.max_records == CAPACITY.large
    slow.ends[2].set()
    await asyncio.wait_for(reading, 10)
    await slow.until([1, 1], [3], [4])
    await slow.end_all(delivery)


async def test_a_small_message_overtakes_large_ones_that_wait(consumer: Consumer) -> None:
    slow, stream = Slow(), stream_of(CAPACITY)
    consuming, delivery = Consuming(StudyUploaded, slow, CAPACITY), consumer.new_delivery()
    for bodies in large(5, 7, 8), large(1):
        entries = [{b"__data__": body} for body in bodies.values()]
        await asyncio.wait_for(delivery.deliver(stream, consuming, list(bodies), entries), 10)
    await slow.until([5], [7], [1])
    await slow.end_all(delivery)


async def test_while_small_ones_come_more_of_them_are_read_at_once(consumer: Consumer) -> None:
    slow, stream = Slow(), stream_of(CAPACITY)
    bodies = large(1)
    entries = [{b"__data__": body} for body in bodies.values()]
    delivery, consuming = consumer.new_delivery(), Consuming(StudyUploaded, slow, CAPACITY)
    await delivery.deliver(stream, consuming, list(bodies), entries)
    assert (slow.running, stream.max_records) == ([[1]], CAPACITY.batch)
    slow.ends[1].set()
    await delivery.drain(10)


async def test_what_is_not_done_in_time_is_given_back(consumer: Consumer) -> None:
    slow, bodies = Slow(), large(1, 1)
    entries = [{b"__data__": body} for body in bodies.values()]
    delivery, consuming = consumer.new_delivery(), Consuming(StudyUploaded, slow, CAPACITY)
    await delivery.deliver(stream_of(CAPACITY), consuming, list(bodies), entries)
    await delivery.drain(0)
    assert consumer.given_back == list(bodies)
    assert not consumer.acknowledged
