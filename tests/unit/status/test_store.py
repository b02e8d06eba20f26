"""The status store's own logic; what Redis does with it is tested on a real one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.exceptions import WatchError

from contracts.status import State, StatusUpdate
from status.store import RedisStore, Wanted

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")


class Records:
    """As much of Redis as records need; other writers win a given number of races."""

    def __init__(self, lost_races: int = 0) -> None:
        self.values: dict[str, bytes] = {}
        self.writes: list[list[str]] = []
        self._lost_races = lost_races

    async def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    async def mget(self, keys: list[str]) -> list[bytes | None]:
        return [self.values.get(key) for key in keys]

    def register_script(self, _: str) -> Callable[..., Awaitable[list[int]]]:
        async def compare_and_set(*, keys: list[str], args: list[Any]) -> list[int]:
            if self._lost_races:
                self._lost_races -= 1
                return list(range(len(keys)))
            for key, before, after in zip(keys, args[::3], args[1::3], strict=True):
                assert before == self.values.get(key, b"")
                self.values[key] = after
            self.writes.append(keys)
            return []

        return compare_and_set


def store_on(client: object) -> RedisStore:
    async def connect() -> Any:
        return client

    return RedisStore(connect)


async def test_a_record_is_written_and_read() -> None:
    store = store_on(Records())
    assert await store.get(STUDY) is None
    written = await store.apply(STUDY, [StatusUpdate(status=State.UPLOADED)])
    assert await store.get(STUDY) == written


async def test_a_lost_race_is_run_again() -> None:
    client = Records(lost_races=2)
    record = await store_on(client).apply(STUDY, [StatusUpdate(status=State.UPLOADED)])
    assert record.status is State.UPLOADED
    assert len(client.writes) == 1


async def test_a_race_that_is_always_lost_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("status.store.MOST_ATTEMPTS", 3)
    with pytest.raises(WatchError):
        await store_on(Records(lost_races=3)).apply(STUDY, [StatusUpdate(status=State.UPLOADED)])


async def test_an_update_that_says_nothing_new_writes_nothing() -> None:
    client = Records()
    update = StatusUpdate(status=State.UPLOADED)
    await store_on(client).apply(STUDY, [update])
    await store_on(client).apply(STUDY, [update])
    assert len(client.writes) == 1


async def test_several_updates_are_one_write() -> None:
    client = Records()
    updates = [StatusUpdate(status=State.UPLOADED), StatusUpdate(status=State.VALIDATING)]
    record = await store_on(client).apply(STUDY, updates)
    assert record.status is State.VALIDATING
    assert len(client.writes) == 1


async def test_updates_of_many_studies_that_come_together_are_one_write() -> None:
    client = Records()
    store = store_on(client)
    ids = [uuid4() for _ in range(20)]
    update = StatusUpdate(status=State.UPLOADED)
    records = await asyncio.gather(*(store.apply(study_id, [update]) for study_id in ids))
    assert [record.study_id for record in records] == ids
    assert client.writes == [[f"status:{study_id}" for study_id in ids]]


async def test_updates_of_one_study_that_come_together_are_all_applied() -> None:
    client = Records()
    store = store_on(client)
    states = [State.VALIDATED, State.UPLOADED, State.VALIDATING]
    await asyncio.gather(*(store.apply(STUDY, [StatusUpdate(status=s)]) for s in states))
    record = await store.get(STUDY)
    assert record
    assert {entry.state for entry in record.history} == set(states)
    assert len(client.writes) == 1


async def test_a_broken_record_keeps_no_other_study_from_being_updated() -> None:
    client = Records()
    client.values[f"status:{STUDY}"] = b"broken"
    store = store_on(client)
    other = uuid4()
    update = StatusUpdate(status=State.UPLOADED)
    failed, written = await asyncio.gather(
        store.apply(STUDY, [update]), store.apply(other, [update]), return_exceptions=True
    )
    assert isinstance(failed, ValueError)
    assert written == await store.get(other)


@pytest.mark.parametrize(
    "cursor",
    ["x", "_", "1", "1_x", f"_{STUDY}", f"1.5_{STUDY}", f"nan_{STUDY}", "9" * 400 + f"_{STUDY}"],
)
async def test_a_cursor_that_the_listing_has_not_given_out_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- whatever the reason, it is this kind
        await store_on(object()).page(Wanted(), cursor, 10)
