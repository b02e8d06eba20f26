"""The status store's own logic; what Redis does with it is tested on a real one."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import WatchError

from contracts.status import State, StatusUpdate
from status.store import RedisStore, Wanted

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")


class OneKey:
    """As much of Redis as one record needs; other writers win a given number of races."""

    def __init__(self, lost_races: int = 0) -> None:
        self.value: bytes | None = None
        self.writes = 0
        self._lost_races = lost_races

    async def get(self, _: str) -> bytes | None:
        return self.value

    def register_script(self, _: str) -> Callable[..., Awaitable[int]]:
        async def compare_and_set(*, keys: list[str], args: list[Any]) -> int:
            assert keys[0] == f"status:{STUDY}"
            if self._lost_races:
                self._lost_races -= 1
                return 0
            assert args[0] == (self.value or b"")
            self.value = args[1]
            self.writes += 1
            return 1

        return compare_and_set


def store_on(client: object) -> RedisStore:
    async def connect() -> Any:
        return client

    return RedisStore(connect)


async def test_a_record_is_written_and_read() -> None:
    store = store_on(OneKey())
    assert await store.get(STUDY) is None
    written = await store.apply(STUDY, [StatusUpdate(status=State.UPLOADED)])
    assert await store.get(STUDY) == written


async def test_a_lost_race_is_run_again() -> None:
    client = OneKey(lost_races=2)
    record = await store_on(client).apply(STUDY, [StatusUpdate(status=State.UPLOADED)])
    assert record.status is State.UPLOADED
    assert client.writes == 1


async def test_a_race_that_is_always_lost_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("status.store.MOST_ATTEMPTS", 3)
    with pytest.raises(WatchError):
        await store_on(OneKey(lost_races=3)).apply(STUDY, [StatusUpdate(status=State.UPLOADED)])


async def test_an_update_that_says_nothing_new_writes_nothing() -> None:
    client = OneKey()
    update = StatusUpdate(status=State.UPLOADED)
    await store_on(client).apply(STUDY, [update])
    await store_on(client).apply(STUDY, [update])
    assert client.writes == 1


async def test_several_updates_are_one_write() -> None:
    client = OneKey()
    updates = [StatusUpdate(status=State.UPLOADED), StatusUpdate(status=State.VALIDATING)]
    record = await store_on(client).apply(STUDY, updates)
    assert record.status is State.VALIDATING
    assert client.writes == 1


@pytest.mark.parametrize(
    "cursor",
    ["x", "_", "1", "1_x", f"_{STUDY}", f"1.5_{STUDY}", f"nan_{STUDY}", "9" * 400 + f"_{STUDY}"],
)
async def test_a_cursor_that_the_listing_has_not_given_out_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- whatever the reason, it is this kind
        await store_on(object()).page(Wanted(), cursor, 10)
