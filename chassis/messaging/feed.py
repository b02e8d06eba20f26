"""The change feed: the streams of all events read as one, from any point on.

Streams are read, not the live channels: what happens between reading the past and listening to the
present would be lost there.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from chassis.messaging.broker import COMMAND_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS, POLLING_MS
from chassis.messaging.cursor import Cursor, EntryId, entry_id_text, parse_entry_id
from chassis.messaging.retention import TRIMMED
from contracts.channels import CHANNELS
from contracts.events import ANY_EVENT, CloudEvent, Event

ADDRESSES = tuple(channel.address for channel in CHANNELS)
"""Every stream, in the order of a study's way."""

MOST_CONNECTIONS = 8
"""To Redis, of one feed; who wants more waits for one."""
MOST_PER_READ = 500
RETRY_SECONDS = (0.2, 5.0)
"""First and longest pause while Redis is away."""

OnTrouble = Callable[[RedisError], None]
T = TypeVar("T")


def _type_of(event: type[CloudEvent]) -> str:
    [name] = get_args(event.model_fields["type"].annotation)
    return str(name)


ADDRESS_OF = {_type_of(channel.event): channel.address for channel in CHANNELS}
"""The stream of each type of event."""


class CursorExpiredError(Exception):
    """Events after this place were never read and are no longer kept."""


@dataclass(frozen=True)
class Entry:
    """An entry of a stream."""

    address: str
    id: EntryId
    body: bytes

    @cached_property
    def event(self) -> Event | None:
        """The event; nothing when something else was put on the stream."""
        try:
            event = ANY_EVENT.validate_json(self.body)
        except ValidationError:
            return None
        return event if ADDRESS_OF[event.type] == self.address else None

    @cached_property
    def json(self) -> bytes | None:
        """The event as JSON, in one line."""
        return self.event.to_json() if self.event else None


@dataclass(frozen=True)
class Page:
    """Some entries in the order in which they were appended."""

    start: Cursor
    """The place before them."""
    entries: Sequence[Entry]
    more: bool
    """Whether there were more at that moment."""

    def places(self) -> Iterator[tuple[Cursor, Entry]]:
        """Each entry, with the place after it."""
        place = self.start
        for entry in self.entries:
            place = place.moved({entry.address: entry.id})
            yield place, entry

    @property
    def end(self) -> Cursor:
        """The place after all of them."""
        return self.start.moved({entry.address: entry.id for entry in self.entries})


@dataclass(frozen=True)
class Snapshot:
    """What Redis answers: some streams at one moment."""

    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    """The next entries of each stream; at least one more than a page has, if there are."""
    trimmed: Mapping[str, EntryId] = field(default_factory=dict)
    """The last entry that was trimmed off, for each stream that was trimmed."""


def page(snapshot: Snapshot, cursor: Cursor, addresses: Sequence[str], limit: int) -> Page:
    """Merge streams to a page.

    Entries stand in the order of their ids: all come from the clock of one Redis. Within a
    millisecond the order of a study's way decides.

    Args:
        snapshot: the streams as they were after the cursor.
        cursor: how far they have been read.
        addresses: the streams to read; the cursor moves in these alone.
        limit: the greatest number of entries.

    Raises:
        CursorExpiredError: entries after the cursor are gone.
    """
    if cursor.has_missed(snapshot.trimmed, addresses):
        raise CursorExpiredError
    found = [entry for address in addresses for entry in snapshot.entries.get(address, ())]
    found.sort(key=lambda entry: (entry.id, ADDRESSES.index(entry.address)))
    # A stream from which nothing has been read gets a position as well: if entries are trimmed off
    # before the next page, they are missed.
    unread = {
        address: snapshot.trimmed.get(address, (0, 0))
        for address in addresses
        if address not in cursor.positions
    }
    return Page(cursor.moved(unread), found[:limit], more=len(found) > limit)


class Feed:
    """Reads the streams.

    Args:
        client: a connection of its own (`connect`): waiting for entries keeps it busy.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def read(self, cursor: Cursor, addresses: Sequence[str], limit: int) -> Page:
        """The entries after a cursor, at once.

        Args:
            cursor: how far the streams have been read.
            addresses: the streams to read.
            limit: the greatest number of entries.

        Raises:
            CursorExpiredError: entries after the cursor are gone.
            redis.exceptions.RedisError: Redis is away.
        """
        # One moment for all streams: no effect is seen without its cause.
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.xread(_after(cursor, addresses), count=limit + 1)
            pipeline.hmget(TRIMMED, list(addresses))
            reply, trimmed = await pipeline.execute()
        snapshot = Snapshot(_entries(reply), _known(addresses, trimmed))
        return page(snapshot, cursor, addresses, limit)

    async def end(self) -> Cursor:
        """The place after the newest entry of every stream.

        Raises:
            redis.exceptions.RedisError: Redis is away.
        """
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.hmget(TRIMMED, list(ADDRESSES))
            for address in ADDRESSES:
                pipeline.xrevrange(address, count=1)
            trimmed, *newest = await pipeline.execute()
        last = {
            address: parse_entry_id(entries[0][0].decode())
            for address, entries in zip(ADDRESSES, newest, strict=True)
            if entries
        }
        return Cursor({**dict.fromkeys(ADDRESSES, (0, 0)), **_known(ADDRESSES, trimmed), **last})

    async def follow(
        self, cursor: Cursor, addresses: Sequence[str], on_trouble: OnTrouble
    ) -> AsyncGenerator[Page, None]:
        """The entries after a cursor and all that come, for ever; Redis may come and go.

        Args:
            cursor: how far the streams have been read.
            addresses: the streams to read.
            on_trouble: told each time that Redis does not answer.

        Raises:
            CursorExpiredError: entries after the cursor are gone.
        """
        while True:
            found = await patiently(partial(self._next, cursor, addresses), on_trouble)
            cursor = found.end
            if found.entries:
                yield found

    async def _next(self, cursor: Cursor, addresses: Sequence[str]) -> Page:
        """The entries after a cursor; when there are none, not before some may have come."""
        found = await self.read(cursor, addresses, MOST_PER_READ)
        if not found.entries:
            # Only to wake up; what has come is read as ever.
            await self._client.xread(_after(cursor, addresses), count=1, block=POLLING_MS)
        return found


async def patiently(call: Callable[[], Awaitable[T]], on_trouble: OnTrouble) -> T:
    """What a call returns as soon as Redis answers, however long that takes."""
    pause, longest = RETRY_SECONDS
    while True:
        try:
            return await call()
        except RedisError as error:
            on_trouble(error)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- jitter
        pause = min(pause * 2, longest)


def connect(url: str) -> Redis:
    """A client for a feed: few connections, each with time limits."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=CONNECT_TIMEOUT_SECONDS,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=COMMAND_TIMEOUT_SECONDS,
        health_check_interval=15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), retries=1),
        protocol=2,  # in RESP3 the answer to XREAD has another shape
    )
    return Redis.from_pool(pool)


def _after(cursor: Cursor, addresses: Sequence[str]) -> dict[Any, Any]:
    return {address: entry_id_text(cursor.positions.get(address, (0, 0))) for address in addresses}


def _entries(reply: Any) -> dict[str, list[Entry]]:  # noqa: ANN401 -- redis-py's answer to XREAD
    return {
        name.decode(): [
            Entry(name.decode(), parse_entry_id(entry_id.decode()), fields.get(b"__data__", b""))
            for entry_id, fields in entries
        ]
        for name, entries in reply
    }


def _known(addresses: Sequence[str], ids: Sequence[bytes | None]) -> dict[str, EntryId]:
    pairs = zip(addresses, ids, strict=True)
    return {address: parse_entry_id(text.decode()) for address, text in pairs if text}
