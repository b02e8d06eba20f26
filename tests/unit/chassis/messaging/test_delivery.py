"""Delivery: a message is acknowledged, left for a retry, or dead-lettered, in one place."""

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs
from structlog.typing import EventDict

from chassis.messaging.claims import Claim, current_claim, heartbeat
from chassis.messaging.dead_letter import Failure
from chassis.messaging.delivery import Delivery
from chassis.messaging.errors import PermanentError
from chassis.observability.metrics import Metrics
from chassis.runtime.settings import DeliverySettings
from contracts.events import StudyUploaded, StudyUploadedData

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
EVENT = StudyUploaded.new(
    source="gateway",
    subject=STUDY,
    data=StudyUploadedData(directory="uploads/x", file_count=1, size_bytes=1),
)
PATIENT = "DOE^JANE"
LIMIT = 3


@dataclass
class Redis:
    """What Redis knows of one entry."""

    consumer: str = "here-1"
    deliveries: int = 1
    acknowledged: bool = False
    beats: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    lost_beats: int = 0
    idle_ms: int = 0

    async def xpending_range(
        self, stream: str, group: str, **bounds: object
    ) -> list[dict[str, Any]]:
        assert (stream, group) == ("uploads", "validator")
        assert bounds == {"min": b"17-0", "max": b"17-0", "count": 1}
        if self.acknowledged:
            return []
        return [
            {
                "consumer": self.consumer.encode(),
                "times_delivered": self.deliveries,
                "time_since_delivered": self.idle_ms,
            }
        ]

    async def xclaim(self, *_: object, **arguments: Any) -> None:
        if self.lost_beats:
            self.lost_beats -= 1
            raise RedisConnectionError("redis://:secret@redis refused")
        self.beats.put_nowait(arguments)


class Message:
    """A message as FastStream hands it over."""

    def __init__(self, redis: Redis, body: bytes, *, in_memory: bool = False) -> None:
        self.body = body
        self.correlation_id = str(EVENT.id)
        self.raw_message = {
            "message_ids": [] if in_memory else [b"17-0"],
            "data": {b"__data__": body},
        }
        self._redis = redis

    async def ack(self) -> None:
        self._redis.acknowledged = True


Moved = list[tuple[Claim, bytes, Failure]]
Handle = Callable[[Any], Awaitable[None]]


class Consumer:
    """A consumer with everything around it."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.moved: Moved = []
        self.metrics = Metrics("validator")
        self.calls = 0
        self.lines: list[EventDict] = []

    async def move(self, claim: Claim, _: object, body: bytes, failure: Failure) -> None:
        self.moved.append((claim, body, failure))

    async def connect(self) -> Redis:
        return self.redis

    async def deliver(
        self, handle: Handle, body: bytes = EVENT.to_json(), *, in_memory: bool = False
    ) -> str:
        """Hand a message to a handler through the middleware; returns the outcome as logged."""
        stream = SimpleNamespace(name="uploads", group="validator", consumer="here-1")
        subscriber = SimpleNamespace(stream_sub=stream)
        collaborators: Any = {"broker": self, "dead_letters": self}
        delivery = Delivery(
            None,
            context=SimpleNamespace(get_local=lambda _: subscriber),  # type: ignore[arg-type]
            settings=DeliverySettings(
                claim_idle_seconds=30, max_deliveries=LIMIT, graceful_timeout_seconds=15
            ),
            metrics=self.metrics,
            **collaborators,
        )

        async def counted(message: Any) -> None:
            self.calls += 1
            await handle(message)

        message: Any = Message(self.redis, body, in_memory=in_memory)
        with capture_logs() as self.lines:
            await delivery.consume_scope(counted, message)
        assert PATIENT not in str([{**line, "exc_info": None} for line in self.lines])
        event: str = self.lines[-1]["event"]
        return event.removeprefix("message.")

    @property
    def failure(self) -> Failure:
        """Why the message was dead-lettered."""
        [(_, _, failure)] = self.moved
        return failure


@pytest.fixture
def consumer() -> Consumer:
    return Consumer(Redis())


async def succeed(_: Any) -> None:
    """All is well."""


async def fail(_: Any) -> None:
    raise ValueError(PATIENT)


async def fail_for_good(_: Any) -> None:
    raise PermanentError("study.missing", "The study's files are gone.")


async def test_a_message_is_acknowledged_after_its_handler_has_succeeded(
    consumer: Consumer,
) -> None:
    async def handle(_: Any) -> None:
        assert not consumer.redis.acknowledged

    assert await consumer.deliver(handle) == "done"
    assert consumer.redis.acknowledged
    assert not consumer.moved


@pytest.mark.parametrize("deliveries", range(1, LIMIT))
async def test_a_message_that_fails_is_left_pending_for_another_try(
    consumer: Consumer, deliveries: int
) -> None:
    consumer.redis.deliveries = deliveries
    assert await consumer.deliver(fail) == "retry"
    assert not consumer.redis.acknowledged
    assert not consumer.moved


async def test_a_message_that_fails_on_its_last_try_is_dead_lettered(consumer: Consumer) -> None:
    consumer.redis.deliveries = LIMIT
    assert await consumer.deliver(fail) == "dead_letter"
    assert consumer.calls == 1
    assert consumer.failure == Failure("delivery.failed", "It failed every time, with ValueError.")


async def test_a_message_whose_every_worker_has_died_is_not_tried_again(consumer: Consumer) -> None:
    consumer.redis.deliveries = LIMIT + 1
    assert await consumer.deliver(succeed) == "dead_letter"
    assert consumer.calls == 0
    assert consumer.failure.code == "delivery.exhausted"


async def test_what_trying_again_cannot_fix_is_dead_lettered_at_once(consumer: Consumer) -> None:
    assert await consumer.deliver(fail_for_good) == "dead_letter"
    assert consumer.failure == Failure("study.missing", "The study's files are gone.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        PATIENT.encode(),
        EVENT.to_json().replace(b'"1.0"', b'"0.3"'),
        EVENT.to_json().replace(b"study.uploaded", b"study.archived"),
        EVENT.to_json().replace(b'"file_count":1', b'"file_count":"DOE^JANE"'),
    ],
)
async def test_what_is_no_event_of_the_channel_is_dead_lettered_at_once(
    consumer: Consumer, body: bytes
) -> None:
    assert await consumer.deliver(succeed, body) == "dead_letter"
    assert consumer.calls == 0
    [(claim, moved, failure)] = consumer.moved
    assert claim == Claim("uploads", "validator", "here-1", b"17-0", 1)
    assert moved == body
    assert failure == Failure("event.invalid", "The message is not the event of this channel.")


@pytest.mark.parametrize(
    "redis", [Redis(acknowledged=True), Redis(consumer="there-2")], ids=["done", "claimed"]
)
async def test_a_message_that_is_no_longer_this_consumers_is_left_alone(redis: Redis) -> None:
    consumer = Consumer(redis)
    was_acknowledged = redis.acknowledged
    assert await consumer.deliver(succeed) == "lost_claim"
    assert consumer.calls == 0
    assert redis.acknowledged is was_acknowledged


async def test_in_memory_a_message_is_worked_on_without_asking_redis(consumer: Consumer) -> None:
    consumer.redis.acknowledged = True
    assert await consumer.deliver(succeed, in_memory=True) == "done"
    assert consumer.calls == 1


async def test_work_that_is_cancelled_leaves_its_message_pending(consumer: Consumer) -> None:
    working = asyncio.Event()

    async def handle(_: Any) -> None:
        working.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(consumer.deliver(handle))
    await working.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not consumer.redis.acknowledged
    assert not consumer.moved


async def test_a_failure_is_logged_with_its_study_and_its_kind(consumer: Consumer) -> None:
    await consumer.deliver(fail)
    failed, outcome = consumer.lines
    assert (failed["event"], failed["study_id"]) == ("message.failed", str(STUDY))
    assert (failed["code"], failed["deliveries"]) == ("ValueError", 1)
    assert outcome["event_id"] == str(EVENT.id)
    assert outcome["duration_ms"] >= 0


async def test_messages_and_errors_are_counted(consumer: Consumer) -> None:
    await consumer.deliver(succeed)
    consumer.redis.acknowledged = False
    await consumer.deliver(fail_for_good)
    text = consumer.metrics.exposition().decode()
    assert 'hdv_messages_total{event="uploads",outcome="done",service="validator"} 1.0' in text
    assert 'hdv_errors_total{error="study.missing",service="validator"} 1.0' in text


async def test_a_permanent_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(PermanentError("a.b", "A sentence.")))  # noqa: S301 -- own
    assert (error.code, error.message, str(error)) == ("a.b", "A sentence.", "a.b: A sentence.")


CLAIM = Claim("uploads", "validator", "here-1", b"17-0", 1)


async def test_a_claim_is_renewed_while_the_work_goes_on_without_counting_as_a_delivery() -> None:
    redis: Any = Redis()
    async with heartbeat(redis, CLAIM, period=0.001):
        beats = [await redis.beats.get() for _ in range(3)]
    assert beats == [{"min_idle_time": 0, "message_ids": [b"17-0"], "justid": True}] * 3


async def test_a_missed_beat_does_not_end_the_work() -> None:
    redis: Any = Redis(lost_beats=2)
    with capture_logs() as lines:
        async with heartbeat(redis, CLAIM, period=0.001):
            await redis.beats.get()
    assert [line["event"] for line in lines] == ["heartbeat.missed"] * 2
    assert "secret" not in str(lines)


async def test_a_heart_stops_beating_with_the_work() -> None:
    redis: Any = Redis()
    before = asyncio.all_tasks()

    async def work() -> None:
        async with heartbeat(redis, CLAIM, period=0.001):
            assert len(asyncio.all_tasks()) == len(before) + 1
            await fail(None)

    with pytest.raises(ValueError, match="DOE"):
        await work()
    assert asyncio.all_tasks() == before


async def test_a_claim_counts_how_often_its_entry_was_delivered() -> None:
    redis: Any = Redis(deliveries=4)
    assert await current_claim(redis, "uploads", "validator", "here-1", b"17-0") == Claim(
        "uploads", "validator", "here-1", b"17-0", deliveries=4
    )
