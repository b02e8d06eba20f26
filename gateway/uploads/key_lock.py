"""A lock in Redis that is ours as long as its key has our value, renewed while it is held."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, WatchError

from chassis.observability.logs import error_name, get_logger
from chassis.runtime.cancellation import cancel

LOCK_SECONDS = 30
"""How long a key stays locked after the gateway that holds it has crashed, in seconds."""
REDIS_TIMEOUT_SECONDS = 3.0


class LockLostError(Exception):
    """The key is no longer ours: it expired, and another request may have taken it."""


class KeyLock:
    """A lock.

    Args:
        client: a connected client.
        name: the key.
        value: its value while the lock is ours.
    """

    def __init__(self, client: Redis, name: str, value: bytes) -> None:
        self.name = name
        self._client = client
        self._value = value
        self._renewal: asyncio.Task[None] | None = None

    async def take(self) -> bool:
        """Take the lock; false if the key exists."""
        return bool(await self._client.set(self.name, self._value, nx=True, ex=LOCK_SECONDS))

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Renew a lock that has been taken, during the block; free it if the block fails."""
        self._renewal = asyncio.create_task(self._renew_continually())
        try:
            yield
        except BaseException:
            await self.free()
            raise
        finally:
            await cancel(self._renewal)

    @contextlib.asynccontextmanager
    async def last_transaction(self) -> AsyncIterator[Pipeline]:
        """A MULTI that is executed at the end of the block, if the lock is still ours then.

        The lock is not renewed any more: that would change the key, as far as WATCH is concerned.

        Raises:
            LockLostError: it is not ours; nothing was executed.
        """
        if self._renewal:
            await cancel(self._renewal)
        async with self._transaction() as pipeline:
            yield pipeline

    async def free(self) -> None:
        """Delete the key if the lock is ours."""
        await self._try(lambda pipeline: pipeline.delete(self.name))

    async def _renew_continually(self) -> None:
        while True:
            await asyncio.sleep(LOCK_SECONDS / 3)
            await self._try(lambda pipeline: pipeline.expire(self.name, LOCK_SECONDS))

    async def _try(self, command: Callable[[Pipeline], Awaitable[object] | Pipeline]) -> None:
        """Execute a command if the lock is ours and Redis answers; otherwise it will expire."""
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS), self._transaction() as pipeline:
                command(pipeline)
        except LockLostError:
            return
        except (RedisError, TimeoutError) as error:
            get_logger().warning("idempotency.redis_unavailable", error=error_name(error))

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Pipeline]:
        async with self._client.pipeline(transaction=True) as pipeline:
            await pipeline.watch(self.name)
            if await pipeline.get(self.name) != self._value:
                raise LockLostError
            pipeline.multi()  # type: ignore[no-untyped-call]
            yield pipeline
            try:
                await pipeline.execute()
            except WatchError:
                raise LockLostError from None
