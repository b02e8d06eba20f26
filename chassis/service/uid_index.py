"""The index of the archive is there before a service that needs it begins to work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from chassis.messaging.broker import await_redis
from chassis.observability.logs import get_logger
from chassis.service.lifecycle import Service
from storage.study_store import StudyStore
from storage.uid_index import UidIndex


def uid_index(service: Service, studies: StudyStore) -> UidIndex:
    """The index in the service's Redis; the service builds it at its start if it is missing."""

    async def connect() -> Redis:
        return await service.broker.connect()

    index = UidIndex(connect)

    @asynccontextmanager
    async def ready() -> AsyncIterator[None]:
        await await_redis(await service.broker.connect())
        if built := await index.ensure(studies):
            for study_id in built.unreadable:
                get_logger().error("index.unreadable", study_id=str(study_id))
            get_logger().info("index.built", studies=built.studies, duration_seconds=built.seconds)
        yield

    service.use(ready)
    return index
