"""Dead letters: what is moved there and announced, in one MULTI."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from faststream.redis import RedisBroker
from structlog.testing import capture_logs

from chassis.messaging.claims import Claim
from chassis.messaging.dead_letter import DeadLetters, Failure
from chassis.observability.metrics import Metrics
from contracts.channels import MOST_DEAD_LETTERS
from contracts.events import StudyProcessingFailed, StudyUploaded, StudyUploadedData

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CAUSE = StudyUploaded.new(
    source="gateway",
    subject=STUDY,
    data=StudyUploadedData(directory="uploads/x", file_count=1, size_bytes=1),
    traceparent=TRACE,
)
CLAIM = Claim("uploads", "validator", "here-1", b"17-0", deliveries=5)
FAILURE = Failure("study.missing", "The study's files are gone.")

Command = tuple[Any, ...]


class Pipeline:
    """A MULTI: its commands count once it is executed, and then all of them."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self.queued: list[Command] = []

    async def __aenter__(self) -> "Pipeline":
        return self

    async def __aexit__(self, *_: object) -> None:
        """What is queued and not executed is forgotten."""

    def xadd(self, stream: str, fields: dict[Any, Any], *, maxlen: int, approximate: bool) -> None:
        assert (maxlen, approximate) == (MOST_DEAD_LETTERS, True)
        self.queued.append(("XADD", stream, fields))

    def xack(self, *arguments: Any) -> None:
        self.queued.append(("XACK", *arguments))

    async def execute(self) -> None:
        if self._redis.away:
            raise ConnectionError
        self._redis.executed.append(self.queued)


class Redis:
    """Remembers what was executed."""

    def __init__(self) -> None:
        self.executed: list[list[Command]] = []
        self.away = False

    def pipeline(self, *, transaction: bool) -> Pipeline:
        assert transaction
        return Pipeline(self)


class Publisher:
    """Queues an event as one command."""

    def __init__(self) -> None:
        self.noted: list[StudyProcessingFailed] = []

    async def queue(self, event: StudyProcessingFailed, pipeline: Pipeline) -> None:
        pipeline.queued.append(("PUBLISH", event))

    def note(self, event: StudyProcessingFailed) -> None:
        self.noted.append(event)


class Broker(RedisBroker):
    """A broker that is connected to the fake."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._fake = redis

    async def connect(self) -> Any:
        return self._fake


@pytest.fixture
def redis() -> Redis:
    return Redis()


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("validator")


@pytest.fixture
def dead_letters(redis: Redis, metrics: Metrics, publisher: Any) -> DeadLetters:
    return DeadLetters(Broker(redis), "validator", metrics, publisher)


async def move(dead_letters: DeadLetters, body: bytes, failure: Failure = FAILURE) -> list[Any]:
    with capture_logs() as lines:
        await dead_letters.move(CLAIM, {b"__data__": body}, body, failure)
    return lines


async def test_a_message_is_moved_announced_and_acknowledged_in_one_multi(
    dead_letters: DeadLetters, redis: Redis
) -> None:
    await move(dead_letters, CAUSE.to_json())
    [commands] = redis.executed
    assert [command[0] for command in commands] == ["XADD", "PUBLISH", "XACK"]
    assert commands[2] == ("XACK", "uploads", "validator", b"17-0")


async def test_the_dead_letter_keeps_the_message_and_says_why(
    dead_letters: DeadLetters, redis: Redis
) -> None:
    await move(dead_letters, CAUSE.to_json())
    [[(_, stream, fields), *_]] = redis.executed
    assert stream == "dead-letter"
    assert "time" in fields
    assert {name: value for name, value in fields.items() if name != "time"} == {
        b"__data__": CAUSE.to_json(),
        "stream": "uploads",
        "group": "validator",
        "entry_id": b"17-0",
        "deliveries": 5,
        "service": "validator",
        "code": "study.missing",
        "message": "The study's files are gone.",
    }


async def test_the_studys_failure_is_announced_as_a_consequence_of_the_event(
    dead_letters: DeadLetters, publisher: Publisher
) -> None:
    await move(dead_letters, CAUSE.to_json())
    [event] = publisher.noted
    assert event.subject == STUDY
    assert event.service == "validator"
    assert event.traceparent == TRACE
    assert event.data.event_id == CAUSE.id
    assert event.data.event_type == "study.uploaded"
    assert (event.data.code, event.data.message) == (FAILURE.code, FAILURE.message)
    assert event.data.deliveries == 5


async def test_burying_the_same_message_twice_announces_the_same_event(
    dead_letters: DeadLetters, publisher: Publisher
) -> None:
    await move(dead_letters, CAUSE.to_json())
    await move(dead_letters, CAUSE.to_json())
    first, second = publisher.noted
    assert first.id == second.id


async def test_an_event_of_another_version_still_names_its_study(
    dead_letters: DeadLetters, publisher: Publisher
) -> None:
    body = CAUSE.to_json().replace(b"study.uploaded", b"study.uploaded-by-post")
    await move(dead_letters, body)
    [event] = publisher.noted
    assert event.subject == STUDY


@pytest.mark.parametrize("body", [b"", b"DOE^JANE", b"{}", b'{"subject": "DOE^JANE"}', b"\xff"])
async def test_a_message_that_does_not_name_its_study_is_moved_all_the_same(
    dead_letters: DeadLetters, redis: Redis, publisher: Publisher, body: bytes
) -> None:
    lines = await move(dead_letters, body)
    [commands] = redis.executed
    assert [command[0] for command in commands] == ["XADD", "XACK"]
    assert not publisher.noted
    assert "DOE" not in str(lines)


async def test_the_status_service_moves_its_messages_without_blaming_the_study(
    redis: Redis, metrics: Metrics
) -> None:
    await move(DeadLetters(Broker(redis), "status", metrics, None), CAUSE.to_json())
    [commands] = redis.executed
    assert [command[0] for command in commands] == ["XADD", "XACK"]


async def test_nothing_is_counted_while_redis_is_unavailable(
    dead_letters: DeadLetters, redis: Redis, metrics: Metrics, publisher: Publisher
) -> None:
    redis.away = True
    with pytest.raises(ConnectionError):
        await move(dead_letters, CAUSE.to_json())
    assert not publisher.noted
    assert b"hdv_dead_letters_total{" not in metrics.exposition()


async def test_a_dead_letter_is_counted_and_logged_with_its_study(
    dead_letters: DeadLetters, metrics: Metrics
) -> None:
    [line] = await move(dead_letters, CAUSE.to_json())
    assert (line["event"], line["log_level"]) == ("message.dead_letter", "error")
    assert (line["code"], line["study_id"]) == ("study.missing", str(STUDY))
    assert b'code="study.missing",event="uploads"' in metrics.exposition()


async def test_the_id_of_the_announcement_depends_on_the_cause(
    dead_letters: DeadLetters, publisher: Publisher
) -> None:
    other = CAUSE.model_copy(update={"id": uuid4()})
    await move(dead_letters, CAUSE.to_json())
    await move(dead_letters, other.to_json())
    first, second = publisher.noted
    assert first.id != second.id


async def test_the_service_is_called_with_a_failed_study_before_it_is_announced(
    dead_letters: DeadLetters, redis: Redis
) -> None:
    failed: list[tuple[UUID, int]] = []

    async def note(study_id: UUID) -> None:
        failed.append((study_id, len(redis.executed)))

    dead_letters.when_failed.append(note)
    await move(dead_letters, CAUSE.to_json())
    assert failed == [(STUDY, 0)]
