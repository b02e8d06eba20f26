"""The index of the archive by DICOM UIDs, in Redis; it can be made again from the archive.

It answers two questions: whether a SOP Instance UID stands for other bytes already, and where a
study lies that has been filed, perhaps in several parts.
"""

import asyncio
import random
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, cast
from uuid import UUID, uuid4

from redis.asyncio import Redis

from chassis.messaging.broker import await_redis
from chassis.observability.logs import get_logger
from storage.archived import ArchivedStudy, read_study

INSTANCES = "archive-index:instances"
"""Hash: SOP Instance UID to the SHA-256 of its file and the study that brought it first."""
STUDIES = "archive-index:studies:"
"""Sets, by Study Instance UID: the ids under which the study is filed."""
COMPLETE = "archive-index:complete"
"""Set once everything in the archive has been entered."""
_LOCK = "archive-index:lock"

_AT_ONCE = 500
_LOCK_SECONDS = 60
WAIT_SECONDS = 3600.0
"""How long a service waits for another one to make the index."""

Connect = Callable[[], Awaitable[Redis]]


class Kept(NamedTuple):
    """What a SOP Instance UID stands for."""

    sha256: str
    study_id: UUID


class InstanceIndex:
    """The index of the archive.

    Args:
        connect: gives a connected client.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def claim(self, study_id: UUID, instances: Mapping[str, str]) -> dict[str, Kept]:
        """Enter instances whose UIDs are free; of all it tells what they stand for now.

        May be repeated: a study finds its own entries.

        Args:
            study_id: the study that they belong to.
            instances: the SHA-256 of each file by its SOP Instance UID.
        """
        client = await self._connect()
        kept: dict[str, Kept] = {}
        for chunk in _chunks(instances):
            async with client.pipeline(transaction=False) as pipeline:
                for uid in chunk:
                    pipeline.hsetnx(INSTANCES, uid, f"{instances[uid]} {study_id}")
                pipeline.hmget(INSTANCES, chunk)
                *_, values = await pipeline.execute()
            kept |= {uid: _kept(value) for uid, value in zip(chunk, values, strict=True)}
        return kept

    async def kept(self, uids: Iterable[str]) -> dict[str, Kept]:
        """What SOP Instance UIDs stand for; those that are free are left out."""
        client = await self._connect()
        kept: dict[str, Kept] = {}
        for chunk in _chunks(uids):
            values = cast("list[bytes | None]", await client.hmget(INSTANCES, list(chunk)))
            kept |= {uid: _kept(value) for uid, value in zip(chunk, values, strict=True) if value}
        return kept

    async def file(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        """Enter that a study is in the archive."""
        client = await self._connect()
        async with client.pipeline(transaction=False) as pipeline:
            for uid in study_instance_uids:
                pipeline.sadd(STUDIES + uid, str(study_id))
            await pipeline.execute()

    async def studies(self, study_instance_uid: str) -> list[UUID]:
        """The ids under which a study is filed, in no order; none if it is not known."""
        client = await self._connect()
        members = cast("set[bytes]", await client.smembers(STUDIES + study_instance_uid))
        return [UUID(member.decode()) for member in members]

    async def is_complete(self) -> bool:
        """Whether all of the archive is in it; else what it does not know may be there still."""
        client = await self._connect()
        return bool(await client.exists(COMPLETE))

    async def ensure(self, archive: Path) -> None:
        """Make the index from the archive if it has never been, or if Redis has lost it.

        One service does it, the others wait for it.

        Raises:
            TimeoutError: it took longer than `WAIT_SECONDS`.
        """
        client = await self._connect()
        token = str(uuid4())
        async with asyncio.timeout(WAIT_SECONDS):
            while not await client.exists(COMPLETE):
                if await client.set(_LOCK, token, nx=True, ex=_LOCK_SECONDS):
                    await self._make(client, archive)
                    return
                await asyncio.sleep(random.uniform(0.2, 0.5))  # noqa: S311 -- jitter

    @asynccontextmanager
    async def made(self, archive: Path) -> AsyncIterator[None]:
        """For a service that starts: the index is there once the context is entered."""
        await await_redis(await self._connect())
        await self.ensure(archive)
        yield

    async def rebuild(
        self, archive: Path, on_progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Make the index again. No service should be at work meanwhile.

        Args:
            archive: where the studies lie.
            on_progress: is told how many studies of how many have been looked at.

        Returns:
            How many studies there are.
        """
        client = await self._connect()
        async for key in client.scan_iter(match=STUDIES + "*", count=_AT_ONCE):
            await client.delete(key)
        await client.delete(INSTANCES, COMPLETE)
        return await self._make(client, archive, on_progress)

    async def _make(
        self,
        client: Redis,
        archive: Path,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> int:
        started = time.perf_counter()
        count = 0
        directories = await asyncio.to_thread(_directories, archive)
        for number, directory in enumerate(directories, start=1):
            if on_progress:
                on_progress(number, len(directories))
            study = await asyncio.to_thread(_read, directory)
            if study is None:
                continue
            study_id = UUID(directory.name)
            instances = {
                i.sop_instance_uid: i.sha256 for i in study.instances if i.sop_instance_uid
            }
            await self.claim(study_id, instances)
            await self.file(study_id, {i.study_instance_uid for i in study.instances} - {""})
            await client.expire(_LOCK, _LOCK_SECONDS)
            count += 1
        await client.set(COMPLETE, 1)
        await client.delete(_LOCK)
        seconds = round(time.perf_counter() - started, 3)
        get_logger().info("index.made", studies=count, duration_seconds=seconds)
        return count


def _directories(archive: Path) -> list[Path]:
    """The studies in the archive, those filed first first."""
    found = [entry for entry in archive.glob("[!.]*") if _is_uuid(entry.name)]
    return sorted(found, key=lambda entry: entry.stat().st_mtime)


def _read(directory: Path) -> ArchivedStudy | None:
    """What a study says of itself; nothing when it has been removed meanwhile."""
    try:
        return read_study(directory)
    except FileNotFoundError:
        return None
    except ValueError:
        get_logger().error("index.unreadable", study_id=directory.name)
        return None


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _kept(value: bytes) -> Kept:
    sha256, _, study_id = value.decode().partition(" ")
    return Kept(sha256, UUID(study_id))


def _chunks(uids: Iterable[str]) -> Iterator[Sequence[str]]:
    remaining = iter(uids)
    while chunk := list(islice(remaining, _AT_ONCE)):
        yield chunk
