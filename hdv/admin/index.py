"""`hdv index rebuild`: the index of the archive, made again from what lies there."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.instance_index import InstanceIndex
from chassis.messaging.broker import redis_address
from chassis.messaging.feed import connect
from chassis.observability import logs
from chassis.runtime.settings import ConfigurationError, load
from descriptor.settings import DescriptorSettings
from hdv.client.outcome import print_line
from hdv.exit import WELL, Away, Refused, run
from hdv.terminal.progress_bar import Show, bar
from hdv.up.preflight import CannotStart
from hdv.up.redis_server import url_for_client


def rebuild(archive: Path | None, redis_url: str | None, data: Path) -> int:
    """Make the index again; returns the exit code.

    Args:
        archive: the directory; that of the descriptor's settings when None.
        redis_url: address of Redis; that of the settings when None.
        data: the data directory of an `hdv up`, whose Redis is used if no other is named.
    """
    return run("hdv index rebuild", lambda: _rebuild(archive, redis_url, data))


def _rebuild(archive: Path | None, redis_url: str | None, data: Path) -> int:
    try:
        url = url_for_client(redis_url, data)
        given: Mapping[str, object] = {"archive_dir": archive, "redis_url": url}
        overrides = {name: value for name, value in given.items() if value is not None}
        settings = load(DescriptorSettings, **overrides)
        url = redis_address(settings)
    except (CannotStart, ConfigurationError) as error:
        raise Refused(str(error)) from None
    directory = settings.volumes.archive
    if not directory.is_dir():
        raise Refused(f"{directory}: no such directory")
    # What goes wrong with a study stands in the log; the rest is told here.
    logs.configure("hdv", "error")
    with bar("reading the archive", "studies") as show:
        try:
            count = asyncio.run(_make(url, directory, show))
        except RedisError as error:
            reason = str(error).partition("\n")[0]
            raise Away(f"no use of Redis: {reason}") from None
    print_line(f"{count:,} studies are in the index")
    return WELL


async def _make(url: str, directory: Path, show: Show) -> int:
    async with aclosing(connect(url)) as client:
        await client.ping()

        async def connected() -> Redis:
            return client

        return await InstanceIndex(connected).rebuild(directory, show)
