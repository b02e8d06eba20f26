"""A service does not start on a Redis that belongs to another archive."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from chassis.messaging.broker import await_redis
from chassis.observability.logs import get_logger
from chassis.service.lifecycle import Service
from storage.installation import OtherInstallationError, require_own_redis
from storage.study_store import StudyStore


def own_redis_only(service: Service, studies: StudyStore, *, creates: bool = False) -> None:
    """Let the service start only if its Redis belongs to the archive.

    Args:
        service: the service.
        studies: where studies are stored.
        creates: whether it gives a new archive its id.
    """

    @asynccontextmanager
    async def checked() -> AsyncIterator[None]:
        client = await service.broker.connect()
        await await_redis(client)
        await check_redis(client, studies, creates=creates)
        yield

    service.use(checked)


async def check_redis(client: Redis, studies: StudyStore, *, creates: bool = False) -> None:
    """Make sure that Redis belongs to the archive; see `storage.installation`.

    Raises:
        OtherInstallationError: it does not; the log says so.
    """
    try:
        await require_own_redis(client, studies, may_create=creates)
    except OtherInstallationError as error:
        get_logger().critical("installation.differs", reason=str(error))
        raise
