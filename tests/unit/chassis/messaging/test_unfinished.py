"""Which studies Redis has work for; that a real Redis answers like this is an integration test."""

from uuid import UUID, uuid4

import pytest

from chassis.messaging import unfinished
from chassis.messaging.unfinished import count_waiting, unfinished_studies
from contracts.channels import PROCESSING_FAILED, UPLOADS, VALIDATED
from kit.redis import MemoryRedis


@pytest.fixture
def redis() -> MemoryRedis:
    return MemoryRedis()


def append(redis: MemoryRedis, address: str, study_id: UUID | None = None) -> UUID:
    """Append as much of an event as matters here."""
    study_id = study_id or uuid4()
    redis.append(address, b'{"subject":"%s"}' % str(study_id).encode())
    return study_id


async def unfinished_in(redis: MemoryRedis) -> set[UUID]:
    client: object = redis
    return await unfinished_studies(client)  # type: ignore[arg-type]


async def test_an_empty_redis_has_no_work(redis: MemoryRedis) -> None:
    assert await unfinished_in(redis) == set()


async def test_what_no_group_reads_yet_is_unfinished(redis: MemoryRedis) -> None:
    study_id = append(redis, UPLOADS.address)
    assert await unfinished_in(redis) == {study_id}


async def test_what_is_delivered_is_unfinished_until_it_is_acknowledged(
    redis: MemoryRedis,
) -> None:
    pending, waiting = append(redis, UPLOADS.address), append(redis, VALIDATED.address)
    redis.deliver(UPLOADS.address, "validator")
    redis.deliver(VALIDATED.address, "descriptor", finish=True)
    later = append(redis, VALIDATED.address)
    assert await unfinished_in(redis) == {pending, later}
    assert waiting not in await unfinished_in(redis)


async def test_another_group_does_not_count(redis: MemoryRedis) -> None:
    append(redis, UPLOADS.address)
    redis.deliver(UPLOADS.address, "validator", finish=True)
    redis.deliver(UPLOADS.address, "status")
    assert await unfinished_in(redis) == set()


async def test_a_failure_counts_until_the_status_says_so(redis: MemoryRedis) -> None:
    failed = append(redis, PROCESSING_FAILED.address)
    assert await unfinished_in(redis) == {failed}
    redis.deliver(PROCESSING_FAILED.address, "status", finish=True)
    assert await unfinished_in(redis) == set()


async def test_what_is_not_an_event_is_left_out(redis: MemoryRedis) -> None:
    for body in (b"", b"not json", b"[]", b"{}", b'{"subject":1}', b'{"subject":"x"}'):
        redis.append(UPLOADS.address, body)
    assert await unfinished_in(redis) == set()


async def test_many_are_read_page_by_page(
    redis: MemoryRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "MOST_AT_ONCE", 2)
    pending = {append(redis, UPLOADS.address) for _ in range(5)}
    redis.deliver(UPLOADS.address, "validator")
    waiting = {append(redis, UPLOADS.address) for _ in range(4)}
    assert await unfinished_in(redis) == pending | waiting


async def test_studies_that_wait_are_counted_whether_they_are_delivered_or_not(
    redis: MemoryRedis,
) -> None:
    client: object = redis
    assert await count_waiting(client) == 0  # type: ignore[arg-type]
    for address in (UPLOADS.address, UPLOADS.address, VALIDATED.address):
        append(redis, address)
    assert await count_waiting(client) == 3  # type: ignore[arg-type]
    redis.deliver(UPLOADS.address, "validator")
    redis.deliver(VALIDATED.address, "descriptor", finish=True)
    append(redis, UPLOADS.address)
    assert await count_waiting(client) == 3  # type: ignore[arg-type]
    redis.deliver(UPLOADS.address, "validator", finish=True)
    assert await count_waiting(client) == 0  # type: ignore[arg-type]
