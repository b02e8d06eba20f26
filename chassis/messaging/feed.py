"""The feed: the streams of all events read as one, from any position on.

It reads the streams, not the live channels: with those, events between the end of the past and the
first live one would be lost.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, get_args

from pydantic import ValidationError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from chassis.messaging.broker import COMMAND_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS, POLLING_MS
from chassis.messaging.cursor import Cursor, EntryId, entry_id_text, parse_entry_id
from chassis.messaging.patience import OnTrouble, patiently
from chassis.messaging.retention import TRIMMED
from contracts.channels import CHANNELS
from contracts.events import ANY_EVENT, CloudEvent, Event

ADDRESSES = tuple(channel.address for channel in CHANNELS)
"""Every stream, in the order in which a study passes them."""

MOST_CONNECTIONS = 8
"""Connections of one feed to Redis; further requests wait for one."""
MOST_PER_READ = 500


def _type_of(event: type[CloudEvent]) -> str:
    [name] = get_args(event.model_fields["type"].annotation)
    return str(name)


ADDRESS_OF = {_type_of(channel.event): channel.address for channel in CHANNELS}
"""The stream of each type of event."""


class CursorExpiredError(Exception):
    """Events after this position were never read and are no longer kept."""


@dataclass(frozen=True)
class Entry:
    """An entry of a stream."""

    address: str
    id: EntryId
    body: bytes

    @cached_property
    def event(self) -> Event | None:
        """The event; None if something else was put on the stream."""
        try:
            event = ANY_EVENT.validate_json(self.body)
        except ValidationError:
            return None
        return event if ADDRESS_OF[event.type] == self.address else None

    @cached_property
    def json(self) -> bytes | None:
        """The event as JSON in one line; None if it is not an event."""
        return self.event.to_json() if self.event else None


@dataclass(frozen=True)
class Page:
    """Some entries in the order in which they were appended."""

    start: Cursor
    """The position before them."""
    entries: Sequence[Entry]
    more: bool
    """Whether there were more entries at that moment."""

    def positions(self) -> Iterator[tuple[Cursor, Entry]]:
        """Each entry with the position after it."""
        position = self.start
        for entry in self.entries:
            position = position.moved({entry.address: entry.id})
            yield position, entry

    @property
    def end(self) -> Cursor:
        """The position after all of them."""
        return self.start.moved({entry.address: entry.id for entry in self.entries})


@dataclass(frozen=True)
class Snapshot:
    """Some streams at one moment, as Redis returns them."""

    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    """The next entries of each stream; at least one more than a page has, if there is one."""
    trimmed: Mapping[str, EntryId] = field(default_factory=dict)
    """The last entry that was trimmed off, for each stream that was trimmed."""


def page(snapshot: Snapshot, cursor: Cursor, addresses: Sequence[str], limit: int) -> Page:
    """Merge streams into a page.

    Entries are sorted by id: all ids come from the clock of one Redis. Within a millisecond the
    order in which a study passes the streams decides.

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
    # A stream from which nothing has been read gets a position as well, so that entries trimmed off
    # before the next page are noticed as missed.
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
        """The entries after a cursor; returns at once.

        Args:
            cursor: how far the streams have been read.
            addresses: the streams to read.
            limit: the greatest number of entries.

        Raises:
            CursorExpiredError: entries after the cursor are gone.
            redis.exceptions.RedisError: Redis is unavailable.
        """
        # All streams at one moment: no effect is seen without its cause.
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.xread(_after(cursor, addresses), count=limit + 1)
            pipeline.hmget(TRIMMED, list(addresses))
            reply, trimmed = await pipeline.execute()
        snapshot = Snapshot(_entries(reply), _known(addresses, trimmed))
        return page(snapshot, cursor, addresses, limit)

    async def end(self) -> Cursor:
        """The position after the newest entry of every stream.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable.
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
        """The entries after a cursor and all later ones, for ever; survives outages of Redis.

        Args:
            cursor: how far the streams have been read.
            addresses: the streams to read.
            on_trouble: called each time that Redis does not answer.

        Raises:
            CursorExpiredError: entries after the cursor are gone.
        """
        found = await patiently(partial(self._read_on, cursor, addresses), on_trouble)
        while True:
            cursor = found.end
            if found.entries:
                yield found
            found = await self._next(cursor, addresses, on_trouble)

    async def _next(self, cursor: Cursor, addresses: Sequence[str], on_trouble: OnTrouble) -> Page:
        """Wait for entries after a cursor; returns none if none come for a while."""
        try:
            reply = await self._client.xread(
                _after(cursor, addresses), count=MOST_PER_READ, block=POLLING_MS
            )
        except RedisError as error:
            on_trouble(error)
            # During an outage entries may be trimmed off: that is checked again.
            return await patiently(partial(self._read_on, cursor, addresses), on_trouble)
        return page(Snapshot(_entries(reply)), cursor, addresses, MOST_PER_READ)

    async def _read_on(self, cursor: Cursor, addresses: Sequence[str]) -> Page:
        return await self.read(cursor, addresses, MOST_PER_READ)


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
