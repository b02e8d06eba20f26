"""The status records in a real Redis: written once, found again by whatever is known of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from chassis.messaging.retention import trim_dead_letters
from contracts.channels import DEAD_LETTER
from contracts.report import FileCounts
from contracts.status import State, StatusRecord, StatusUpdate
from status import retention
from status import store as store_module
from status.store import RedisStore, Wanted

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PATIENT = "9f" * 32
OURS = frozenset({"trial-42"})


@pytest.fixture
def store(client: Redis) -> RedisStore:
    async def connect() -> Redis:
        return client

    return RedisStore(connect)


async def entered(
    store: RedisStore, *, second: float = 0, status: State = State.ARCHIVED, **facts: Any
) -> UUID:
    """A study that was first seen so many seconds after the start."""
    study_id = uuid4()
    time = START + timedelta(seconds=second)
    await store.apply(study_id, [StatusUpdate(status=status, time=time, **facts)])
    return study_id


async def found(store: RedisStore, limit: int = 100, **wanted: Any) -> list[UUID]:
    """The ids of all pages."""
    ids: list[UUID] = []
    cursor = None
    while True:
        page = await store.page(Wanted(**wanted), cursor, limit)
        assert len(page.records) <= limit
        ids += [record.study_id for record in page.records]
        if not (cursor := page.next_cursor):
            return ids


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [3, 2, 1, 0]),
        ({"status": State.FAILED}, [3]),
        ({"labels": OURS}, [2, 0]),
        ({"modality": "CT"}, [2, 1, 0]),
        ({"modality": "SEG"}, [1]),
        ({"modality": "MR"}, []),
        ({"patient_id_hash": PATIENT}, [3, 0]),
        ({"since": START + timedelta(seconds=1)}, [3, 2, 1]),
        ({"until": START + timedelta(seconds=2)}, [1, 0]),
        ({"since": START + timedelta(seconds=1), "until": START + timedelta(seconds=2)}, [1]),
        ({"labels": OURS, "patient_id_hash": PATIENT, "modality": "CT"}, [0]),
        ({"status": State.FAILED, "labels": OURS}, []),
        ({"duplicate": True}, [2]),
        ({"duplicate": False, "labels": OURS}, [0]),
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_studies_are_found_by_any_combination_the_latest_first(
    store: RedisStore, wanted: dict[str, Any], expected: list[int], limit: int
) -> None:
    ids = [
        await entered(store, label="trial-42", modalities=("CT",), patient_id_hash=PATIENT),
        await entered(store, second=1, modalities=("CT", "SEG")),
        await entered(
            store, second=2, label="trial-42", modalities=("CT",), duplicate_of=(uuid4(),)
        ),
        await entered(store, second=3, status=State.FAILED, patient_id_hash=PATIENT),
    ]
    assert await found(store, limit, **wanted) == [ids[number] for number in expected]


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_studies_of_the_same_time_are_each_listed_once(store: RedisStore, limit: int) -> None:
    ids = {await entered(store, second=second) for second in [0] * 20 + [1] * 20}
    listed = await found(store, limit)
    assert len(listed) == 40
    assert set(listed) == ids


async def test_a_page_reads_few_records_even_if_few_match(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST_SCANNED", 10)
    oldest = await entered(store, label="trial-42", status=State.FAILED)
    for second in range(1, 30):
        await entered(store, second=second, status=State.FAILED)
        await entered(store, second=second, label="trial-42")
    wanted: dict[str, Any] = {"status": State.FAILED, "labels": OURS}

    first = await store.page(Wanted(**wanted), None, 5)

    assert first.records == ()
    assert first.next_cursor
    assert await found(store, 5, **wanted) == [oldest]


async def test_a_study_that_moves_on_leaves_only_the_listing_of_its_state(
    store: RedisStore, client: Redis
) -> None:
    study_id = await entered(store, status=State.VALIDATING, label="trial-42")
    other = await entered(store, second=1, status=State.VALIDATING, label="trial-42")
    update = StatusUpdate(status=State.VALIDATED, time=START + timedelta(seconds=5))
    await store.apply(study_id, [update])

    assert await found(store, status=State.VALIDATING) == [other]
    assert await found(store, status=State.VALIDATED) == [study_id]
    assert await found(store, labels=OURS) == [other, study_id]
    assert await client.zcard("status-index:unfinished") == 2

    await store.apply(study_id, [StatusUpdate(status=State.ARCHIVED, time=START)])
    assert await found(store, status=State.ARCHIVED) == [study_id]
    assert await client.zcard("status-index:unfinished") == 1


async def test_a_listing_is_complete_while_other_studies_come_and_go(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST_AT_ONCE", 4)
    staying = [
        await entered(store, second=n, status=State.VALIDATING, label="kept")
        for n in range(0, 40, 2)
    ]
    leaving = [await entered(store, second=n, status=State.VALIDATING) for n in range(1, 40, 2)]

    async def come_and_go() -> None:
        for study_id in reversed(leaving):
            await store.apply(study_id, [StatusUpdate(status=State.VALIDATED, time=START)])
            await entered(store, second=1000, status=State.VALIDATING)

    ids, _ = await asyncio.gather(found(store, 2, status=State.VALIDATING), come_and_go())
    assert [study_id for study_id in ids if study_id in staying] == staying[::-1]


async def test_writers_of_one_study_do_not_overwrite_each_other(store: RedisStore) -> None:
    study_id = uuid4()

    def mark(examined: int) -> StatusUpdate:
        files = FileCounts(received=30, examined=examined, accepted=examined, rejected=0)
        return StatusUpdate(status=State.VALIDATING, time=START, files=files)

    marks = [mark(examined) for examined in (*range(0, 30, 2), *range(29, 0, -2))]
    result = StatusUpdate(
        status=State.VALIDATED,
        time=START + timedelta(seconds=1),
        files=FileCounts(received=30, examined=29, accepted=20, rejected=9, duplicates=0),
    )
    await asyncio.gather(*(store.apply(study_id, [update]) for update in [*marks, result]))

    record = await store.get(study_id)
    assert isinstance(record, StatusRecord)
    assert record.status is State.VALIDATED
    assert record.files == result.files


async def test_deleted_studies_are_listed_only_if_that_status_is_wanted(store: RedisStore) -> None:
    kept = await entered(store, label="trial-42")
    deleted = await entered(store, status=State.DELETED, label="trial-42")
    assert await found(store) == [kept]
    assert await found(store, labels=OURS) == [kept]
    assert await found(store, status=State.DELETED) == [deleted]


async def test_the_records_of_deleted_studies_are_removed_after_a_time(
    store: RedisStore, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    kept = await entered(store)
    for second in range(5):
        await entered(store, second=second, status=State.DELETED, label="trial-42")
    late = await entered(store, second=9, status=State.DELETED, label="trial-42")
    await retention.remove_deleted(store, START + timedelta(seconds=7))
    assert await found(store, status=State.DELETED) == [late]
    assert await found(store) == [kept]
    assert len(await client.keys("status:*")) == 2
    for index in ("status-index", "status-index:label:trial-42"):
        assert await client.zcard(index) == (2 if index == "status-index" else 1)


async def test_old_dead_letters_are_removed(client: Redis) -> None:
    for second in range(4):
        await client.xadd(DEAD_LETTER, {"x": "y"}, id=f"{second * 1000 + 1000}-0")
    assert await trim_dead_letters(client, datetime.fromtimestamp(3, UTC)) == 2
    assert await client.xlen(DEAD_LETTER) == 2
