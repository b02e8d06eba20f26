"""The index of the archive by DICOM UIDs, in Redis; it can be rebuilt from the archive.

It answers two questions: which instance a SOP Instance UID is reserved for, and under which ids a
study is archived, since it may have arrived in several uploads.

A reservation lasts: another instance under the same UID is refused from then on. The validator
reserves the UIDs of what it accepts, so that its verdict is known before anything is archived. The
descriptor reserves the same UIDs again, because Redis may have lost the index in between.

Redis may lose the index at any time. It is complete while a field of the same hash says so, and
nothing is reserved or looked up without a look at that field in the same command: an incomplete
index is waited for, until some service has rebuilt it (`storage.index_rebuild`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeVar, cast
from uuid import UUID

from redis.asyncio import Redis

from contracts.model import is_uid
from storage.indexed_study import IndexedStudy, archived_study
from storage.reservation import Content, Reservation
from storage.study_store import StudyStore

INSTANCES = "archive-index:instances"
"""Hash from SOP Instance UID to the content of its file and the study that reserved it."""
COMPLETE = "complete"
"""The field of that hash that is there once the whole archive has been entered."""
STUDIES = "archive-index:studies:"
"""Sets by Study Instance UID: the ids under which the study is archived."""

AT_ONCE = 500
"""UIDs in one command."""
WAIT_SECONDS = 3600.0
"""How long a caller waits for an index that is being rebuilt; then it may try again."""

Connect = Callable[[], Awaitable[Redis]]
Found = TypeVar("Found")
Item = TypeVar("Item")

# KEYS: the hash. ARGV: UID and reservation by turns; a UID may occur in several studies.
# Reserves the UIDs that are free. Returns the number and the reservation of each that is reserved
# otherwise, by turns; nil if the index is not complete.
_RESERVE = """
local fields, new, other, taken = {'complete'}, {}, {}, {}
for i = 1, #ARGV, 2 do fields[#fields + 1] = ARGV[i] end
local known = redis.call('HMGET', KEYS[1], unpack(fields))
if not known[1] then return false end
for i = 1, #ARGV / 2 do
  local uid, reservation = ARGV[2 * i - 1], ARGV[2 * i]
  local reserved = known[i + 1] or taken[uid]
  if not reserved then
    new[#new + 1] = uid
    new[#new + 1] = reservation
    taken[uid] = reservation
  elseif reserved ~= reservation then
    other[#other + 1] = i - 1
    other[#other + 1] = reserved
  end
end
if new[1] then redis.call('HSET', KEYS[1], unpack(new)) end
return other
"""

# KEYS: the hash. ARGV: a study, then UID and the reservation of its heir ("" for none) by turns.
# Releases the UIDs that are reserved for the study. Returns nil if the index is not complete.
_RELEASE = """
if redis.call('HEXISTS', KEYS[1], 'complete') == 0 then return false end
for i = 2, #ARGV, 2 do
  local reservation = redis.call('HGET', KEYS[1], ARGV[i])
  if reservation and string.find(reservation, ARGV[1], 1, true) then
    if ARGV[i + 1] == '' then
      redis.call('HDEL', KEYS[1], ARGV[i])
    else
      redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    end
  end
end
return 1
"""


class UidIndex:
    """The index of the archive.

    Args:
        connect: returns a connected client.

    Attributes:
        is_missed: set when the index was found to be incomplete.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.is_missed = asyncio.Event()

    async def reserve(
        self, study_id: UUID, instances: Mapping[str, Content]
    ) -> dict[str, Reservation]:
        """Reserve the UIDs that are free; return the reservations of all.

        May be repeated: a study finds its own reservations.

        Args:
            study_id: the study that they belong to.
            instances: by their SOP Instance UIDs.

        Raises:
            TimeoutError: the index was not complete within `WAIT_SECONDS`.
        """
        [reserved] = await self.reserve_all([(study_id, instances)])
        return reserved

    async def reserve_all(
        self, studies: Sequence[tuple[UUID, Mapping[str, Content]]]
    ) -> list[dict[str, Reservation]]:
        """Do the same for several studies, with few commands; one after the other gets its UIDs."""
        client = await self._connect()
        script = client.register_script(_RESERVE)
        reserved = [
            {uid: Reservation(study_id, content) for uid, content in instances.items()}
            for study_id, instances in studies
        ]
        wanted = [(number, uid) for number, of_study in enumerate(reserved) for uid in of_study]
        for chunk in chunks(wanted):
            arguments = [
                text for number, uid in chunk for text in (uid, reserved[number][uid].encode())
            ]

            async def run(arguments: Sequence[str] = arguments) -> list[bytes] | None:
                return cast("list[bytes] | None", await script([INSTANCES], arguments))

            other = iter(await self._when_complete(run))
            for position, value in zip(other, other, strict=True):
                number, uid = chunk[int(position)]
                reserved[number][uid] = Reservation.parse(value)
        return reserved

    async def reservations(self, uids: Iterable[str]) -> dict[str, Reservation]:
        """The reservations of SOP Instance UIDs; those that are free are left out.

        Raises:
            TimeoutError: the index was not complete within `WAIT_SECONDS`.
        """
        client = await self._connect()
        reserved: dict[str, Reservation] = {}
        for chunk in chunks(uids):

            async def run(chunk: Sequence[str] = chunk) -> list[bytes | None] | None:
                found = cast(
                    "list[bytes | None]", await client.hmget(INSTANCES, [COMPLETE, *chunk])
                )
                return found[1:] if found[0] else None

            pairs = zip(chunk, await self._when_complete(run), strict=True)
            reserved |= {uid: Reservation.parse(value) for uid, value in pairs if value}
        return reserved

    async def add_study(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        """Enter a study that is in the archive."""
        await self.add_studies([(study_id, study_instance_uids)])

    async def add_studies(self, studies: Iterable[tuple[UUID, Iterable[str]]]) -> None:
        """Enter studies that are in the archive, each with its Study Instance UIDs."""
        client = await self._connect()
        async with client.pipeline(transaction=False) as pipeline:
            for study_id, study_instance_uids in studies:
                for uid in study_instance_uids:
                    pipeline.sadd(STUDIES + uid, str(study_id))
            await pipeline.execute()

    async def studies(self, study_instance_uid: str) -> list[UUID]:
        """The ids under which a study is archived, in no order; none if it is not known."""
        client = await self._connect()
        members = cast("set[bytes]", await client.smembers(STUDIES + study_instance_uid))
        return [UUID(member.decode()) for member in members]

    async def forget(
        self,
        study_id: UUID,
        uids: Iterable[str],
        study_instance_uids: Iterable[str],
        studies: StudyStore,
    ) -> None:
        """Release the UIDs of a study that leaves the archive, or will not come there.

        A UID goes to the oldest other study in the archive that has the instance as well; else it
        is free. May be repeated.

        Args:
            study_id: the study.
            uids: its SOP Instance UIDs; those that are reserved for other studies stay.
            study_instance_uids: its Study Instance UIDs.
            studies: where studies are stored.

        Raises:
            TimeoutError: the index was not complete within `WAIT_SECONDS`.
        """
        client = await self._connect()
        released = set(uids)
        others: set[UUID] = set()
        for uid in study_instance_uids:
            await client.srem(STUDIES + uid, str(study_id))
            others |= {*await self.studies(uid)} - {study_id}
        heirs = await asyncio.to_thread(_heirs, released, others, studies) if others else {}
        for chunk in chunks(released):
            pairs = ((uid, heirs[uid].encode() if uid in heirs else "") for uid in chunk)
            arguments = [str(study_id), *(text for pair in pairs for text in pair)]

            async def run(arguments: Sequence[str] = arguments) -> int | None:
                evaluated = client.eval(_RELEASE, 1, INSTANCES, *arguments)
                return await cast("Awaitable[int | None]", evaluated)

            await self._when_complete(run)

    async def owners(self) -> set[UUID]:
        """All studies that are in the index."""
        client = await self._connect()
        found = set()
        async for uid, value in client.hscan_iter(INSTANCES, count=AT_ONCE):
            if is_uid(uid.decode()):
                found.add(Reservation.parse(value).study_id)
        async for key in client.scan_iter(match=STUDIES + "*", count=AT_ONCE):
            members = cast("set[bytes]", await client.smembers(key))
            found |= {UUID(member.decode()) for member in members}
        return found

    async def is_complete(self) -> bool:
        """Whether the whole archive is in the index; else an unknown study may be archived."""
        client = await self._connect()
        if await client.hexists(INSTANCES, COMPLETE):
            return True
        self.is_missed.set()
        return False

    async def _when_complete(self, command: Callable[[], Awaitable[Found | None]]) -> Found:
        """The result of a command that returns None while the index is not complete."""
        async with asyncio.timeout(WAIT_SECONDS):
            while (found := await command()) is None:
                self.is_missed.set()
                await asyncio.sleep(random.uniform(0.2, 0.5))  # noqa: S311 -- jitter
        return found


def chunks(uids: Iterable[Item]) -> Iterator[Sequence[Item]]:
    """UIDs in portions for one command."""
    remaining = iter(uids)
    while chunk := list(islice(remaining, AT_ONCE)):
        yield chunk


def _heirs(
    uids: set[str], study_ids: Iterable[UUID], studies: StudyStore
) -> dict[str, Reservation]:
    """For each UID that a study in the archive has, the reservation of the oldest that has it."""
    archived: list[tuple[UUID, IndexedStudy]] = []
    for study_id in study_ids:
        with suppress(FileNotFoundError, ValueError):  # it is gone, or its metadata is broken
            archived.append((study_id, archived_study(studies.archived(study_id))))
    heirs: dict[str, Reservation] = {}
    for study_id, study in sorted(archived, key=lambda entry: entry[1].archived_at):
        for uid in uids & study.instances.keys():
            heirs.setdefault(uid, Reservation(study_id, study.instances[uid]))
    return heirs
