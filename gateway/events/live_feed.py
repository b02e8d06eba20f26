"""Reads the feed for clients: pages of past events, and one live reader for all clients."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from redis.exceptions import RedisError

from chassis.messaging.cursor import Cursor
from chassis.messaging.feed import ADDRESSES, CursorExpiredError, Entry, Feed, Page
from chassis.messaging.patience import patiently
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.settings import FeedSettings

SLOW = "slow-listener"
REDIS_TIMEOUT_SECONDS = 3.0
GATHER_SECONDS = 0.02
"""After new entries have been passed on, how long the next ones gather."""
IDLE_SECONDS = 1.0
"""The same while no one waits for them."""

Observer = Callable[[Sequence[Entry]], None]
"""Called with new entries; must return quickly."""


async def read_page(
    feed: Feed, cursor: Cursor | None, addresses: Sequence[str], limit: int
) -> Page:
    """Read the events after a cursor; after now for None.

    Raises:
        Problem: events after the cursor were removed, or Redis is unavailable.
    """
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            return await feed.read(cursor or await feed.end(), addresses, limit)
    except CursorExpiredError:
        raise Problem(ProblemType.CURSOR_EXPIRED) from None
    except (RedisError, TimeoutError) as error:
        _note(error)
        raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE) from None


class Listener:
    """The queue of a client. A client that does not keep up is disconnected.

    Attributes:
        over: set when the stream ends, because the client is too slow or the service stops.
    """

    def __init__(self, limit: int) -> None:
        self.over = asyncio.Event()
        self.listening = False
        self._limit = limit
        self._entries: deque[Entry] = deque()
        self._wake = asyncio.Event()

    def offer(self, entries: Iterable[Entry]) -> bool:
        """Put entries into the queue; False if it is full, which ends the stream."""
        if self.listening and not self.over.is_set():
            if len(self._entries) >= self._limit:
                self.end()
                return False
            self._entries.extend(entries)
            self._wake.set()
        return True

    async def take(self) -> list[Entry]:
        """Wait for entries in the queue and take them; none once the stream is over."""
        await self._wake.wait()
        entries = list(self._entries)
        self._entries.clear()
        if not self.over.is_set():
            self._wake.clear()
        return entries

    def end(self) -> None:
        """End the stream."""
        self._entries.clear()
        self.over.set()
        self._wake.set()


class LiveFeed:
    """Reads every stream once and passes new entries to all clients.

    Attributes:
        ready: set when it has begun; a client that came earlier would miss events.
        settings: how clients may listen.
    """

    def __init__(self, feed: Feed, settings: FeedSettings, metrics: Metrics) -> None:
        self.ready = asyncio.Event()
        self._feed = feed
        self.settings = settings
        self._metrics = metrics
        self._listeners: set[Listener] = set()
        self._observers: list[Observer] = []
        self._waiting = 0
        self._is_awaited = asyncio.Event()
        self._closed = False

    async def run(self) -> None:
        """Pass on new entries until cancelled; after an outage of Redis, all that were missed."""
        start = await patiently(self._feed.end, _note)
        self.ready.set()
        async with contextlib.aclosing(self._feed.follow(start, ADDRESSES, _note)) as pages:
            async for page in pages:
                for observe in self._observers:
                    observe(page.entries)
                for listener in self._listeners:
                    if not listener.offer(page.entries):
                        self._metrics.error(SLOW)
                        get_logger().warning("feed.listener_dropped", reason=SLOW)
                await asyncio.sleep(GATHER_SECONDS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._is_awaited.wait()

    async def check(self) -> None:
        """Check for `/health/ready`.

        Raises:
            RuntimeError: reading has not begun.
        """
        if not self.ready.is_set():
            raise RuntimeError("the feed has not begun")

    def observe(self, observer: Observer) -> None:
        """Call a function of the service with all new entries; late, if they are not awaited."""
        self._observers.append(observer)

    @contextlib.contextmanager
    def awaited(self) -> Iterator[None]:
        """Pass new entries on at once in the context."""
        self._waiting += 1
        self._is_awaited.set()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._is_awaited.clear()

    @contextlib.contextmanager
    def admit(self) -> Iterator[Listener]:
        """Admit a client.

        Raises:
            Problem: there are too many clients, or reading has not begun.
        """
        if not self.ready.is_set():
            raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE, "Redis has not answered yet.")
        if self._closed or len(self._listeners) >= self.settings.max_streams:
            raise Problem(ProblemType.TOO_MANY_LISTENERS)
        listener = Listener(self.settings.queue_size)
        self._listeners.add(listener)
        try:
            with self.awaited():
                yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End all streams, and admit no more clients."""
        self._closed = True
        for listener in self._listeners:
            listener.end()


def _note(error: Exception) -> None:
    get_logger().warning("feed.redis_unavailable", error=error_name(error))
