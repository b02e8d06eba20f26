"""The Redis that `hdv events` and `hdv index` use."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.feed import connect
from hdv.exit import CommandError, ExitCode


@asynccontextmanager
async def redis_client(url: str) -> AsyncIterator[Redis]:
    """A client of a Redis that answers.

    Raises:
        CommandError: Redis is unavailable, at first or later (`UNAVAILABLE`).
    """
    try:
        client = connect(url)
    except ValueError as error:
        raise _unavailable(url, error) from None
    try:
        async with aclosing(client):
            await client.ping()
            yield client
    except RedisError as error:
        raise _unavailable(url, error) from None


def _unavailable(url: str, error: Exception) -> CommandError:
    """The error with the host of Redis, without the password."""
    place = urlsplit(url)
    host = place.netloc.rpartition("@")[2] or place.path
    reason = str(error).partition("\n")[0]
    return CommandError(f"cannot use Redis at {host}: {reason}", code=ExitCode.UNAVAILABLE)
