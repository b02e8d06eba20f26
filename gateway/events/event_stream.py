"""The feed as server-sent events (WHATWG HTML 9.2): a response of several minutes."""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Container, Sequence

from fastapi import Response
from redis.exceptions import RedisError
from starlette.types import Receive, Scope, Send

from chassis.messaging.cursor import Cursor
from chassis.messaging.feed import CursorExpiredError, Entry, Feed, Page
from chassis.runtime.cancellation import cancel
from chassis.web.problem import Problem
from gateway.events.live_feed import Listener, LiveFeed, read_page
from gateway.events.sight import Sight
from gateway.http.abort import abort

PAGE_SIZE = 200
MOST_PER_CHUNK = 50
"""Events in one chunk; about as many wait in memory for a slow client."""
RETRY_MS = (1000, 5000)
"""When a client reconnects, at random, so that not all do at once."""
GRACE_SECONDS = 0.5
"""How long a client may take to read the last chunk once its stream is over."""
HEARTBEAT = b": still here\n\n"


def frames(
    cursor: Cursor,
    entries: Sequence[Entry],
    addresses: Sequence[str],
    hidden: Container[int] = (),
) -> tuple[bytes, Cursor]:
    """Entries as server-sent events, and the cursor after them.

    Entries that the cursor has passed, of other streams, hidden by their position here, or that are
    not events are left out. The events have no name (`event:`), since a plain `onmessage` does not
    receive named ones.
    """
    lines = []
    for number, entry in enumerate(entries):
        if entry.address in addresses and not cursor.has_passed(entry.address, entry.id):
            cursor = cursor.moved({entry.address: entry.id})
            if entry.json and number not in hidden:
                lines.append(b"id: %b\ndata: %b\n\n" % (str(cursor).encode(), entry.json))
    return b"".join(lines), cursor


class EventStream(Response):
    """The events after a cursor, for some minutes.

    Past events come first, page by page, then the live feed. Entries are identified by their
    position in their stream, so that none is left out or repeated where the two meet.

    Args:
        feed: past events.
        live: new events.
        cursor: where to begin; None for new events only.
        addresses: the streams that the client wants.
        sight: what the client may see.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        feed: Feed,
        live: LiveFeed,
        cursor: Cursor | None,
        addresses: Sequence[str],
        sight: Sight,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._feed = feed
        self._live = live
        self._cursor = cursor
        self._addresses = addresses
        self._sight = sight
        self._heartbeat_seconds = live.settings.heartbeat_seconds
        self._lifetime = live.settings.stream_seconds * random.uniform(0.8, 1.0)  # noqa: S311 -- jitter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI).

        Raises:
            Problem: there are too many clients, events after the cursor were removed, or Redis is
                unavailable.
        """
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        with self._live.admit() as listener:
            page = await read_page(self._feed, self._cursor, self._addresses, PAGE_SIZE)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            writing = asyncio.create_task(self._write(send, listener, page))
            leaving = asyncio.create_task(_disconnected(receive))
            overdue = asyncio.create_task(self._overdue(listener))
            tasks = (writing, leaving, overdue)
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if writing.done():
                    writing.result()
                elif overdue.done() and abort(scope):
                    await leaving
            finally:
                await cancel(*tasks)

    async def _write(self, send: Send, listener: Listener, page: Page) -> None:
        async with contextlib.aclosing(self._body(listener, page)) as body:
            async for chunk in body:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _body(self, listener: Listener, page: Page) -> AsyncGenerator[bytes, None]:
        """Past events, then new ones, until the time is up."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._lifetime
        cursor = page.start
        retry = random.randint(*RETRY_MS)  # noqa: S311 -- jitter
        # An id without data, so that a client can also reconnect before its first event.
        yield b"retry: %d\nid: %b\n\n" % (retry, str(cursor).encode())
        async for entries in self._entries(listener, page, end):
            if not self._sight.is_admitted():  # its key was revoked, or has expired
                return
            if not entries:
                yield HEARTBEAT
            for start in range(0, len(entries), MOST_PER_CHUNK):
                some = entries[start : start + MOST_PER_CHUNK]
                try:
                    hidden = await self._sight.hidden(some)
                except Problem:  # it gets the problem when it reconnects
                    return
                chunk, cursor = frames(cursor, some, self._addresses, hidden)
                if chunk:
                    yield chunk

    async def _entries(
        self, listener: Listener, page: Page, end: float
    ) -> AsyncGenerator[Sequence[Entry], None]:
        """Batches of entries as they come; an empty one for a heartbeat."""
        now = asyncio.get_running_loop().time
        while page.entries or page.more or not listener.listening:
            if page.entries:
                yield page.entries
            if listener.over.is_set() or now() >= end:
                return
            # From here on new events wait in the queue, while the rest of the past is read.
            listener.listening = listener.listening or not page.more
            try:
                page = await self._feed.read(page.end, self._addresses, PAGE_SIZE)
            except (
                RedisError,
                CursorExpiredError,
            ):  # a problem when it reconnects
                return
        while not listener.over.is_set() and (left := end - now()) > 0:
            try:
                async with asyncio.timeout(min(left, self._heartbeat_seconds)):
                    entries = await listener.take()
            except TimeoutError:
                entries = []
            yield entries

    async def _overdue(self, listener: Listener) -> None:
        """Return once the stream should have ended by itself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._lifetime):
                await listener.over.wait()
        await asyncio.sleep(GRACE_SECONDS)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
