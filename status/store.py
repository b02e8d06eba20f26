"""Status records in Redis: one key for each study, written by compare-and-set, indexed by time."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import WatchError

from contracts.status import State, StatusRecord, StatusUpdate
from status.record import advance

MOST_ATTEMPTS = 50
"""A study has a handful of writers: so many lost races in a row mean that something is wrong."""

Stored = bytes | str | None
"""A record as Redis has it."""

INDEX = "status-index"
"""Sorted set of all study ids by the time they were first seen, in milliseconds since the epoch;
with a suffix, of those in a state, of a modality, with a label or of a patient."""

MOST_SCANNED = 2000
"""Records that are read for one page. If few of them are wanted, the page is short and the next one
goes on."""
MOST_AT_ONCE = 500
"""Records that are read with one command."""

# KEYS: the record, the indexes it leaves, the indexes it is in.
# ARGV: the record as it was read ("" for none), the new record, the study id, its time, the number
# of indexes it leaves.
COMPARE_AND_SET = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
local left = tonumber(ARGV[5]) + 1
for i = 2, left do redis.call('ZREM', KEYS[i], ARGV[3]) end
for i = left + 1, #KEYS do redis.call('ZADD', KEYS[i], ARGV[4], ARGV[3]) end
return 1
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which records to list: those that meet all conditions; None is no condition."""

    status: State | None = None
    since: datetime | None = None
    """First seen then or later."""
    until: datetime | None = None
    """First seen before."""
    modality: str | None = None
    label: str | None = None
    patient_id_hash: str | None = None

    def fits(self, record: StatusRecord) -> bool:
        """Whether a record meets the conditions, those on its time aside."""
        return (
            self.status in {None, record.status}
            and (self.modality is None or self.modality in (record.modalities or ()))
            and self.label in {None, record.label}
            and self.patient_id_hash in {None, record.patient_id_hash}
        )

    def indexes(self) -> list[str]:
        """Every index that contains all wanted records."""
        modalities = (self.modality,) if self.modality else ()
        return _indexes(self.status, modalities, self.label, self.patient_id_hash)


@dataclass(frozen=True)
class Page:
    """A page of a listing."""

    records: tuple[StatusRecord, ...]
    next_cursor: str | None
    """Where the next page begins; None after the last."""


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

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        """A page of records; studies first seen last come first.

        Args:
            wanted: which.
            cursor: where to begin: `next_cursor` of the page before.
            limit: the greatest number of records.

        Raises:
            ValueError: not a cursor of this listing.
        """
        bound = _parse_cursor(cursor) if cursor else None
        client = await self._connect()
        index = await _smallest(client, wanted.indexes())
        records: list[StatusRecord] = []
        scanned = 0
        last = bound
        async for entries in _entries(client, index, wanted, bound, limit + 1):
            stored = await client.mget([_key(UUID(member)) for _, member in entries])
            for entry, value in zip(entries, stored, strict=True):
                if len(records) == limit or scanned == MOST_SCANNED:
                    return Page(tuple(records), _cursor(last))
                record = _parse(value)
                if record and wanted.fits(record):
                    records.append(record)
                last, scanned = entry, scanned + 1
        return Page(tuple(records), None)

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
        current = _indexes_of(after)
        left = [index for index in _indexes_of(before) if index not in current]
        return bool(
            await replace(
                keys=[_key(after.study_id), *left, *current],
                args=[stored or b"", after.to_json(), str(after.study_id), first_seen, len(left)],
            )
        )


_Entry = tuple[float, str]
"""Entry of an index: the time, and the study."""


def _indexes(
    status: State | None, modalities: Sequence[str], label: str | None, patient: str | None
) -> list[str]:
    return [
        INDEX,
        *([f"{INDEX}:{status}"] if status else []),
        *(f"{INDEX}:modality:{modality}" for modality in modalities),
        *([f"{INDEX}:label:{label}"] if label else []),
        *([f"{INDEX}:patient:{patient}"] if patient else []),
    ]


def _indexes_of(record: StatusRecord | None) -> list[str]:
    if record is None:
        return []
    modalities = record.modalities or ()
    return _indexes(record.status, modalities, record.label, record.patient_id_hash)


async def _smallest(client: Redis, indexes: Sequence[str]) -> str:
    """The index with the fewest studies."""
    async with client.pipeline(transaction=False) as pipeline:
        for index in indexes:
            pipeline.zcard(index)
        sizes = await pipeline.execute()
    return min(zip(sizes, indexes, strict=True))[1]


async def _entries(
    client: Redis, index: str, wanted: Wanted, bound: _Entry | None, size: int
) -> AsyncIterator[list[_Entry]]:
    """The entries of an index below a bound, the latest first, in portions of growing size.

    Each portion begins at the time of the last entry before, not at its position in the index: that
    changes when studies come and go.
    """
    latest = _latest(wanted, bound)
    earliest = _milliseconds(wanted.since) if wanted.since else "-inf"
    while True:
        requested = size
        found = cast(
            "list[tuple[bytes, float]]",
            await client.zrevrangebyscore(
                index, latest, earliest, start=0, num=requested, withscores=True
            ),
        )
        entries = [(score, member.decode()) for member, score in found]
        if below := [entry for entry in entries if not bound or entry < bound]:
            yield below
            bound = below[-1]
            latest = bound[0]
            size = min(size * 2, MOST_AT_ONCE)
        else:
            size *= 2  # more studies have the same time than a portion holds
        if len(entries) < requested:
            return


def _latest(wanted: Wanted, bound: _Entry | None) -> float | str:
    """The greatest score to ask Redis for; `(` excludes the score itself."""
    if wanted.until and (not bound or bound[0] >= _milliseconds(wanted.until)):
        return f"({_milliseconds(wanted.until)}"
    return bound[0] if bound else "+inf"


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _key(study_id: UUID) -> str:
    return f"status:{study_id}"


def _cursor(entry: _Entry | None) -> str | None:
    return f"{int(entry[0])}_{entry[1]}" if entry else None


def _parse(stored: Stored) -> StatusRecord | None:
    return None if stored is None else StatusRecord.model_validate_json(stored)


def _parse_cursor(cursor: str) -> _Entry:
    time, _, study_id = cursor.partition("_")
    if len(time) > 16:  # beyond the year 9999, and soon beyond what a float can hold
        raise ValueError("not a time")
    return float(int(time)), str(UUID(study_id))
