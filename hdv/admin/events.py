"""`hdv events`: shows the events on a running Redis, and checks its messages."""

import asyncio
import os
import signal
import stat
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from datetime import UTC
from pathlib import Path

import orjson
import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from asyncapi.document import committed_document
from chassis.messaging.cursor import Cursor, CursorError
from chassis.messaging.feed import ADDRESS_OF, CursorExpiredError, Feed
from chassis.runtime.cancellation import cancel
from chassis.runtime.settings import ConfigurationError, load, redis_address
from contracts.events import Event
from gateway.settings import GatewaySettings
from hdv.admin.bus_check import BusCheck
from hdv.admin.redis_client import redis_client
from hdv.exit import CommandError, ExitCode, say
from hdv.up.redis_server import url_for_client

STDOUT = 1

Work = Callable[[Redis], Coroutine[None, None, None]]
Server = tuple[str | None, Path]
"""Where Redis is: the URL on the command line, and the data directory of an `hdv up`."""


def tail(server: Server, start: str | None, types: Sequence[str], *, json: bool) -> None:
    """Show events until Ctrl-C; see `hdv events tail --help`.

    Raises:
        CommandError: an argument or a setting is wrong, or Redis is unavailable.
    """
    _work_with_redis(server, lambda client: _tail(Feed(client), start, types, json))


def verify(server: Server, *, follow: bool) -> ExitCode:
    """Check the messages on a running Redis; see `hdv events verify --help`.

    Raises:
        CommandError: a setting is wrong, or Redis is unavailable.
    """
    check = BusCheck(committed_document(), typer.echo)
    _work_with_redis(server, lambda client: check.run(client, follow=follow))
    typer.echo(check.summary())
    return ExitCode.FAILED if check.violations else ExitCode.OK


def _work_with_redis(server: Server, work: Work) -> None:
    """Do something with Redis until it is done, or until Ctrl-C, which is no failure."""
    try:
        given = url_for_client(*server)
        overrides = {"redis_url": given} if given else {}
        url = redis_address(load(GatewaySettings, **overrides))
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    asyncio.run(_until_stopped(_connected(url, work)))


async def _until_stopped(work: Coroutine[None, None, None]) -> None:
    """Work until it is done, or until Ctrl-C.

    Raises:
        BrokenPipeError: the reader of the output is gone (`| head`).
    """
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)
    interrupted, output_closed = asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(signal.SIGINT, interrupted.set)
    if stat.S_ISFIFO(os.fstat(STDOUT).st_mode):
        # The writing end of a pipe becomes readable when the other one is closed.
        loop.add_reader(STDOUT, output_closed.set)
    stops = [asyncio.create_task(event.wait()) for event in (interrupted, output_closed)]
    await asyncio.wait((task, *stops), return_when=asyncio.FIRST_COMPLETED)
    await cancel(task, *stops)
    if not task.cancelled():
        task.result()
    elif output_closed.is_set():
        raise BrokenPipeError


async def _connected(url: str, work: Work) -> None:
    async with redis_client(url) as client:
        await work(client)


async def _tail(feed: Feed, start: str | None, types: Sequence[str], json: bool) -> None:
    if unknown := set(types) - set(ADDRESS_OF):
        known = ", ".join(ADDRESS_OF)
        raise CommandError(f"there is no event type '{min(unknown)}'; there are {known}")
    addresses = [ADDRESS_OF[name] for name in types or ADDRESS_OF]
    try:
        place = Cursor.parse(start) if start else await feed.end()
    except CursorError:
        raise CommandError(f"'{start}' is neither a cursor, the id of an entry, nor 0") from None
    try:
        async with aclosing(feed.follow(place, addresses, _report_unavailable)) as pages:
            async for page in pages:
                for place, entry in page.positions():
                    if entry.event:
                        typer.echo(_json(entry.event, place) if json else _line(entry.event))
    except CursorExpiredError:
        raise CommandError(
            "events after that place are no longer kept; --from 0 starts with the oldest that are"
        ) from None
    except asyncio.CancelledError:
        say(f"Continue with --from {place}")
        raise


def _report_unavailable(_: RedisError) -> None:
    say("Redis does not answer; trying again …")


def _json(event: Event, place: Cursor) -> str:
    return orjson.dumps({"cursor": str(place), "event": orjson.loads(event.to_json())}).decode()


def _line(event: Event) -> str:
    """An event for people: time, type, study and data."""
    data = orjson.loads(event.data.to_json())
    data["findings"] = ",".join(finding["code"] for finding in data.pop("findings", ()))
    details = " ".join(f"{name}={_text(value)}" for name, value in data.items() if value)
    time = event.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{time} {event.type:<23} {event.subject} {details}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
