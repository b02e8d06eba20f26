"""The index of the archive by DICOM UIDs, in Redis; it can be rebuilt from the archive.

It answers two questions: which bytes a SOP Instance UID is reserved for, and under which ids a
study is archived, since it may have arrived in several uploads.

A reservation lasts: other bytes under the same UID are refused from then on. The validator
reserves the UIDs of what it accepts, so that its verdict is known before anything is archived. The
descriptor reserves the same UIDs again, because Redis may have lost the index in between.
"""

import asyncio
import random
import time
from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import suppress
from itertools import islice
from typing import NamedTuple, cast
from uuid import UUID, uuid4

from redis.asyncio import Redis

from contracts.places import Place
from contracts.report import InstanceReport
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore

INSTANCES = "archive-index:instances"
"""Hash from SOP Instance UID to the content of its file and the study that reserved it."""
STUDIES = "archive-index:studies:"
"""Sets by Study Instance UID: the ids under which the study is archived."""
COMPLETE = "archive-index:complete"
"""Set once the whole archive has been entered."""
_LOCK = "archive-index:lock"

_AT_ONCE = 500
_LOCK_SECONDS = 60
WAIT_SECONDS = 3600.0
"""How long a service waits for another one that rebuilds the index."""

# ARGV: a study and SOP Instance UIDs; those that are reserved for the study become free.
_FREE = """
for i = 2, #ARGV do
  local reserved = redis.call('HGET', KEYS[1], ARGV[i])
  if reserved and string.find(reserved, ARGV[1], 1, true) then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
"""

Connect = Callable[[], Awaitable[Redis]]


class Content(NamedTuple):
    """What two files with one SOP Instance UID are compared by."""

    sha256: str
    """Digest of the file."""
    dataset_sha256: str = ""
    """Digest of data set and transfer syntax; empty if it is unknown."""
    transfer_syntax_uid: str = ""

    @classmethod
    def of(cls, report: InstanceReport) -> "Content":
        """The content of a file that was validated."""
        syntax = report.identity.transfer_syntax_uid
        return cls(report.sha256, report.dataset_sha256 or "", syntax)

    def is_same_instance(self, other: "Content") -> bool:
        """Whether the files agree in all but their file meta information."""
        if self.dataset_sha256 and other.dataset_sha256:
            return self.dataset_sha256 == other.dataset_sha256
        return self.sha256 == other.sha256


class Reservation(NamedTuple):
    """What a SOP Instance UID is reserved for."""

    study_id: UUID
    content: Content

    def with_digest(self, dataset_sha256: str) -> "Reservation":
        """The same with the digest of data set and transfer syntax."""
        return self._replace(content=self.content._replace(dataset_sha256=dataset_sha256))


class Rebuilt(NamedTuple):
    """What a rebuild has found."""

    studies: int
    """Number of studies that were entered."""
    unreadable: tuple[UUID, ...]
    """Studies whose metadata cannot be read; they are not in the index."""
    seconds: float


class UidIndex:
    """The index of the archive.

    Args:
        connect: returns a connected client.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def reserve(
        self, study_id: UUID, instances: Mapping[str, Content]
    ) -> dict[str, Reservation]:
        """Reserve the UIDs that are free; return the reservations of all.

        May be repeated: a study finds its own reservations.

        Args:
            study_id: the study that they belong to.
            instances: by their SOP Instance UIDs.
        """
        client = await self._connect()
        reserved: dict[str, Reservation] = {}
        for chunk in _chunks(instances):
            async with client.pipeline(transaction=False) as pipeline:
                for uid in chunk:
                    pipeline.hsetnx(INSTANCES, uid, _written(study_id, instances[uid]))
                is_new = await pipeline.execute()
            known = [uid for uid, new in zip(chunk, is_new, strict=True) if not new]
            reserved |= {uid: Reservation(study_id, instances[uid]) for uid in chunk}
            reserved |= await self.reservations(known)
        return reserved

    async def reservations(self, uids: Iterable[str]) -> dict[str, Reservation]:
        """The reservations of SOP Instance UIDs; those that are free are left out."""
        client = await self._connect()
        reserved: dict[str, Reservation] = {}
        for chunk in _chunks(uids):
            values = cast("list[bytes | None]", await client.hmget(INSTANCES, list(chunk)))
            pairs = zip(chunk, values, strict=True)
            reserved |= {uid: _read(value) for uid, value in pairs if value}
        return reserved

    async def add_study(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        """Enter a study that is in the archive."""
        client = await self._connect()
        async with client.pipeline(transaction=False) as pipeline:
            for uid in study_instance_uids:
                pipeline.sadd(STUDIES + uid, str(study_id))
            await pipeline.execute()

    async def enter(self, folder: StudyFolder) -> None:
        """Enter a study of the archive, with its instances.

        Raises:
            FileNotFoundError: it is not there any more.
            ValueError: its metadata cannot be read.
        """
        study = await asyncio.to_thread(folder.metadata)
        validated = {report.sha256: report for report in study.validation.instances}
        instances = {
            instance.sop_instance_uid: Content.of(validated[instance.sha256])
            for instance in study.instances
            if instance.sop_instance_uid
        }
        await self.reserve(folder.study_id, instances)
        uids = {instance.study_instance_uid for instance in study.instances} - {""}
        await self.add_study(folder.study_id, uids)

    async def forget(
        self, study_id: UUID, uids: Iterable[str], study_instance_uids: Iterable[str]
    ) -> None:
        """Forget a study: the UIDs that are reserved for it become free.

        Args:
            study_id: the study.
            uids: its SOP Instance UIDs; reservations of other studies stay.
            study_instance_uids: the Study Instance UIDs under which it is archived.
        """
        client = await self._connect()
        for chunk in _chunks(uids):
            freed = client.eval(_FREE, 1, INSTANCES, str(study_id), *chunk)
            await cast("Awaitable[None]", freed)
        for uid in study_instance_uids:
            await client.srem(STUDIES + uid, str(study_id))

    async def studies(self, study_instance_uid: str) -> list[UUID]:
        """The ids under which a study is archived, in no order; none if it is not known."""
        client = await self._connect()
        members = cast("set[bytes]", await client.smembers(STUDIES + study_instance_uid))
        return [UUID(member.decode()) for member in members]

    async def owners(self) -> set[UUID]:
        """All studies that are in the index."""
        client = await self._connect()
        found = set()
        async for _, value in client.hscan_iter(INSTANCES, count=_AT_ONCE):
            found.add(_read(value).study_id)
        async for key in client.scan_iter(match=STUDIES + "*", count=_AT_ONCE):
            members = cast("set[bytes]", await client.smembers(key))
            found |= {UUID(member.decode()) for member in members}
        return found

    async def is_complete(self) -> bool:
        """Whether the whole archive is in the index; else an unknown study may be archived."""
        client = await self._connect()
        return bool(await client.exists(COMPLETE))

    async def ensure(self, studies: StudyStore) -> Rebuilt | None:
        """Build the index from the archive if it was never built, or if Redis has lost it.

        One service builds it, the others wait for that.

        Returns:
            What was built; None if another service did it, or nothing had to be done.

        Raises:
            TimeoutError: it took longer than `WAIT_SECONDS`.
        """
        client = await self._connect()
        token = str(uuid4())
        async with asyncio.timeout(WAIT_SECONDS):
            while not await client.exists(COMPLETE):
                if await client.set(_LOCK, token, nx=True, ex=_LOCK_SECONDS):
                    return await self._build(client, studies)
                await asyncio.sleep(random.uniform(0.2, 0.5))  # noqa: S311 -- jitter
        return None

    async def rebuild(
        self, studies: StudyStore, on_progress: Callable[[int, int], None] | None = None
    ) -> Rebuilt:
        """Build the index again. No service should be at work meanwhile.

        Args:
            studies: where studies are stored.
            on_progress: called with the number of studies read so far, and of all.
        """
        client = await self._connect()
        async for key in client.scan_iter(match=STUDIES + "*", count=_AT_ONCE):
            await client.delete(key)
        await client.delete(INSTANCES, COMPLETE)
        return await self._build(client, studies, on_progress)

    async def _build(
        self,
        client: Redis,
        studies: StudyStore,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Rebuilt:
        started = time.perf_counter()
        count = 0
        unreadable = []
        folders = await asyncio.to_thread(_oldest_first, studies)
        for number, folder in enumerate(folders, start=1):
            if on_progress:
                on_progress(number, len(folders))
            try:
                await self.enter(folder)
                count += 1
            except FileNotFoundError:  # it has been removed meanwhile
                continue
            except ValueError:
                unreadable.append(folder.study_id)
            await client.expire(_LOCK, _LOCK_SECONDS)
        await client.set(COMPLETE, 1)
        await client.delete(_LOCK)
        return Rebuilt(count, tuple(unreadable), round(time.perf_counter() - started, 3))


def _oldest_first(studies: StudyStore) -> list[StudyFolder]:
    """The studies in the archive, in the order of their archival."""
    found = []
    for folder in studies.all(Place.ARCHIVE):
        with suppress(FileNotFoundError):
            found.append((folder.marker.stat().modified_ns, folder.study_id, folder))
    return [folder for _, _, folder in sorted(found)]


def _written(study_id: UUID, content: Content) -> str:
    """A reservation as Redis has it: version 0.1 wrote the first two parts only."""
    return f"{content.sha256} {study_id} {content.dataset_sha256} {content.transfer_syntax_uid}"


def _read(value: bytes) -> Reservation:
    sha256, study_id, *rest = value.decode().split(" ")
    return Reservation(UUID(study_id), Content(sha256, *rest))


def _chunks(uids: Iterable[str]) -> Iterator[Sequence[str]]:
    remaining = iter(uids)
    while chunk := list(islice(remaining, _AT_ONCE)):
        yield chunk
