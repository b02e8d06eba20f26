"""Status records in Redis: one key for each study, written by compare-and-set, indexed by time."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple, cast
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import WatchError

from chassis.runtime.batches import Batches
from contracts.status import State, StatusRecord, StatusUpdate
from status.record import advance

MOST_ATTEMPTS = 50
"""A study has a handful of writers: so many lost races in a row mean that something is wrong."""

Stored = bytes | str | None
"""A record as Redis has it."""

INDEX = "status-index"
"""Sorted set of all study ids by the time they were first seen, in milliseconds since the epoch;
with a suffix, of those that are unfinished, in `error` or `failed`, of a modality, with a label or
of a patient. The archived ones have no index: they are most of all."""

MOST_SCANNED = 2000
"""Records that are read for one page. If few of them are wanted, the page is short and the next one
goes on."""
MOST_AT_ONCE = 500
"""Records that are read or written with one command."""

# KEYS: the records.
# ARGV: for each of them the record as it was read ("" for none), the new record, and what changes
# in the indexes, as JSON: the study id, its time, the indexes it leaves, those it enters.
# Returns the numbers of the records that someone else has written since they were read.
COMPARE_AND_SET = """
local function note(by_index, index, ...)
  local list = by_index[index] or {}
  for _, value in ipairs({...}) do list[#list + 1] = value end
  by_index[index] = list
end
local stored = redis.call('MGET', unpack(KEYS))
local written, left, entered, lost = {}, {}, {}, {}
for i, key in ipairs(KEYS) do
  if (stored[i] or '') == ARGV[3 * i - 2] then
    note(written, 1, key, ARGV[3 * i - 1])
    local study, time, leaves, enters = unpack(cjson.decode(ARGV[3 * i]))
    for _, index in ipairs(leaves) do note(left, index, study) end
    for _, index in ipairs(enters) do note(entered, index, time, study) end
  else
    lost[#lost + 1] = i - 1
  end
end
if written[1] then redis.call('MSET', unpack(written[1])) end
for index, studies in pairs(left) do redis.call('ZREM', index, unpack(studies)) end
for index, entries in pairs(entered) do redis.call('ZADD', index, unpack(entries)) end
return lost
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which records to list: those that meet all conditions; None is no condition.

    Studies that were deleted are listed only if that status is wanted.
    """

    status: State | None = None
    since: datetime | None = None
    """First seen then or later."""
    until: datetime | None = None
    """First seen before."""
    modality: str | None = None
    labels: frozenset[str] | None = None
    patient_id_hash: str | None = None
    duplicate: bool | None = None
    """Whether all of its instances had come before."""

    def fits(self, record: StatusRecord) -> bool:
        """Whether a record meets the conditions, those on its time aside."""
        return (
            (record.status is self.status if self.status else record.status is not State.DELETED)
            and (self.modality is None or self.modality in (record.modalities or ()))
            and (self.labels is None or record.label in self.labels)
            and self.patient_id_hash in {None, record.patient_id_hash}
            and self.duplicate in {None, bool(record.duplicate_of)}
        )

    def indexes(self) -> list[str]:
        """Every index that contains all wanted records."""
        modalities = (self.modality,) if self.modality else ()
        # Only one label has an index of its own that contains all.
        label = next(iter(self.labels)) if self.labels and len(self.labels) == 1 else None
        return _indexes(self.status, modalities, label, self.patient_id_hash)


@dataclass(frozen=True)
class Page:
    """A page of a listing."""

    records: tuple[StatusRecord, ...]
    next_cursor: str | None
    """Where the next page begins; None after the last."""


@dataclass(frozen=True)
class _Change:
    """What updates make of a record."""

    stored: Stored
    before: StatusRecord | None
    after: StatusRecord

    def index_changes(self) -> bytes:
        """What changes in the indexes, as the script reads it."""
        before, after = _indexes_of(self.before), _indexes_of(self.after)
        leaves = [index for index in before if index not in after]
        enters = [index for index in after if before.get(index) != after[index]]
        time = str(_first_seen(self.after))
        return orjson.dumps([str(self.after.study_id), time, leaves, enters])


class StudyUpdates(NamedTuple):
    """What is to be applied to the record of a study."""

    study_id: UUID
    updates: Sequence[StatusUpdate]
    """At least one, in their order."""


class RedisStore:
    """The status records."""

    def __init__(self, connect: Callable[[], Awaitable[Redis]]) -> None:
        self._connect = connect
        self._requests = Batches(self._apply_all)

    async def get(self, study_id: UUID) -> StatusRecord | None:
        """The latest record of a study."""
        client = await self._connect()
        return _parse(await client.get(_key(study_id)))

    async def apply(self, study_id: UUID, updates: Sequence[StatusUpdate]) -> StatusRecord:
        """Apply updates to a study's record, in the order given; it need not be known yet.

        Raises:
            ValueError: the stored record is broken.
            redis.exceptions.WatchError: other writers were faster every time.
        """
        [result] = await self.apply_all([StudyUpdates(study_id, updates)])
        if isinstance(result, Exception):
            raise result
        return result

    async def apply_all(self, updates: Sequence[StudyUpdates]) -> list[StatusRecord | Exception]:
        """Apply updates; returns for each the record, or why it cannot be updated.

        Updates that arrive at the same time, of one study or of many, are written together.

        Raises:
            redis.exceptions.WatchError: other writers were faster every time.
        """
        return await self._requests.add(updates)

    async def remove(self, records: Sequence[StatusRecord]) -> None:
        """Remove records, and their entries in the indexes."""
        client = await self._connect()
        async with client.pipeline(transaction=True) as pipeline:
            for record in records:
                pipeline.delete(_key(record.study_id))
                for index in _indexes_of(record):
                    pipeline.zrem(index, str(record.study_id))
            await pipeline.execute()

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

    async def _apply_all(
        self, requests: Sequence[Sequence[StudyUpdates]]
    ) -> list[list[StatusRecord | Exception]]:
        """Apply the updates of several requests; returns for each what `apply_all` returns."""
        updates: dict[UUID, list[StatusUpdate]] = defaultdict(list)
        for study_id, further in chain.from_iterable(requests):
            updates[study_id].extend(further)
        results: dict[UUID, StatusRecord | Exception] = {}
        studies = iter(updates)
        while some := list(islice(studies, MOST_AT_ONCE)):
            results |= await self._advance({study_id: updates[study_id] for study_id in some})
        return [[results[study_id] for study_id, _ in request] for request in requests]

    async def _advance(
        self, updates: Mapping[UUID, Sequence[StatusUpdate]]
    ) -> dict[UUID, StatusRecord | Exception]:
        """Apply updates to the records of some studies."""
        client = await self._connect()
        results: dict[UUID, StatusRecord | Exception] = {}
        for _ in range(MOST_ATTEMPTS):
            remaining = [study_id for study_id in updates if study_id not in results]
            stored = await client.mget([_key(study_id) for study_id in remaining])
            changes = []
            for study_id, found in zip(remaining, stored, strict=True):
                try:
                    changes.append(_change(study_id, found, updates[study_id]))
                except ValueError as error:  # the stored record is broken: the others go on
                    results[study_id] = error
            written = await _write(client, changes)
            results |= {change.after.study_id: change.after for change in written}
            if len(results) == len(updates):
                return results
            await asyncio.sleep(random.uniform(0.001, 0.02))  # noqa: S311 -- jitter
        raise WatchError


def _change(study_id: UUID, stored: Stored, updates: Sequence[StatusUpdate]) -> _Change:
    before = after = _parse(stored)
    for update in updates:
        after = advance(after, study_id, update)
    if after is None:
        raise ValueError("no updates given")
    return _Change(stored, before, after)


async def _write(client: Redis, changes: Sequence[_Change]) -> list[_Change]:
    """Write each record that is still what was read; returns the changes that are in Redis then."""
    same = [change for change in changes if change.after == change.before]
    new = [change for change in changes if change.after != change.before]
    if not new:
        return same
    lost = await client.register_script(COMPARE_AND_SET)(
        keys=[_key(change.after.study_id) for change in new],
        args=[
            argument
            for change in new
            for argument in (change.stored or b"", change.after.to_json(), change.index_changes())
        ],
    )
    return [*same, *(change for number, change in enumerate(new) if number not in lost)]


async def count_studies(client: Redis) -> dict[str, int]:
    """How many studies have a record, by state; `unfinished` for those that are on their way.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable.
    """
    others = [state for state in State if state.is_final and state is not State.ARCHIVED]
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.zcard(INDEX)
        pipeline.zcard(_index_of_state(State.UPLOADED))
        for state in others:
            pipeline.zcard(_index_of_state(state))
        total, *counts = await pipeline.execute()
    counted = dict(zip(["unfinished", *(state.value for state in others)], counts, strict=True))
    return {**counted, State.ARCHIVED.value: total - sum(counts)}


_Entry = tuple[float, str]
"""Entry of an index: the time, and the study."""


def _indexes(
    status: State | None, modalities: Sequence[str], label: str | None, patient: str | None
) -> list[str]:
    return [
        INDEX,
        *([_index_of_state(status)] if status and status is not State.ARCHIVED else []),
        *(f"{INDEX}:modality:{modality}" for modality in modalities),
        *([f"{INDEX}:label:{label}"] if label else []),
        *([f"{INDEX}:patient:{patient}"] if patient else []),
    ]


def _index_of_state(status: State) -> str:
    return f"{INDEX}:{status}" if status.is_final else f"{INDEX}:unfinished"


def _indexes_of(record: StatusRecord | None) -> dict[str, int]:
    """The indexes that a record is in, and its time there."""
    if record is None:
        return {}
    modalities = record.modalities or ()
    indexes = _indexes(record.status, modalities, record.label, record.patient_id_hash)
    return dict.fromkeys(indexes, _first_seen(record))


def _first_seen(record: StatusRecord) -> int:
    return _milliseconds(record.history[0].time)


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
