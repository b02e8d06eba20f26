"""Keeps the index of the archive complete while a service runs, and shows how far that is."""

import asyncio
import random
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.lease import LEASE_SECONDS, Lease
from chassis.observability.logs import error_name, get_logger
from chassis.runtime.cancellation import cancel
from chassis.service.installation import check_redis, own_redis_only
from chassis.service.lifecycle import Service
from chassis.service.shared_index import SharedIndex
from storage.index_rebuild import Rebuilt, SupersededError, rebuild
from storage.study_store import StudyStore
from storage.uid_index import UidIndex

LEASE = "archive-index:lease"
"""One process at a time rebuilds the index."""
PERIOD_SECONDS = 5.0
"""How often a service looks whether Redis still has the index."""
LOG_SECONDS = 5.0


def uid_index(service: Service, studies: StudyStore, *, creates: bool = False) -> UidIndex:
    """The index in the service's Redis.

    The service does not start if that Redis belongs to another archive.

    If Redis has no complete one, the service rebuilds it beside its other work, or another one
    does. What needs the index waits for it.

    Args:
        service: the service.
        studies: where studies are stored.
        creates: whether it gives a new archive its id (`storage.installation`).
    """

    async def connect() -> Redis:
        return await service.broker.connect()

    own_redis_only(service, studies, creates=creates)
    index = SharedIndex(connect)
    upkeep = IndexUpkeep(index, studies, service)
    service.in_background(upkeep.run)
    service.checks["index"] = upkeep.check
    return index


class IndexUpkeep:
    """Rebuilds the index whenever it is not complete, as background work.

    Args:
        index: the index.
        studies: where studies are stored.
        service: the service whose broker and metrics are used.
    """

    def __init__(self, index: UidIndex, studies: StudyStore, service: Service) -> None:
        self._index = index
        self._studies = studies
        self._connect = service.broker.connect
        self._metrics = service.metrics
        self._lease = Lease(service.broker.connect, LEASE)
        self._progress: tuple[int, int] | None = None
        self._logged = 0.0

    async def run(self) -> None:
        """Keep the index complete, until cancelled."""
        while True:
            pause = PERIOD_SECONDS
            try:
                while not await self._index.is_complete():
                    await self._rebuild()
                    await asyncio.sleep(random.uniform(0.2, 0.5))  # noqa: S311 -- jitter
            except (RedisError, OSError) as error:  # it is tried again
                get_logger().warning("index.rebuild_delayed", error=error_name(error))
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 -- jitter
                continue
            self._index.is_missed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._index.is_missed.wait(), pause)

    async def check(self) -> str | None:
        """How far a rebuild is, for the readiness; a service works while the index is rebuilt.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable.
        """
        if self._progress:
            done, total = self._progress
            return f"being rebuilt: {done} of {total} studies"
        return None if await self._index.is_complete() else "being rebuilt"

    async def _rebuild(self) -> None:
        """Rebuild the index unless another process does."""
        if not await self._lease.take():
            return
        # A Redis that has lost everything gets the id of the installation again.
        await check_redis(await self._connect(), self._studies)
        work = asyncio.create_task(self._build())
        try:
            while not (await asyncio.wait((work,), timeout=LEASE_SECONDS / 4))[0]:
                if not await self._lease.take():
                    return
            built = work.result()
        except SupersededError:
            get_logger().warning("index.rebuild_superseded")
            return
        finally:
            await cancel(work)
            self._show(None)
            await self._lease.give_back()
        for study_id in built.unreadable:
            get_logger().error("index.unreadable", study_id=str(study_id))
        get_logger().info("index.built", studies=built.studies, duration_seconds=built.seconds)

    async def _build(self) -> Rebuilt:
        return await rebuild(
            await self._connect(), self._studies, lambda done, total: self._show((done, total))
        )

    def _show(self, progress: tuple[int, int] | None) -> None:
        self._progress = progress
        self._metrics.index_rebuild(progress)
        now = asyncio.get_running_loop().time()
        if progress and now - self._logged > LOG_SECONDS:
            self._logged = now
            done, total = progress
            get_logger().info("index.rebuilding", studies=done, of=total)
