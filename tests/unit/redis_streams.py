"""Redis Streams in memory: the few commands that reading the feed needs."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Self
from uuid import UUID, uuid4

from redis.exceptions import ConnectionError as RedisConnectionError

from chassis.messaging.cursor import EntryId, entry_id_text, parse_entry_id
from chassis.messaging.feed import ADDRESS_OF
from chassis.messaging.retention import TRIMMED
from contracts.events import (
    CloudEvent,
    StudyArchived,
    StudyArchivedData,
    StudyUploaded,
    StudyUploadedData,
)

Commands = list[Callable[[], Any]]


def archived(subject: UUID | None = None) -> StudyArchived:
    subject = subject or uuid4()
    data = StudyArchivedData(directory=f"archive/{subject}", instance_count=1, size_bytes=7)
    return StudyArchived.new(source="descriptor", subject=subject, data=data)


def uploaded(subject: UUID | None = None) -> StudyUploaded:
    subject = subject or uuid4()
    data = StudyUploadedData(directory=f"uploads/{subject}", file_count=1, size_bytes=7)
    return StudyUploaded.new(source="gateway", subject=subject, data=data)


class Streams:
    """A redis-py client and its Redis."""

    def __init__(self) -> None:
        self.entries: dict[str, list[tuple[EntryId, dict[bytes, bytes]]]] = defaultdict(list)
        self.trimmed: dict[str, EntryId] = {}
        self.away = False
        self.waiting = False
        """Whether a reader has read everything and waits for more."""
        self.before_reads: list[Callable[[], None]] = []
        """What happens right before the next reads, one after the other."""
        self._now = 1000
        self._more = asyncio.Event()

    def append(self, address: str, body: bytes, at: EntryId | None = None) -> EntryId:
        """Append an entry, at a time of its own or with a given id."""
        self._now += 1
        entry_id = at or (self._now, 0)
        self.entries[address].append((entry_id, {b"__data__": body}))
        self._more.set()
        return entry_id

    def send(self, event: CloudEvent) -> CloudEvent:
        self.append(ADDRESS_OF[event.type], event.to_json())
        return event

    def trim(self, address: str, last: EntryId) -> None:
        """Remove a stream's entries up to the last one, as retention does."""
        self.entries[address] = [entry for entry in self.entries[address] if entry[0] > last]
        self.trimmed[address] = last

    # What redis-py has:

    def pipeline(self, *, transaction: bool) -> "_Pipeline":
        assert transaction
        return _Pipeline(self)

    async def ping(self) -> None:
        self.require()

    async def aclose(self) -> None:
        """Nothing is open."""

    async def xread(
        self, streams: dict[str, Any], *, count: int, block: int | None = None
    ) -> list[Any]:
        self.require()
        self._more.clear()
        if not (found := self.read(streams, count)) and block:
            self.waiting = True
            await self._more.wait()
            self.waiting = False
            self.require()
            found = self.read(streams, count)
        return found

    async def scan_iter(self, **options: object) -> Any:
        assert options["_type"] == "stream"
        for name in list(self.entries):
            yield name.encode()

    # What its Redis does:

    def require(self) -> None:
        if self.away:
            raise RedisConnectionError("gone")

    def read(self, streams: dict[str, Any], count: int) -> list[Any]:
        found = []
        for name, after in streams.items():
            last = parse_entry_id(after if isinstance(after, str) else after.decode())
            newer = [entry for entry in self.entries[name] if entry[0] > last][:count]
            if newer:
                texts = [(entry_id_text(entry_id).encode(), body) for entry_id, body in newer]
                found.append([name.encode(), texts])
        return found

    def leave(self) -> None:
        """Go away, waking up whoever waits."""
        self.away = True
        self._more.set()


class _Pipeline:
    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._commands: Commands = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    def xread(self, streams: dict[str, str], *, count: int) -> None:
        self._commands.append(lambda: self._streams.read(streams, count))

    def hmget(self, key: str, names: list[str]) -> None:
        assert key == TRIMMED
        trimmed = self._streams.trimmed
        texts = {name: entry_id_text(entry_id).encode() for name, entry_id in trimmed.items()}
        self._commands.append(lambda: [texts.get(name) for name in names])

    def xrevrange(self, name: str, *, count: int) -> None:
        def newest() -> list[Any]:
            found = self._streams.entries[name][-count:]
            return [(entry_id_text(entry_id).encode(), body) for entry_id, body in found]

        self._commands.append(newest)

    async def execute(self) -> list[Any]:
        self._streams.require()
        if self._streams.before_reads:
            self._streams.before_reads.pop(0)()
        return [command() for command in self._commands]
