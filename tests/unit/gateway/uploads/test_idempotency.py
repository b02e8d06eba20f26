"""Idempotency-Key: sent twice, taken in once; the key is free again after a refusal."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from redis.exceptions import ConnectionError as RedisConnectionError

from contracts.places import Place
from gateway.uploads import idempotency
from storage.layout import MARKERS
from unit.gateway.keys_in_memory import Keys
from unit.gateway.uploads.test_upload import (
    BEGINNING,
    CONTENT,
    FILE,
    MULTIPART,
    Gateway,
    is_problem,
)

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'
OTHER = ("CT.dcm", CONTENT + b"x", "application/dicom")


class KeyedGateway(Gateway):
    """The upload route with Redis keys."""

    def __init__(self, root: Path) -> None:
        self.keys = Keys()
        super().__init__(root, bus=self.keys)

    async def post(self, *files: Any, key: str = KEY, **fields: str) -> httpx.Response:
        parts = [("file", file) for file in files]
        headers = {"Idempotency-Key": key}
        return await self.client.post("/upload", files=parts, data=fields, headers=headers)


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[KeyedGateway]:
    made = KeyedGateway(tmp_path)
    async with made.client:
        yield made


async def test_the_same_upload_sent_again_is_answered_as_the_first_time(
    gateway: KeyedGateway,
) -> None:
    first = await gateway.post(FILE, OTHER, ("DICOMDIR", b"x"), label="trial")
    again = await gateway.post(OTHER, FILE, ("DICOMDIR", b"x"), label="trial")
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    assert (again.json()["files"], again.json()["skipped"]) == (2, 1)
    assert len(gateway.studies) == len(gateway.keys.published) == 1


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
    gateway: KeyedGateway, files: list[Any], fields: dict[str, str]
) -> None:
    first = await gateway.post(FILE)
    other = await gateway.post(*files, **fields)
    assert is_problem(other, 422, "idempotency-key-reused")
    assert other.headers["connection"] == "close"
    assert (await gateway.post(FILE)).json() == first.json()
    assert len(gateway.studies) == 1


async def test_uploads_with_other_keys_or_none_are_uploads_of_their_own(
    gateway: KeyedGateway,
) -> None:
    answers = [await gateway.post(FILE, key=key) for key in (KEY, "other")]
    answers += [await gateway.client.post("/upload", files={"file": FILE}) for _ in range(2)]
    assert len({answer.json()["study_id"] for answer in answers}) == 4


async def test_while_the_first_is_in_flight_the_second_has_to_wait(gateway: KeyedGateway) -> None:
    receiving, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield BEGINNING
        receiving.set()
        await go_on.wait()
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    headers = {"Idempotency-Key": KEY, "Content-Type": MULTIPART}
    first = asyncio.create_task(gateway.client.post("/upload", content=slow(), headers=headers))
    await receiving.wait()
    second = await gateway.post(FILE)
    assert is_problem(second, 409, "idempotency-key-in-flight")
    assert int(second.headers["retry-after"]) > 0
    go_on.set()
    assert (await first).status_code == 202
    assert (await gateway.post(FILE)).json() == (await first).json()


async def test_a_key_is_held_as_long_as_the_upload_takes(
    gateway: KeyedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "LOCK_SECONDS", 0.03)
    renewed = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield BEGINNING
        [name] = gateway.keys.expiries
        gateway.keys.expiries.clear()
        gateway.keys.after_execute = renewed.set
        await asyncio.wait_for(renewed.wait(), 5)
        assert gateway.keys.expiries == {name: 0.03}
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    headers = {"Idempotency-Key": KEY, "Content-Type": MULTIPART}
    answer = await gateway.client.post("/upload", content=slow(), headers=headers)
    assert answer.status_code == 202
    assert list(gateway.keys.expiries.values()) == [86_400]


async def test_a_key_is_not_renewed_while_its_answer_is_written(gateway: KeyedGateway) -> None:
    """To Redis that is a change of what is being watched: the upload would be refused."""
    running: list[str] = []

    def look() -> None:
        running.extend(str(task.get_coro()) for task in asyncio.all_tasks())

    gateway.keys.before_execute = look
    assert (await gateway.post(FILE)).status_code == 202
    assert running
    assert not any("_Held.keep" in task for task in running)


async def test_a_refused_upload_gives_its_key_back(gateway: KeyedGateway) -> None:
    refused = await gateway.post(("a", b""))
    assert is_problem(refused, 422, "empty-file")
    assert not gateway.keys.values
    assert (await gateway.post(FILE)).status_code == 202


async def test_an_upload_whose_key_someone_else_has_taken_meanwhile_is_not_announced(
    gateway: KeyedGateway,
) -> None:
    """It had expired, because Redis could not be reached to renew it."""

    def take_over() -> None:
        [name] = gateway.keys.values
        gateway.keys.values[name] = b"another one"

    gateway.keys.before_execute = take_over
    assert is_problem(await gateway.post(FILE), 409, "idempotency-key-in-flight")
    assert gateway.is_empty
    assert not gateway.keys.published
    assert list(gateway.keys.values.values()) == [b"another one"]


async def test_the_answer_counts_only_if_the_upload_was_kept(gateway: KeyedGateway) -> None:
    """Redis has the event but did not say so; the upload was taken back, and is sent again."""

    def lose_the_reply() -> None:
        raise RedisConnectionError("no reply")

    gateway.keys.after_execute = lose_the_reply
    assert is_problem(await gateway.post(FILE), 503, "event-bus-unavailable")
    assert gateway.is_empty
    again = await gateway.post(FILE)
    assert again.status_code == 202
    assert [study.name for study in gateway.studies] == [again.json()["study_id"]]


@pytest.mark.parametrize("place", [Place.ARCHIVE, Place.QUARANTINE])
async def test_the_answer_counts_wherever_the_study_has_gone(
    gateway: KeyedGateway, place: Place
) -> None:
    first = await gateway.post(FILE)
    [study] = gateway.studies
    target = gateway.uploads.parent / place / study.name
    target.parent.mkdir()
    study.rename(target)
    (target / MARKERS[place]).write_bytes(b"{}")
    assert (await gateway.post(FILE)).json() == first.json()
    shutil.rmtree(target)
    assert (await gateway.post(FILE)).json()["study_id"] != study.name


async def test_while_redis_is_away_nothing_is_accepted(gateway: KeyedGateway) -> None:
    gateway.keys.away = True
    assert is_problem(await gateway.post(FILE), 503, "event-bus-unavailable")
    assert gateway.is_empty


async def test_redis_may_go_away_while_the_upload_is_received(gateway: KeyedGateway) -> None:
    def leave() -> None:
        gateway.keys.away = True

    gateway.keys.before_execute = leave
    assert is_problem(await gateway.post(FILE), 503, "event-bus-unavailable")
    assert gateway.is_empty
    assert not gateway.keys.published


async def test_redis_holds_neither_keys_nor_names(gateway: KeyedGateway) -> None:
    await gateway.post(FILE, key="DOE^JANE")
    assert list(gateway.keys.values) == [f"idempotency:{hashlib.sha256(b'DOE^JANE').hexdigest()}"]
    assert b"CT.dcm" not in b"".join(gateway.keys.values.values())


@pytest.mark.parametrize("same", ['"a-b"', "a-b", ' "a-b" '])
async def test_a_key_may_be_quoted_or_bare(gateway: KeyedGateway, same: str) -> None:
    first = await gateway.post(FILE, key="a-b")
    assert (await gateway.post(FILE, key=same)).json() == first.json()


@pytest.mark.parametrize("key", ["", '""', '"a', 'a"b"', "a b", '"' + 256 * "x" + '"', "x" * 256])
async def test_a_key_that_is_none_is_a_bad_request(gateway: KeyedGateway, key: str) -> None:
    assert is_problem(await gateway.post(FILE, key=key), 400, "invalid-idempotency-key")
    assert gateway.is_empty


async def test_two_keys_are_a_bad_request(gateway: KeyedGateway) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await gateway.client.post("/upload", files={"file": FILE}, headers=headers)
    assert is_problem(answer, 400, "invalid-idempotency-key")


@pytest.mark.parametrize("key", ["x" * 255, '"' + "x" * 255 + '"', r'"a\"b\\c"'])
async def test_the_longest_key_and_escapes_are_fine(gateway: KeyedGateway, key: str) -> None:
    assert (await gateway.post(FILE, key=key)).status_code == 202
