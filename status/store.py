"""Status records in Redis: one key for each study, written by compare-and-set, indexed by time."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import WatchError

from contracts.status import State, StatusRecord, StatusUpdate
from status.record import advance

MOST_ATTEMPTS = 50
"""Writers of one study are a handful, so that many lost races in a row mean something is wrong."""

Stored = bytes | str | None
"""A record as Redis has it."""

INDEX = "status-index"
"""Sorted set of all study ids by the time they were first seen, in milliseconds since the epoch."""

# KEYS: the record, the index of all, the index of the old state, the index of the new state.
# ARGV: the record as it was read ("" for none), the new record, the study id, its time.
COMPARE_AND_SET = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
if KEYS[3] ~= KEYS[4] then redis.call('ZREM', KEYS[3], ARGV[3]) end
redis.call('ZADD', KEYS[4], ARGV[4], ARGV[3])
return 1
"""


@dataclass(frozen=True)
class Page:
    """A part of a listing."""

    records: tuple[StatusRecord, ...]
    next_cursor: str | None
    """Where the next page begins; none after the last."""


class RedisStore:
    """The status records."""

    def __init__(self, connect: Callable[[], Awaitable[Redis]]) -> None:
        self._connect = connect

    async def get(self, study_id: UUID) -> StatusRecord | None:
        """The latest record of a study."""
        client = await self._connect()
        return _parse(await client.get(_key(study_id)))

    async def apply(self, study_id: UUID, updates: Sequence[StatusUpdate]) -> StatusRecord:
        """Apply updates to a study's record, in the order given.

        Args:
            study_id: the study; it need not be known yet.
            updates: at least one.

        Raises:
            redis.exceptions.WatchError: other writers were faster every time.
        """
        client = await self._connect()
        for _ in range(MOST_ATTEMPTS):
            stored = await client.get(_key(study_id))
            before = _parse(stored)
            after = before
            for update in updates:
                after = advance(after, study_id, update)
            if after is None:
                raise ValueError("no updates given")
            if after == before or await self._replace(client, stored, before, after):
                return after
            await asyncio.sleep(random.uniform(0.001, 0.02))  # noqa: S311 -- jitter
        raise WatchError

    async def page(self, state: State | None, cursor: str | None, limit: int) -> Page:
        """Records, the studies first seen last come first.

        Args:
            state: only studies in this state.
            cursor: where to begin: the `next_cursor` of the page before.
            limit: the greatest number of records.

        Raises:
            ValueError: the cursor is none that `page` has given out.
        """
        client = await self._connect()
        index = _index(state) if state else INDEX
        bound = _parse_cursor(cursor) if cursor else (float("inf"), "")
        found: list[tuple[float, str]] = []
        offset = 0
        while len(found) <= limit:
            chunk = cast(
                "list[tuple[bytes, float]]",
                await client.zrevrangebyscore(
                    index, bound[0], "-inf", start=offset, num=limit + 1, withscores=True
                ),
            )
            if not chunk:
                break
            offset += len(chunk)
            entries = [(score, member.decode()) for member, score in chunk]
            found += [entry for entry in entries if not cursor or entry < bound]
        more = len(found) > limit
        found = found[:limit]
        stored = await client.mget([_key(UUID(member)) for _, member in found]) if found else []
        records = tuple(record for value in stored if (record := _parse(value)))
        last = f"{int(found[-1][0])}_{found[-1][1]}" if more else None
        return Page(records, last)

    async def _replace(
        self,
        client: Redis,
        stored: Stored,
        before: StatusRecord | None,
        after: StatusRecord,
    ) -> bool:
        """Write the record if it is still what was read."""
        replace = client.register_script(COMPARE_AND_SET)
        first_seen = int(after.history[0].time.timestamp() * 1000)
        return bool(
            await replace(
                keys=[
                    _key(after.study_id),
                    INDEX,
                    _index(before.status if before else after.status),
                    _index(after.status),
                ],
                args=[stored or b"", after.to_json(), str(after.study_id), first_seen],
            )
        )


def _key(study_id: UUID) -> str:
    return f"status:{study_id}"


def _index(state: State) -> str:
    return f"{INDEX}:{state}"


def _parse(stored: Stored) -> StatusRecord | None:
    return None if stored is None else StatusRecord.model_validate_json(stored)


def _parse_cursor(cursor: str) -> tuple[float, str]:
    time, _, study_id = cursor.partition("_")
    if len(time) > 16:  # beyond the year 9999, and soon beyond what a float can hold
        raise ValueError("not a time")
    return float(int(time)), str(UUID(study_id))
