"""Idempotency-Key: sent twice, taken in once; the key is free again after a refusal."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from contracts.places import Place
from gateway.uploads import key_lock
from kit.gateway import MemoryGateway
from kit.problems import assert_problem
from kit.redis import raising
from storage.layout import MARKERS
from unit.gateway.uploads.test_upload import (
    BEGINNING,
    CONTENT,
    FILE,
    MULTIPART,
)

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'
OTHER = ("CT.dcm", CONTENT + b"x", "application/dicom")


async def post(
    gateway: MemoryGateway, *files: Any, key: str = KEY, **fields: str
) -> httpx2.Response:
    """Upload with a key."""
    parts = [("file", file) for file in files]
    headers = {"Idempotency-Key": key}
    return await gateway.client.post("/upload", files=parts, data=fields, headers=headers)


async def test_the_same_upload_sent_again_is_answered_as_the_first_time(
    gateway: MemoryGateway,
) -> None:
    first = await post(gateway, FILE, OTHER, ("DICOMDIR", b"x"), label="trial")
    again = await post(gateway, OTHER, FILE, ("DICOMDIR", b"x"), label="trial")
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    assert (again.json()["files"], again.json()["skipped"]) == (2, 1)
    assert len(gateway.studies) == len(gateway.published) == 1


@pytest.mark.parametrize(
    ("files", "fields"),
    [
        ([OTHER], {}),
        ([FILE, FILE], {}),
        ([("other name", CONTENT)], {}),
        ([FILE], {"profile": "strict"}),
        ([FILE], {"label": "a"}),
        ([FILE], {"expected_instances": "1"}),
    ],
    ids=["bytes", "number", "name", "profile", "label", "expected"],
)
async def test_another_upload_with_the_same_key_is_refused(
    gateway: MemoryGateway, files: list[Any], fields: dict[str, str]
) -> None:
    first = await post(gateway, FILE)
    other = await post(gateway, *files, **fields)
    assert_problem(other, 422, "idempotency-key-reused")
    assert other.headers["connection"] == "close"
    assert (await post(gateway, FILE)).json() == first.json()
    assert len(gateway.studies) == 1


async def test_uploads_with_other_keys_or_none_are_uploads_of_their_own(
    gateway: MemoryGateway,
) -> None:
    answers = [await post(gateway, FILE, key=key) for key in (KEY, "other")]
    answers += [await gateway.client.post("/upload", files={"file": FILE}) for _ in range(2)]
    assert len({answer.json()["study_id"] for answer in answers}) == 4


async def test_while_the_first_is_in_flight_the_second_has_to_wait(gateway: MemoryGateway) -> None:
    receiving, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield BEGINNING
        receiving.set()
        await go_on.wait()
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    headers = {"Idempotency-Key": KEY, "Content-Type": MULTIPART}
    first = asyncio.create_task(gateway.client.post("/upload", content=slow(), headers=headers))
    await receiving.wait()
    second = await post(gateway, FILE)
    assert_problem(second, 409, "idempotency-key-in-flight")
    assert int(second.headers["retry-after"]) > 0
    go_on.set()
    assert (await first).status_code == 202
    assert (await post(gateway, FILE)).json() == (await first).json()


async def test_a_key_is_held_as_long_as_the_upload_takes(
    gateway: MemoryGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_lock, "LOCK_SECONDS", 0.03)
    renewed = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield BEGINNING
        [name] = gateway.redis.expiries
        gateway.redis.expiries.clear()
        gateway.redis.after_write = renewed.set
        await asyncio.wait_for(renewed.wait(), 5)
        assert gateway.redis.expiries == {name: 0.03}
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    headers = {"Idempotency-Key": KEY, "Content-Type": MULTIPART}
    answer = await gateway.client.post("/upload", content=slow(), headers=headers)
    assert answer.status_code == 202
    assert list(gateway.redis.expiries.values()) == [86_400]


async def test_a_refused_upload_gives_its_key_back(gateway: MemoryGateway) -> None:
    refused = await post(gateway, ("a", b""))
    assert_problem(refused, 422, "empty-file")
    assert not gateway.redis.values
    assert (await post(gateway, FILE)).status_code == 202


async def test_an_upload_whose_key_someone_else_has_taken_meanwhile_is_refused(
    gateway: MemoryGateway,
) -> None:
    """It had expired, because Redis could not be reached to renew it."""

    async def slow() -> AsyncIterator[bytes]:
        yield BEGINNING
        [name] = gateway.redis.values
        gateway.redis.values[name] = b"another one"
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    headers = {"Idempotency-Key": KEY, "Content-Type": MULTIPART}
    refused = await gateway.client.post("/upload", content=slow(), headers=headers)
    assert_problem(refused, 409, "idempotency-key-in-flight")
    assert gateway.is_empty
    assert not gateway.published
    assert list(gateway.redis.values.values()) == [b"another one"]


async def test_an_upload_that_is_committed_stays_even_if_someone_else_takes_its_key(
    gateway: MemoryGateway,
) -> None:
    def take_over() -> None:
        [name] = gateway.redis.values
        gateway.redis.values[name] = b"another one"

    gateway.redis.before_write = take_over
    assert (await post(gateway, FILE)).status_code == 202
    assert len(gateway.studies) == len(gateway.published) == 1
    assert list(gateway.redis.values.values()) == [b"another one"]


async def test_an_upload_whose_confirmation_was_lost_is_announced_once_and_answers_its_key(
    gateway: MemoryGateway,
) -> None:
    gateway.redis.after_write = raising(RedisConnectionError("no reply"))
    first = await post(gateway, FILE)
    again = await post(gateway, FILE)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert len(gateway.studies) == len(gateway.published) == 1


async def test_an_upload_that_is_announced_later_answers_its_key(gateway: MemoryGateway) -> None:
    gateway.redis.before_write = gateway.redis.leave
    first = await post(gateway, FILE)
    assert first.status_code == 202
    gateway.redis.come_back()
    assert (await post(gateway, FILE)).json() == first.json()
    assert len(gateway.studies) == len(gateway.published) == 1


@pytest.mark.parametrize("place", [Place.ARCHIVE, Place.QUARANTINE])
async def test_the_answer_counts_wherever_the_study_has_gone(
    gateway: MemoryGateway, place: Place
) -> None:
    first = await post(gateway, FILE)
    [study] = gateway.studies
    target = gateway.volumes.uploads.parent / place / study.name
    target.parent.mkdir(exist_ok=True)
    study.rename(target)
    (target / MARKERS[place]).touch()
    assert (await post(gateway, FILE)).json() == first.json()
    shutil.rmtree(target)
    assert (await post(gateway, FILE)).json()["study_id"] != study.name


async def test_while_redis_is_unavailable_nothing_is_accepted(gateway: MemoryGateway) -> None:
    gateway.redis.leave()
    assert_problem(await post(gateway, FILE), 503, "event-bus-unavailable")
    assert gateway.is_empty


async def test_redis_may_go_away_while_the_upload_is_received(gateway: MemoryGateway) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield BEGINNING
        gateway.redis.leave()
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    headers = {"Idempotency-Key": KEY, "Content-Type": MULTIPART}
    refused = await gateway.client.post("/upload", content=slow(), headers=headers)
    assert_problem(refused, 503, "event-bus-unavailable")
    assert gateway.is_empty
    assert not gateway.published


async def test_redis_holds_neither_keys_nor_names(gateway: MemoryGateway) -> None:
    await post(gateway, FILE, key="DOE^JANE")
    assert list(gateway.redis.values) == [f"idempotency:{hashlib.sha256(b'DOE^JANE').hexdigest()}"]
    assert b"CT.dcm" not in b"".join(gateway.redis.values.values())


@pytest.mark.parametrize("same", ['"a-b"', "a-b", ' "a-b" '])
async def test_a_key_may_be_quoted_or_bare(gateway: MemoryGateway, same: str) -> None:
    first = await post(gateway, FILE, key="a-b")
    assert (await post(gateway, FILE, key=same)).json() == first.json()


@pytest.mark.parametrize("key", ["", '""', '"a', 'a"b"', "a b", '"' + 256 * "x" + '"', "x" * 256])
async def test_a_key_that_is_none_is_a_bad_request(gateway: MemoryGateway, key: str) -> None:
    assert_problem(await post(gateway, FILE, key=key), 400, "invalid-idempotency-key")
    assert gateway.is_empty


async def test_two_keys_are_a_bad_request(gateway: MemoryGateway) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await gateway.client.post("/upload", files={"file": FILE}, headers=headers)
    assert_problem(answer, 400, "invalid-idempotency-key")


@pytest.mark.parametrize("key", ["x" * 255, '"' + "x" * 255 + '"', r'"a\"b\\c"'])
async def test_the_longest_key_and_escapes_are_fine(gateway: MemoryGateway, key: str) -> None:
    assert (await post(gateway, FILE, key=key)).status_code == 202
