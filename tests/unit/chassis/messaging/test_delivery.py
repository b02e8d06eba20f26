"""Delivery: a message is acknowledged, left for a retry, or dead-lettered, in one place."""

import asyncio
import errno
import pickle
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, ResponseError
from structlog.testing import capture_logs
from structlog.typing import EventDict

from chassis.messaging import outage as outage_module
from chassis.messaging.addresses import Stream
from chassis.messaging.claims import Claim, Claims
from chassis.messaging.dead_letter import Failure
from chassis.messaging.delivery import Capacity, Delivery, each
from chassis.messaging.delivery import Consumer as Consuming
from chassis.messaging.errors import EnvironmentFault, PermanentError, is_of_environment
from chassis.messaging.failures import TRIES_TOGETHER, Failures
from chassis.messaging.outage import Outage
from chassis.messaging.outcome import Outcome
from chassis.observability.metrics import Metrics
from chassis.runtime.settings import DeliverySettings
from contracts.events import (
    CloudEvent,
    StudyUploaded,
    StudyUploadedData,
)
from storage.port import ChecksumMismatchError

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
EVENT = StudyUploaded.new(
    source="gateway",
    subject=STUDY,
    data=StudyUploadedData(directory="uploads/x", file_count=1, size_bytes=1),
)
OTHER_KIND = CloudEvent.model_validate_json(EVENT.to_json())
PATIENT = "DOE^JANE"
LIMIT = 3


@dataclass
class Redis:
    """What Redis knows of one entry."""

    consumer: str = "here-1"
    deliveries: int = 1
    acknowledged: bool = False
    beats: asyncio.Queue[list[tuple[Any, ...]]] = field(default_factory=asyncio.Queue)
    lost_beats: int = 0
    idle_ms: int = 0
    corrections: list[tuple[Any, ...]] = field(default_factory=list)
    """Idle time in milliseconds and deliveries, as they were set."""
    corrected: asyncio.Event = field(default_factory=asyncio.Event)

    async def eval(self, _: str, keys: int, stream: str, *arguments: object) -> int:
        assert (keys, stream) == (1, "uploads")
        assert arguments[:3] == ("validator", "here-1", b"17-0")
        self.corrections.append(arguments[3:])
        self.corrected.set()
        return 1

    async def xpending_range(
        self, stream: str, group: str, **bounds: object
    ) -> list[dict[str, Any]]:
        assert (stream, group) == ("uploads", "validator")
        assert bounds["min"] == bounds["max"]
        assert bounds["count"] == 1
        if self.acknowledged:
            return []
        return [
            {
                "consumer": self.consumer.encode(),
                "times_delivered": self.deliveries,
                "time_since_delivered": self.idle_ms,
            }
        ]

    def pipeline(self, *, transaction: bool) -> "Renewals":
        assert not transaction
        return Renewals(self)


class Renewals:
    """A pipeline that renews claims."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queued: list[tuple[Any, ...]] = []

    async def __aenter__(self) -> "Renewals":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    def xclaim(self, *consumer: str, message_ids: list[bytes], **options: object) -> None:
        assert options == {"min_idle_time": 0, "justid": True}
        self._queued.append((*consumer, set(message_ids)))

    async def execute(self) -> None:
        if self._redis.lost_beats:
            self._redis.lost_beats -= 1
            raise RedisConnectionError("redis://:secret@redis refused")
        self._redis.beats.put_nowait(self._queued)


Moved = list[tuple[Claim, bytes, Failure]]
Handle = Callable[[Any], Awaitable[Sequence[CloudEvent]]]


class Publisher:
    """Puts events into the transaction that it is given."""

    def __init__(self) -> None:
        self.noted: list[CloudEvent] = []

    async def queue(self, event: CloudEvent, transaction: list[CloudEvent]) -> None:
        transaction.append(event)

    def note(self, event: CloudEvent) -> None:
        self.noted.append(event)


class Consumer:
    """A consumer with everything around it."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.moved: Moved = []
        self.metrics = Metrics("validator")
        self.calls = 0
        self.lines: list[EventDict] = []
        self.publisher = Publisher()
        self.sent: list[CloudEvent] = []
        self.outage = Outage(self.metrics)
        self.is_well = True
        self.is_unavailable = False
        """Whether Redis fails when the message is to be settled."""
        dead_letters: Any = self
        self.claims = Claims(self.connect, idle_seconds=30)  # type: ignore[arg-type]
        self.failures = Failures(
            settings=DeliverySettings(claim_idle_seconds=30, max_deliveries=LIMIT),
            claims=self.claims,
            dead_letters=dead_letters,
            outage=self.outage,
            is_well=self.ask_whether_all_is_well,
            metrics=self.metrics,
        )

    @asynccontextmanager
    async def transaction(self, *, settles: Sequence[Claim]) -> AsyncIterator[list[CloudEvent]]:
        """Events and acknowledgement: both or neither."""
        assert [claim.entry_id for claim in settles] in ([b"17-0"], [b"0-0"])
        queued: list[CloudEvent] = []
        yield queued
        if self.is_unavailable:
            raise RedisConnectionError("redis://:secret@redis refused")
        self.sent += queued
        self.redis.acknowledged = True

    async def move(self, claim: Claim, _: object, body: bytes, failure: Failure) -> None:
        self.moved.append((claim, body, failure))

    async def ask_whether_all_is_well(self) -> bool:
        return self.is_well

    async def connect(self) -> Redis:
        return self.redis

    async def deliver(
        self, handle: Handle, body: bytes = EVENT.to_json(), *, in_memory: bool = False
    ) -> str:
        """Hand a message to a handler; returns the outcome as logged."""
        collaborators: Any = {
            "claims": self.claims,
            "transactions": self,
            "publishers": {StudyUploaded: self.publisher},
            "failures": self.failures,
        }
        self.delivery = Delivery(metrics=self.metrics, **collaborators)

        async def counted(event: Any) -> Sequence[CloudEvent]:
            self.calls += 1
            return await handle(event)

        stream = Stream("uploads", group="validator", consumer="here-1", batch=True)
        uploads = Consuming(StudyUploaded, each(counted), Capacity(batch=1))
        entry_ids = [] if in_memory else [b"17-0"]
        with capture_logs() as self.lines:
            await self.delivery.deliver(stream, uploads, entry_ids, [{b"__data__": body}])
            await self.delivery.drain(10)
        assert PATIENT not in str([{**line, "exc_info": None} for line in self.lines])
        [outcome] = self.lines[-1].keys() & {outcome.value for outcome in Outcome}
        return str(outcome)

    @property
    def failure(self) -> Failure:
        """Why the message was dead-lettered."""
        [(_, _, failure)] = self.moved
        return failure


@pytest.fixture
def consumer() -> Consumer:
    return Consumer(Redis())


async def succeed(_: Any) -> Sequence[CloudEvent]:
    return ()


async def fail(_: Any) -> Sequence[CloudEvent]:
    raise ValueError(PATIENT)


async def fail_for_good(_: Any) -> Sequence[CloudEvent]:
    raise PermanentError("study.missing", "The study's files are gone.")


async def test_a_message_is_acknowledged_after_its_handler_has_succeeded(
    consumer: Consumer,
) -> None:
    async def handle(_: Any) -> Sequence[CloudEvent]:
        assert not consumer.redis.acknowledged
        return ()

    assert await consumer.deliver(handle) == "done"
    assert consumer.redis.acknowledged
    assert not consumer.moved


async def test_the_events_that_follow_are_sent_with_the_acknowledgement(
    consumer: Consumer,
) -> None:
    async def handle(_: Any) -> Sequence[CloudEvent]:
        return [EVENT, EVENT]

    assert await consumer.deliver(handle) == "done"
    assert consumer.sent == consumer.publisher.noted == [EVENT, EVENT]


async def test_a_message_whose_events_could_not_be_sent_is_left_pending(
    consumer: Consumer,
) -> None:
    async def handle(_: Any) -> Sequence[CloudEvent]:
        return [EVENT]

    consumer.is_unavailable = True
    assert await consumer.deliver(handle) == "wait"
    assert not consumer.publisher.noted


async def test_an_event_that_the_service_does_not_publish_is_not_lost_silently(
    consumer: Consumer,
) -> None:
    async def handle(_: Any) -> Sequence[CloudEvent]:
        return [OTHER_KIND]

    assert await consumer.deliver(handle) == "retry"
    assert not consumer.redis.acknowledged


@pytest.mark.parametrize("deliveries", range(1, LIMIT))
async def test_a_message_that_fails_is_left_pending_for_another_try(
    consumer: Consumer, deliveries: int
) -> None:
    consumer.redis.deliveries = deliveries
    assert await consumer.deliver(fail) == "retry"
    assert not consumer.redis.acknowledged
    assert not consumer.moved


async def test_a_message_that_fails_is_tried_again_after_a_quarter_of_its_age(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.017 + 40)
    await consumer.deliver(fail)
    assert consumer.redis.corrections == [(20_000, 1)]


FAULTS = [
    OSError(errno.ENOSPC, "no space left on DOE^JANE"),
    PermissionError(errno.EACCES, "not allowed"),
    TimeoutError(),
    RedisConnectionError("redis://:secret@redis refused"),
    ResponseError("MISCONF Redis is configured to save RDB snapshots"),
    EnvironmentFault(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_a_fault_of_the_environment_never_counts_against_the_message(
    consumer: Consumer, fault: Exception
) -> None:
    async def handle(_: Any) -> Sequence[CloudEvent]:
        raise fault

    consumer.redis.deliveries = LIMIT
    assert await consumer.deliver(handle) == "wait"
    assert not consumer.moved
    assert [deliveries for _, deliveries in consumer.redis.corrections][-1] == LIMIT - 1


@pytest.mark.parametrize(
    "error",
    [
        ValueError(PATIENT),
        PermanentError("a.b", "A sentence."),
        FileNotFoundError(errno.ENOENT, "gone"),
        ChecksumMismatchError(),
        ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"),
        DataError("invalid input"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_everything_else_says_something_about_the_message(error: Exception) -> None:
    assert not is_of_environment(error)


@pytest.mark.parametrize("deliveries", [1, LIMIT])
@pytest.mark.parametrize("is_verdict", [False, True])
async def test_no_message_is_blamed_while_its_environment_is_not_well(
    consumer: Consumer, deliveries: int, is_verdict: bool
) -> None:
    consumer.is_well = False
    consumer.redis.deliveries = deliveries
    assert await consumer.deliver(fail_for_good if is_verdict else fail) == "wait"
    assert not consumer.moved


async def test_the_next_messages_wait_until_it_is_time_to_try_again(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fill_the_disk(_: Any) -> Sequence[CloudEvent]:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(outage_module, "SHORTEST_PAUSE_SECONDS", 0.02)
    before = time.monotonic()
    await consumer.deliver(fill_the_disk)
    [failing, waited] = consumer.lines
    assert (failing["event"], failing["errno"]) == ("environment.failing", errno.ENOSPC)
    assert waited["wait"] == 1
    with pytest.raises(EnvironmentFault):
        await consumer.outage.check()
    assert b'hdv_outage{service="validator"} 1.0' in consumer.metrics.exposition()

    assert await consumer.deliver(succeed) == "done"
    assert time.monotonic() - before > 0.01
    assert consumer.lines[0]["event"] == "environment.recovered"
    await consumer.outage.check()
    assert b'hdv_outage{service="validator"} 0.0' in consumer.metrics.exposition()


async def test_an_outage_that_lasts_does_not_flood_the_log(
    consumer: Consumer,
) -> None:
    fault = OSError(errno.ENOSPC, "no space left")
    with capture_logs() as lines:
        for _ in range(100):
            consumer.outage.note(fault)
    assert len(lines) == 1


async def test_a_message_that_was_delivered_often_is_handled_alone_and_counts_only_then(
    consumer: Consumer,
) -> None:
    others_work, may_end = asyncio.Event(), asyncio.Event()

    async def other(_: Any) -> Sequence[CloudEvent]:
        others_work.set()
        await may_end.wait()
        return ()

    async def suspect(_: Any) -> Sequence[CloudEvent]:
        assert may_end.is_set()
        assert consumer.redis.corrections == [(0, TRIES_TOGETHER), (0, TRIES_TOGETHER + 1)]
        return ()

    beside = asyncio.create_task(consumer.deliver(other))
    await others_work.wait()
    consumer.redis.deliveries = TRIES_TOGETHER + 1
    alone = asyncio.create_task(consumer.deliver(suspect))
    await consumer.redis.corrected.wait()
    assert consumer.redis.corrections == [(0, TRIES_TOGETHER)]
    may_end.set()
    assert [await alone, await beside] == ["done", "done"]


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


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_process_that_was_stopped_for_long_leaves_its_message_to_the_new_consumer(
    consumer: Consumer, *, is_done: bool
) -> None:
    async def handle(_: Any) -> Sequence[CloudEvent]:
        consumer.claims._renewed -= 31
        consumer.redis.consumer = "there-2"
        consumer.redis.acknowledged = is_done
        return [EVENT]

    assert await consumer.deliver(handle) == "lost_claim"
    assert not consumer.sent
    assert consumer.redis.acknowledged is is_done
    assert consumer.redis.beats.empty()


async def test_a_process_that_was_stopped_for_long_goes_on_if_no_one_has_claimed_its_message(
    consumer: Consumer,
) -> None:
    async def handle(_: Any) -> Sequence[CloudEvent]:
        consumer.claims._renewed -= 31
        return [EVENT]

    assert await consumer.deliver(handle) == "done"
    assert consumer.sent == [EVENT]


async def test_in_memory_a_message_is_worked_on_without_asking_redis(consumer: Consumer) -> None:
    consumer.redis.acknowledged = True
    assert await consumer.deliver(succeed, in_memory=True) == "done"
    assert consumer.calls == 1


async def test_work_that_is_cancelled_leaves_its_message_pending(consumer: Consumer) -> None:
    working = asyncio.Event()

    async def handle(_: Any) -> Sequence[CloudEvent]:
        working.set()
        await asyncio.Event().wait()
        return ()

    task = asyncio.create_task(consumer.deliver(handle))
    await working.wait()
    await consumer.delivery.drain(0)
    task.cancel()
    assert not consumer.redis.acknowledged
    assert not consumer.moved
    assert consumer.redis.corrections == [(30_000, 0)]  # free for others at once, and not counted


async def test_a_failure_is_logged_with_its_study_and_its_kind(consumer: Consumer) -> None:
    await consumer.deliver(fail)
    failed, outcome = consumer.lines
    assert (failed["event"], failed["study_id"]) == ("message.failed", str(STUDY))
    assert (failed["code"], failed["deliveries"]) == ("ValueError", 1)
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
OTHER = Claim("uploads", "validator", "here-1", b"18-0", 1)


@asynccontextmanager
async def renewing(redis: Redis) -> AsyncIterator[Claims]:
    """The claims of a running service."""

    async def connect() -> Any:
        return redis

    claims = Claims(connect, idle_seconds=0.003)
    task = asyncio.create_task(claims.renew_continually())
    try:
        yield claims
    finally:
        task.cancel()


async def test_claims_are_renewed_together_while_the_work_goes_on() -> None:
    redis = Redis()
    async with renewing(redis) as claims:
        with claims.held(CLAIM), claims.held(OTHER):
            beats = [await redis.beats.get() for _ in range(3)]
    assert beats == [[("uploads", "validator", "here-1", {b"17-0", b"18-0"})]] * 3


async def test_a_missed_beat_does_not_end_the_work() -> None:
    redis = Redis(lost_beats=2)
    with capture_logs() as lines:
        async with renewing(redis) as claims:
            with claims.held(CLAIM):
                await redis.beats.get()
    assert [line["event"] for line in lines] == ["heartbeat.missed"] * 2
    assert "secret" not in str(lines)


async def test_a_claim_is_no_longer_renewed_when_the_work_has_ended() -> None:
    redis = Redis()
    async with renewing(redis) as claims:
        with claims.held(OTHER):
            with pytest.raises(ValueError, match="DOE"), claims.held(CLAIM):
                await fail(None)
            assert await redis.beats.get() == [("uploads", "validator", "here-1", {b"18-0"})]


async def test_a_claim_counts_how_often_its_entry_was_delivered() -> None:
    claims = Claims(Consumer(Redis(deliveries=4)).connect, idle_seconds=30)  # type: ignore[arg-type]
    claim = await claims.current("uploads", "validator", "here-1", b"17-0")
    assert claim == Claim("uploads", "validator", "here-1", b"17-0", deliveries=4)


async def test_an_entry_that_has_just_been_appended_needs_no_question() -> None:
    class Silent:
        async def xpending_range(self, *_: object, **__: object) -> None:
            raise AssertionError

    claims = Claims(Consumer(Silent()).connect, idle_seconds=30)  # type: ignore[arg-type]
    entry_id = f"{int(time.time() * 1000)}-0".encode()
    claim = await claims.new("uploads", "validator", "here-1", entry_id)
    assert claim == Claim("uploads", "validator", "here-1", entry_id, deliveries=1)


async def test_the_claim_on_an_entry_that_has_waited_is_renewed_at_once() -> None:
    redis = Redis(idle_ms=20_000)
    claims = Claims(Consumer(redis).connect, idle_seconds=30)  # type: ignore[arg-type]
    assert await claims.new("uploads", "validator", "here-1", b"17-0")
    assert redis.beats.get_nowait() == [("uploads", "validator", "here-1", {b"17-0"})]
