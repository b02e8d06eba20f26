"""A lease in Redis: of several processes one at a time does a piece of background work."""

from collections.abc import Awaitable, Callable
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis

LEASE_SECONDS = 60
"""How long a lease lasts after it was taken for the last time."""

_TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_RETURN = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class Lease:
    """A lease of this process. It must be taken again before it ends, or another one gets it.

    The work has to bear that two processes do it at the same moment: a process that was suspended
    still believes that it has the lease.

    Args:
        connect: returns a connected client.
        name: the key.
    """

    def __init__(self, connect: Callable[[], Awaitable[Redis]], name: str) -> None:
        self._connect = connect
        self._name = name
        self._holder = str(uuid4())

    async def take(self) -> bool:
        """Take the lease, or extend it; false if another process has it.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable.
        """
        client = await self._connect()
        taken = client.eval(_TAKE, 1, self._name, self._holder, str(LEASE_SECONDS))
        return bool(await cast("Awaitable[int]", taken))

    async def give_back(self) -> None:
        """End the lease if it is ours.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable.
        """
        client = await self._connect()
        await cast("Awaitable[None]", client.eval(_RETURN, 1, self._name, self._holder))
