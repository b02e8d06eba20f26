"""The wire format and the address of Redis."""

import json
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from chassis.messaging import broker
from chassis.messaging.broker import (
    BrokerLog,
    CloudEventFormat,
    await_redis,
    ensure_groups,
    instance_name,
)
from chassis.runtime.settings import ServiceSettings, redis_address
from contracts.events import StudyUploaded, StudyUploadedData

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
EVENT = StudyUploaded.new(
    source="gateway",
    subject=STUDY,
    data=StudyUploadedData(directory="uploads/x", file_count=1, size_bytes=1),
)


class ExampleSettings(ServiceSettings):
    """Settings of a service that exists in these tests only."""

    service: ClassVar[str] = "example"


def address(url: str, password: str | None) -> str:
    secret = SecretStr(password) if password is not None else None
    return redis_address(ExampleSettings.model_construct(redis_url=url, redis_password=secret))


async def test_a_message_is_exactly_the_events_json() -> None:
    encoded = await CloudEventFormat.encode(
        message=EVENT, reply_to="", headers=None, correlation_id="x", serializer=None
    )
    assert json.loads(encoded) == json.loads(EVENT.to_json())


@pytest.mark.parametrize(
    ("message", "encoded"),
    [
        (b'{"id":"1"}', b'{"id":"1"}'),
        (bytearray(b"x"), b"x"),
        ({"id": "1"}, b'{"id":"1"}'),
        ("x", b'"x"'),
    ],
)
async def test_what_is_no_event_is_sent_as_it_is_or_as_json(message: Any, encoded: bytes) -> None:
    assert await CloudEventFormat.encode(message=message) == encoded


def test_a_message_is_known_by_its_events_id() -> None:
    body, headers = CloudEventFormat.parse(EVENT.to_json())
    assert body == EVENT.to_json()
    assert headers == {"correlation_id": str(EVENT.id)}


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"1",
        b'"id"',
        b"[]",
        b'["id"]',
        b"{}",
        b'{"id"',
        b"[" * 100_000,
        b'{"data":' * 100_000,
    ],
    ids=lambda garbage: repr(garbage[:10]),
)
def test_garbage_is_handed_on_as_it_is_for_the_dead_letter(garbage: bytes) -> None:
    assert CloudEventFormat.parse(garbage) == (garbage, {"correlation_id": "unknown"})


@given(st.binary(max_size=200))
def test_no_bytes_whatever_make_the_parser_raise(data: bytes) -> None:
    body, headers = CloudEventFormat.parse(data)
    assert body == data
    assert headers.keys() == {"correlation_id"}


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_an_id_of_any_type_makes_a_text(identifier: Any) -> None:
    _, headers = CloudEventFormat.parse(json.dumps({"id": identifier}).encode())
    assert isinstance(headers["correlation_id"], str)


@pytest.mark.parametrize(
    ("url", "with_password"),
    [
        ("redis://redis:6379/0", "redis://:p%40ss%2F%3A%23%25word@redis:6379/0"),
        ("redis://app@redis:6379/0", "redis://app:p%40ss%2F%3A%23%25word@redis:6379/0"),
        ("redis://app:old@redis:6379/0", "redis://app:p%40ss%2F%3A%23%25word@redis:6379/0"),
        ("rediss://redis/1?protocol=3", "rediss://:p%40ss%2F%3A%23%25word@redis/1?protocol=3"),
        ("redis://[::1]:6379", "redis://:p%40ss%2F%3A%23%25word@[::1]:6379"),
        ("unix:///run/redis.sock?db=1", "unix://:p%40ss%2F%3A%23%25word@/run/redis.sock?db=1"),
    ],
)
def test_the_password_is_put_into_the_address_and_arrives_as_it_was(
    url: str, with_password: str
) -> None:
    assert address(url, "p@ss/:#%word") == with_password
    assert parse_url(with_password)["password"] == "p@ss/:#%word"


def test_without_a_secret_the_address_stays_as_it_is() -> None:
    assert address("redis://app:known@redis:6379/0", None) == "redis://app:known@redis:6379/0"


@given(st.text(min_size=1, max_size=30))
def test_any_password_arrives_as_it_was(password: str) -> None:
    assert parse_url(address("redis://redis:6379/0", password))["password"] == password


def test_a_process_has_a_name_of_its_own() -> None:
    assert instance_name() == instance_name()
    assert instance_name().rpartition("-")[2].isdecimal()


class Groups:
    """The consumer groups of a Redis."""

    def __init__(self, *existing: tuple[str, str]) -> None:
        self.existing = set(existing)
        self.made: list[tuple[str, str, str, bool]] = []

    async def xgroup_create(self, stream: str, group: str, *, id: str, mkstream: bool) -> None:  # noqa: A002 -- redis-py's signature
        if (stream, group) in self.existing:
            raise ResponseError("BUSYGROUP Consumer Group name already exists")
        self.made.append((stream, group, id, mkstream))


async def test_groups_are_made_from_the_beginning_of_their_streams_once() -> None:
    client: Any = Groups(("uploads", "status"))
    await ensure_groups(client, [("uploads", "validator"), ("uploads", "status")])
    assert client.made == [("uploads", "validator", "0", True)]


async def test_any_other_refusal_of_a_group_is_an_error() -> None:
    class ReadOnly:
        async def xgroup_create(self, *_: object, **__: object) -> None:
            raise ResponseError("READONLY You can't write against a read only replica.")

    client: Any = ReadOnly()
    with pytest.raises(ResponseError, match="READONLY"):
        await ensure_groups(client, [("uploads", "validator")])


class Waking:
    """A Redis that answers after so many pings."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals

    async def ping(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise RedisConnectionError("redis://:secret@redis refused")


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker.random, "uniform", lambda *_: 0)


@pytest.mark.usefixtures("no_pauses")
async def test_a_starting_service_waits_for_redis() -> None:
    client: Any = Waking(refusals=3)
    with capture_logs() as lines:
        await await_redis(client)
    assert [line["event"] for line in lines] == ["redis.awaited"] * 3
    assert "secret" not in str(lines)


@pytest.mark.usefixtures("no_pauses")
async def test_a_starting_service_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "START_TIMEOUT_SECONDS", 0.0)
    client: Any = Waking(refusals=1_000_000)
    with capture_logs(), pytest.raises(RedisConnectionError):
        await await_redis(client)


def test_of_what_faststream_says_only_trouble_with_redis_is_logged() -> None:
    log = BrokerLog()
    with capture_logs() as lines:
        log.log(20, "Received")
        log.log(40, "ValueError: DOE^JANE", exc_info=ValueError("DOE^JANE"))
        log.log(40, "Message fetch error", exc_info=RedisConnectionError("redis://:secret@redis"))
        log.log(50, "DOE^JANE")
    assert [(line["event"], line.get("error")) for line in lines] == [
        ("delivery.broken", None),  # its exception is rendered as its type and frames
        ("redis.trouble", "ConnectionError"),
        ("redis.trouble", None),
    ]
