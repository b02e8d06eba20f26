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

    async def take(self) -> bool:
        """Take the lock; false if the key exists."""
        return bool(await self._client.set(self.name, self._value, nx=True, ex=LOCK_SECONDS))

    async def is_ours(self) -> bool:
        """Whether the lock is still ours: it may have expired, and someone else have taken it."""
        return bool(await self._client.get(self.name) == self._value)

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Renew a lock that has been taken, during the block; free it if the block fails."""
        renewal = asyncio.create_task(self._renew_continually())
        try:
            yield
        except BaseException:
            await self.free()
            raise
        finally:
            await cancel(renewal)

    async def free(self) -> None:
        """Delete the key if the lock is ours."""
        await self._if_ours(lambda pipeline: pipeline.delete(self.name))

    async def _renew_continually(self) -> None:
        while True:
            await asyncio.sleep(LOCK_SECONDS / 3)
            await self._if_ours(lambda pipeline: pipeline.expire(self.name, LOCK_SECONDS))

    async def _if_ours(self, command: Callable[[Pipeline], Awaitable[object] | Pipeline]) -> None:
        """Execute a command if the lock is ours and Redis answers; otherwise it will expire."""
        try:
            async with (
                asyncio.timeout(REDIS_TIMEOUT_SECONDS),
                self._client.pipeline(transaction=True) as pipeline,
            ):
                await pipeline.watch(self.name)
                if await pipeline.get(self.name) != self._value:
                    return
                pipeline.multi()  # type: ignore[no-untyped-call]  # redis-py's
                command(pipeline)
                await pipeline.execute()
        except WatchError:
            return
        except (RedisError, TimeoutError) as error:
            get_logger().warning("lock.redis_unavailable", error=error_name(error))
