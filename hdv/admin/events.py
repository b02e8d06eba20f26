"""`hdv events`: the event bus on the command line."""

import asyncio
import os
import signal
import stat
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from datetime import UTC
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from asyncapi.document import committed_document
from chassis.messaging.broker import redis_address
from chassis.messaging.cursor import Cursor, CursorError
from chassis.messaging.feed import ADDRESS_OF, CursorExpiredError, Feed, connect
from chassis.runtime.cancellation import cancel
from chassis.runtime.settings import ConfigurationError, load
from contracts.events import Event
from gateway.settings import GatewaySettings
from hdv.admin.document_check import Verification
from hdv.up.preflight import CannotStart
from hdv.up.redis_server import url_for_client

STDOUT = 1

Work = Callable[[Redis], Coroutine[None, None, None]]
Server = tuple[str | None, Path]
"""Where Redis is: the URL on the command line, and the data directory of an `hdv up`."""


class CannotGoOn(Exception):
    """Something is wrong with what was asked for; the text is the one line to show."""


def tail(server: Server, start: str | None, types: Sequence[str], *, json: bool) -> None:
    """Show events until Ctrl-C; see `hdv events tail --help`."""
    run("tail", server, lambda client: _tail(Feed(client), start, types, json))


def verify(server: Server, *, follow: bool) -> None:
    """Check the messages on a running Redis; see `hdv events verify --help`."""
    verification = Verification(committed_document(), typer.echo)
    run("verify", server, lambda client: verification.run(client, follow=follow))
    typer.echo(verification.summary())
    if verification.violations:
        raise typer.Exit(1)


def run(command: str, server: Server, work: Work) -> None:
    """Do something with Redis until it ends, by itself or with Ctrl-C, which is no failure.

    What stands in its way is told in a line; the exit code is 2.
    """
    try:
        asyncio.run(_until_stopped(_connected(_address(server), work)))
    except BrokenPipeError:
        # Python would fail again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
    except CannotGoOn as error:
        typer.echo(f"hdv events {command}: {error}", err=True)
        raise typer.Exit(2) from None


def _address(server: Server) -> str:
    try:
        url = url_for_client(*server)
        overrides = {"redis_url": url} if url else {}
        return redis_address(load(GatewaySettings, **overrides))
    except (CannotStart, ConfigurationError) as error:
        raise CannotGoOn(str(error)) from None


async def _until_stopped(work: Coroutine[None, None, None]) -> None:
    """Work until it is done, until Ctrl-C, or until nobody reads the output any more (`| head`)."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)
    stop = loop.create_future()
    loop.add_signal_handler(signal.SIGINT, stop.cancel)
    if stat.S_ISFIFO(os.fstat(STDOUT).st_mode):
        # The writing end of a pipe becomes readable when the other one is closed.
        loop.add_reader(STDOUT, stop.cancel)
    await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
    await cancel(task)
    if not task.cancelled():
        task.result()


async def _connected(url: str, work: Work) -> None:
    place = urlsplit(url)
    host = place.netloc.rpartition("@")[2] or place.path
    try:
        client = connect(url)
    except ValueError as error:
        raise CannotGoOn(f"no use of Redis at {host}: {error}") from None
    try:
        async with aclosing(client):
            await client.ping()
            await work(client)
    except RedisError as error:
        reason = str(error).partition("\n")[0]
        raise CannotGoOn(f"no use of Redis at {host}: {reason}") from None


async def _tail(feed: Feed, start: str | None, types: Sequence[str], json: bool) -> None:
    if unknown := set(types) - set(ADDRESS_OF):
        known = ", ".join(ADDRESS_OF)
        raise CannotGoOn(f"there is no event type '{min(unknown)}'; there are {known}")
    addresses = [ADDRESS_OF[name] for name in types or ADDRESS_OF]
    try:
        place = Cursor.parse(start) if start else await feed.end()
    except CursorError as error:
        raise CannotGoOn(f"'{start}' is no place to begin at: {error}") from None
    try:
        async with aclosing(feed.follow(place, addresses, _say_redis_is_away)) as pages:
            async for page in pages:
                for place, entry in page.places():
                    if entry.event:
                        typer.echo(_json(entry.event, place) if json else _line(entry.event))
    except CursorExpiredError:
        raise CannotGoOn(
            "events after that place are no longer kept; --from 0 begins with the oldest that are"
        ) from None
    except asyncio.CancelledError:
        typer.echo(f"Go on with --from {place}", err=True)
        raise


def _say_redis_is_away(_: RedisError) -> None:
    typer.echo("Redis does not answer; trying again …", err=True)


def _json(event: Event, place: Cursor) -> str:
    return orjson.dumps({"cursor": str(place), "event": orjson.loads(event.to_json())}).decode()


def _line(event: Event) -> str:
    """An event for people: when, what, which study, and what it says."""
    said = orjson.loads(event.data.to_json())
    said["findings"] = ",".join(finding["code"] for finding in said.pop("findings", ()))
    details = " ".join(f"{name}={_text(value)}" for name, value in said.items() if value)
    time = event.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{time} {event.type:<23} {event.subject} {details}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
