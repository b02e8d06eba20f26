"""Rebuilds the index of UIDs from the archive, and from what has been validated for it.

Services may be at work: nothing is reserved while the index is not complete, who needs it waits. A
study that moves on is not missed, since it is in the archive before it leaves the uploads, and the
uploads are listed first.

Each rebuild has a token in Redis. One that has been suspended finds another token when it goes on,
and stops.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from redis.asyncio import Redis

from contracts.places import Place
from storage.indexed_study import IndexedStudy, archived_study, validated_study
from storage.reservation import Reservation
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore
from storage.uid_index import AT_ONCE, INSTANCES, STUDIES, chunks

_FOLDERS_AT_ONCE = 100
"""Studies that a thread reads in one go."""
_THREADS = 4
_OBSOLETE = ("archive-index:complete", "archive-index:lock")
"""Keys of version 0.1."""

# KEYS: the hash. ARGV: the token.
_BEGIN = """
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'rebuild', ARGV[1])
"""

# KEYS: the hash. ARGV: the token, whether to replace ("1") or not, UID and reservation by turns.
# Enters the UIDs. Unless it replaces, those that are there already stay: it returns the number and
# the reservation of each, by turns. Returns nil if another rebuild has begun.
_ENTER = """
if redis.call('HGET', KEYS[1], 'rebuild') ~= ARGV[1] then return false end
local uids, new, other = {}, {}, {}
for i = 3, #ARGV, 2 do uids[#uids + 1] = ARGV[i] end
local known = ARGV[2] == '0' and redis.call('HMGET', KEYS[1], unpack(uids)) or {}
for i, uid in ipairs(uids) do
  if known[i] then
    other[#other + 1] = i - 1
    other[#other + 1] = known[i]
  else
    new[#new + 1] = uid
    new[#new + 1] = ARGV[2 * i + 2]
  end
end
if new[1] then redis.call('HSET', KEYS[1], unpack(new)) end
return other
"""

# KEYS: the hash. ARGV: the token. Returns nil if another rebuild has begun.
_COMPLETE = """
if redis.call('HGET', KEYS[1], 'rebuild') ~= ARGV[1] then return false end
redis.call('HDEL', KEYS[1], 'rebuild')
redis.call('HSET', KEYS[1], 'complete', ARGV[1])
return 1
"""

Progress = Callable[[int, int], None]
"""Is called with the number of studies read so far, and of all."""


class SupersededError(Exception):
    """Another rebuild has begun meanwhile."""


class Rebuilt(NamedTuple):
    """What a rebuild has found."""

    studies: int
    """Number of studies in the archive that were entered."""
    unreadable: tuple[UUID, ...]
    """Studies whose metadata cannot be read; they are not in the index."""
    seconds: float


_Read = tuple[UUID, IndexedStudy | None]
"""A study; None if its documents are broken."""


async def rebuild(client: Redis, studies: StudyStore, on_progress: Progress) -> Rebuilt:
    """Build the index again.

    Args:
        client: a connected client.
        studies: where studies are stored.
        on_progress: is called with how far it has come.

    Raises:
        SupersededError: another rebuild has begun.
    """
    return await _Rebuild(client, studies).run(on_progress)


class _Rebuild:
    def __init__(self, client: Redis, studies: StudyStore) -> None:
        self._client = client
        self._studies = studies
        self._token = str(uuid4())
        self._enter = client.register_script(_ENTER)

    async def run(self, on_progress: Progress) -> Rebuilt:
        started = time.perf_counter()
        await self._client.register_script(_BEGIN)([INSTANCES], [self._token])
        await self._clear()
        uploads, archive = await asyncio.to_thread(self._list)
        count, unreadable = 0, list[UUID]()
        async for studies in _read_ahead(archive, archived_study):
            found = {study_id: study for study_id, study in studies if study}
            unreadable += [study_id for study_id, study in studies if not study]
            await self._add(found)
            count += len(found)
            on_progress(count, len(archive))
        async for studies in _read_ahead(uploads, partial(_waiting, self._studies)):
            for study_id, study in studies:
                if study:
                    await self._reserve(_reservations({study_id: study}))
        await self._ours(self._client.register_script(_COMPLETE)([INSTANCES], [self._token]))
        return Rebuilt(count, tuple(unreadable), round(time.perf_counter() - started, 3))

    def _list(self) -> tuple[list[StudyFolder], list[StudyFolder]]:
        """The studies in the uploads and in the archive, in this order."""
        uploads = list(self._studies.all(Place.UPLOADS))
        return uploads, list(self._studies.all(Place.ARCHIVE))

    async def _clear(self) -> None:
        """Remove what was entered before, since it may be out of date."""
        async for key in self._client.scan_iter(match=STUDIES + "*", count=AT_ONCE):
            await self._client.delete(key)
        await self._client.delete(*_OBSOLETE)

    async def _add(self, studies: dict[UUID, IndexedStudy]) -> None:
        """Enter studies of the archive; of those with the same instance the oldest has it."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for study_id, study in studies.items():
                for uid in study.study_instance_uids:
                    pipeline.sadd(STUDIES + uid, str(study_id))
            await pipeline.execute()
        entries = _reservations(studies)
        known = await self._reserve(entries)
        ages = {study_id: _age((study_id, study)) for study_id, study in studies.items()}
        for owner in {reservation.study_id for reservation in known.values()} - studies.keys():
            ages[owner] = await asyncio.to_thread(_archived, self._studies, owner)
        older = {
            uid: entries[uid]
            for uid, reservation in known.items()
            if ages[entries[uid].study_id] < ages[reservation.study_id]
        }
        await self._reserve(older, replace=True)

    async def _reserve(
        self, entries: dict[str, Reservation], *, replace: bool = False
    ) -> dict[str, Reservation]:
        """Enter UIDs; unless it replaces, return the reservations of those that are known."""
        known: dict[str, Reservation] = {}
        for chunk in chunks(entries):
            pairs = [text for uid in chunk for text in (uid, entries[uid].encode())]
            arguments = [self._token, "1" if replace else "0", *pairs]
            other = iter(await self._ours(self._enter([INSTANCES], arguments)))
            known |= {
                chunk[int(number)]: Reservation.parse(value)
                for number, value in zip(other, other, strict=True)
            }
        return known

    async def _ours(self, answer: Awaitable[Any]) -> Any:  # noqa: ANN401 -- as the script says
        """The answer of a script that returns nil if another rebuild has begun."""
        found = await answer
        if found is None:
            raise SupersededError
        return found


def _reservations(studies: dict[UUID, IndexedStudy]) -> dict[str, Reservation]:
    """The instances of studies, each with the oldest study that has it."""
    return {
        uid: Reservation(study_id, content)
        for study_id, study in sorted(studies.items(), key=_age, reverse=True)
        for uid, content in study.instances.items()
    }


def _age(study: tuple[UUID, IndexedStudy]) -> tuple[datetime, UUID]:
    """What decides which of two studies has an instance that is in both."""
    study_id, indexed = study
    return indexed.archived_at, study_id


def _archived(studies: StudyStore, study_id: UUID) -> tuple[datetime, UUID]:
    """The age of a study that was read before."""
    try:
        return _age((study_id, archived_study(studies.archived(study_id))))
    except (FileNotFoundError, ValueError):  # it is gone meanwhile
        return datetime.max.replace(tzinfo=UTC), study_id


def _waiting(studies: StudyStore, folder: StudyFolder) -> IndexedStudy:
    """A study that was in the uploads when they were listed."""
    try:
        return validated_study(folder)
    except FileNotFoundError:
        return archived_study(studies.archived(folder.study_id))


def _read(
    folders: Sequence[StudyFolder], read: Callable[[StudyFolder], IndexedStudy]
) -> list[_Read]:
    """Some studies, without those that are gone or not validated yet."""
    found: list[_Read] = []
    for folder in folders:
        with suppress(FileNotFoundError):
            try:
                found.append((folder.study_id, read(folder)))
            except ValueError:
                found.append((folder.study_id, None))
    return found


async def _read_ahead(
    folders: Iterable[StudyFolder], read: Callable[[StudyFolder], IndexedStudy]
) -> AsyncIterator[list[_Read]]:
    """Read studies in a few threads, a portion in each."""
    remaining = iter(folders)
    tasks: deque[asyncio.Task[list[_Read]]] = deque()
    try:
        while True:
            while len(tasks) < _THREADS and (portion := list(islice(remaining, _FOLDERS_AT_ONCE))):
                tasks.append(asyncio.create_task(asyncio.to_thread(_read, portion, read)))
            if not tasks:
                return
            yield await tasks.popleft()
    finally:
        for task in tasks:
            task.cancel()
