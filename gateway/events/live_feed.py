"""The feed as clients get it: pages of the past, and one reader of the present for all of them."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from redis.exceptions import RedisError

from chassis.messaging.cursor import Cursor
from chassis.messaging.feed import ADDRESSES, CursorExpiredError, Entry, Feed, Page, patiently
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.settings import FeedSettings

SLOW = "slow-listener"
REDIS_TIMEOUT_SECONDS = 3.0

Observer = Callable[[Sequence[Entry]], None]
"""Is told of entries; must not take long."""


async def read_page(
    feed: Feed, cursor: Cursor | None, addresses: Sequence[str], limit: int
) -> Page:
    """The events after a cursor; nothing stands for now.

    Raises:
        Problem: events after the cursor are gone, or Redis is away.
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
    """A client's queue. Who does not keep up is dropped: nobody waits for it.

    Attributes:
        over: set when the client is to go, because it is too slow or the service stops.
    """

    def __init__(self, limit: int) -> None:
        self.over = asyncio.Event()
        self.listening = False
        self._limit = limit
        self._entries: deque[Entry] = deque()
        self._wake = asyncio.Event()

    def offer(self, entries: Iterable[Entry]) -> bool:
        """Put entries into the queue; false when it is still full, which ends the client."""
        if self.listening and not self.over.is_set():
            if len(self._entries) >= self._limit:
                self.end()
                return False
            self._entries.extend(entries)
            self._wake.set()
        return True

    async def take(self) -> list[Entry]:
        """What waits in the queue, as soon as there is something; nothing when it is over."""
        await self._wake.wait()
        entries = list(self._entries)
        self._entries.clear()
        if not self.over.is_set():
            self._wake.clear()
        return entries

    def end(self) -> None:
        """Let the client go."""
        self._entries.clear()
        self.over.set()
        self._wake.set()


class LiveFeed:
    """Reads every stream once and hands what comes to all clients.

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
        self._closed = False

    async def run(self) -> None:
        """Hand on what comes, for ever; where Redis was away, all that came meanwhile."""
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

    async def check(self) -> None:
        """For `/health/ready`.

        Raises:
            RuntimeError: it has not begun.
        """
        if not self.ready.is_set():
            raise RuntimeError("the feed has not begun")

    def observe(self, observer: Observer) -> None:
        """Have something of the service itself told of all that comes."""
        self._observers.append(observer)

    @contextlib.contextmanager
    def admit(self) -> Iterator[Listener]:
        """A place for a client.

        Raises:
            Problem: all are taken, or the feed has not begun.
        """
        if not self.ready.is_set():
            raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE, "Redis has not answered yet.")
        if self._closed or len(self._listeners) >= self.settings.max_streams:
            raise Problem(ProblemType.TOO_MANY_LISTENERS)
        listener = Listener(self.settings.queue_size)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let all clients go, and admit no more."""
        self._closed = True
        for listener in self._listeners:
            listener.end()


def _note(error: Exception) -> None:
    get_logger().warning("feed.redis_unavailable", error=error_name(error))
