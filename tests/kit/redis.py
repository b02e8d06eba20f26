"""Redis in memory: the few commands that the gateway and the feed's readers need."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Self

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError, WatchError

from chassis.messaging.cursor import EntryId, entry_id_text, parse_entry_id
from chassis.messaging.feed import ADDRESS_OF
from chassis.messaging.retention import TRIMMED
from contracts.channels import DEAD_LETTER
from contracts.events import ANY_EVENT, CloudEvent
from contracts.status import RECORDS_COMPLETE


def nothing() -> None:
    """A hook that does nothing."""


def raising(error: Exception) -> Callable[[], None]:
    """A hook that fails."""

    def call() -> None:
        raise error

    return call


class MemoryRedis:
    """A redis-py client and its server: strings, sets, hashes, streams, and MULTI with WATCH.

    Attributes:
        unavailable: every command fails with this.
        answers: while it is cleared, commands that change something wait.
        claimed: stream, group and id of the entries that are to be delivered again.
        waiting: set while a reader has read everything and waits for more.
        before_reads: called right before the next reads of streams, one after the other.
        before_write: called before the next MULTI that changes something is executed.
        after_write: called after it.
    """

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.expiries: dict[str, int] = {}
        self.leases: dict[str, str] = {}
        self.announced: Counter[str] = Counter()
        self.sets: dict[str, set[str]] = defaultdict(set)
        self.hashes: dict[str, dict[str, bytes]] = defaultdict(dict)
        self.entries: dict[str, list[tuple[EntryId, dict[bytes, bytes]]]] = defaultdict(list)
        self.delivered: dict[tuple[str, str], EntryId] = {}
        self.pending: dict[tuple[str, str], list[EntryId]] = {}
        self.trimmed: dict[str, EntryId] = {}
        self.unavailable: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.waiting = asyncio.Event()
        self.before_reads: list[Callable[[], None]] = []
        self.before_write: Callable[[], None] = nothing
        self.after_write: Callable[[], None] = nothing
        self.claimed: list[tuple[str, str, str]] = []
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
        """Append an event to its stream."""
        self.append(ADDRESS_OF[event.type], event.to_json())
        return event

    def events(self, address: str) -> list[CloudEvent]:
        """The events of a stream, oldest first."""
        return [ANY_EVENT.validate_json(fields[b"__data__"]) for _, fields in self.entries[address]]

    def deliver(self, address: str, group: str, *, finish: bool = False) -> None:
        """Deliver all entries of a stream to a group; it has finished them, or works on them."""
        ids = [entry_id for entry_id, _ in self.entries[address]]
        self.delivered[address, group] = max(ids, default=(0, 0))
        self.pending[address, group] = [] if finish else ids

    def trim(self, address: str, last: EntryId) -> None:
        """Remove a stream's entries up to the last one, as retention does."""
        self.entries[address] = [entry for entry in self.entries[address] if entry[0] > last]
        self.trimmed[address] = last

    def leave(self, error: Exception | None = None) -> None:
        """Become unavailable; readers that wait are woken up."""
        self.unavailable = error or RedisConnectionError("gone")
        self._more.set()

    def come_back(self) -> None:
        """Become available again."""
        self.unavailable = None

    def require(self) -> None:
        """Fail while unavailable."""
        if self.unavailable:
            raise self.unavailable

    def write(self, name: str, value: bytes | str, expires: int) -> None:
        """Set a string that expires."""
        self.values[name] = value.encode() if isinstance(value, str) else value
        self.expiries[name] = expires

    def read(self, streams: dict[str, Any], count: int) -> list[Any]:
        """The entries after the given ones, as XREAD answers."""
        found = []
        for name, after in streams.items():
            last = parse_entry_id(after if isinstance(after, str) else after.decode())
            newer = [entry for entry in self.entries[name] if entry[0] > last][:count]
            if newer:
                texts = [(entry_id_text(entry_id).encode(), body) for entry_id, body in newer]
                found.append([name.encode(), texts])
        return found

    # What redis-py has:

    async def connect(self) -> Self:
        return self

    async def aclose(self) -> None:
        """Nothing is open."""

    def pipeline(self, *, transaction: bool = True) -> "_Pipeline":
        del transaction  # nothing comes between the commands here
        return _Pipeline(self)

    async def ping(self) -> None:
        self.require()

    async def set(self, name: str, value: bytes, *, nx: bool, ex: int) -> bool:
        self.require()
        assert nx
        if name in self.values:
            return False
        self.write(name, value, ex)
        return True

    async def get(self, name: str) -> bytes | None:
        self.require()
        return self.values.get(name)

    async def exists(self, name: str) -> bool:
        self.require()
        return name == RECORDS_COMPLETE or name in self.values  # no record is ever lost here

    async def srem(self, name: str, member: str) -> None:
        self.require()
        self.sets[name].discard(member)

    async def delete(self, name: str) -> None:
        self.require()
        self.values.pop(name, None)

    async def xlen(self, name: str) -> int:
        self.require()
        return len(self.entries[name])

    async def xinfo_groups(self, name: str) -> list[dict[str, Any]]:
        self.require()
        if not self.entries[name]:
            raise ResponseError("no such key")
        return [
            {
                "name": group.encode(),
                "last-delivered-id": entry_id_text(last).encode(),
                "pending": len(self.pending[stream, group]),
                "lag": sum(entry_id > last for entry_id, _ in self.entries[stream]),
            }
            for (stream, group), last in self.delivered.items()
            if stream == name
        ]

    async def xpending_range(
        self, name: str, group: str, start: str, end: str, count: int
    ) -> list[dict[str, bytes]]:
        self.require()
        assert end == "+"
        ids = [entry_id for entry_id in self.pending[name, group] if _is_from(entry_id, start)]
        return [{"message_id": entry_id_text(entry_id).encode()} for entry_id in ids[:count]]

    async def xrange(self, name: str, start: str, end: str, count: int | None = None) -> list[Any]:
        self.require()
        last = None if end == "+" else parse_entry_id(end)
        found = [
            (entry_id_text(entry_id).encode(), fields)
            for entry_id, fields in self.entries[name]
            if _is_from(entry_id, start) and (last is None or entry_id <= last)
        ]
        return found[:count]

    async def eval(self, _script: str, keys: int, name: str, *arguments: str) -> int:
        """A lease is taken by the first who asks, and never given back; no UID is reserved.

        A dead letter is replayed.
        """
        self.require()
        if name == DEAD_LETTER:
            return await self._replay(arguments[0])
        if keys != 1 or not name.endswith(":lease"):
            return 0
        holder = arguments[0]
        return int(self.leases.setdefault(name, holder) == holder)

    async def mget(self, names: list[str]) -> list[bytes | None]:
        self.require()
        return [b"%d" % self.announced[name] if name in self.announced else None for name in names]

    def announce(self, keys: Sequence[str], arguments: Sequence[Any]) -> int:
        """What the script does that announces an upload."""
        address, count, *key = keys
        event, announced, _, *answer = arguments
        if self.announced[count] != announced:
            return 0
        self.append(address, event)
        self.announced[count] += 1
        if key and self.values.get(key[0]) in {None, answer[0]}:
            self.write(key[0], answer[1], answer[2])
        return 1

    async def hexists(self, name: str, field: str) -> bool:
        self.require()
        return field in self.hashes[name]

    async def smembers(self, name: str) -> list[bytes]:
        self.require()
        return [member.encode() for member in self.sets[name]]

    async def xrevrange(self, name: str, newest: str, oldest: str, *, count: int) -> list[Any]:
        self.require()
        assert oldest == "-"
        entries = self.entries[name]
        if newest != "+":
            entries = [entry for entry in entries if entry[0] < parse_entry_id(newest[1:])]
        found = entries[::-1][:count]
        return [(entry_id_text(entry_id).encode(), fields) for entry_id, fields in found]

    async def _replay(self, letter_id: str) -> int:
        for _, fields in await self.xrange(DEAD_LETTER, letter_id, letter_id):
            names = (b"stream", b"group", b"entry_id")
            stream, group, entry_id = (fields[name].decode() for name in names)
            self.claimed.append((stream, group, entry_id))
        return await self.xdel(DEAD_LETTER, letter_id)

    async def xdel(self, name: str, entry_id: str) -> int:
        self.require()
        before = self.entries[name]
        self.entries[name] = [entry for entry in before if entry_id_text(entry[0]) != entry_id]
        return len(before) - len(self.entries[name])

    async def xread(
        self, streams: dict[str, Any], *, count: int, block: int | None = None
    ) -> list[Any]:
        self.require()
        self._more.clear()
        if not (found := self.read(streams, count)) and block:
            self.waiting.set()
            await self._more.wait()
            self.waiting.clear()
            self.require()
            found = self.read(streams, count)
        return found

    async def scan_iter(self, **options: object) -> Any:
        assert options["_type"] == "stream"
        for name in list(self.entries):
            yield name.encode()


def _is_from(entry_id: EntryId, start: str) -> bool:
    """Whether an entry is in a range that begins at `start`, or after it."""
    if start == "-":
        return True
    first = parse_entry_id(start.removeprefix("("))
    return entry_id > first if start.startswith("(") else entry_id >= first


class _Pipeline:
    def __init__(self, redis: MemoryRedis) -> None:
        self._redis = redis
        self._watched: dict[str, bytes | None] = {}
        self.command_stack: list[Callable[[], Any]] = []
        self._reads = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def watch(self, name: str) -> None:
        self._redis.require()
        self._watched[name] = self._redis.values.get(name)

    async def get(self, name: str) -> bytes | None:
        return await self._redis.get(name)

    def multi(self) -> None:
        """From now on commands are collected."""

    def set(self, name: str, value: bytes, *, ex: int) -> None:
        self._write(lambda: self._redis.write(name, value, ex))

    def expire(self, name: str, seconds: int) -> None:
        self._write(lambda: self._redis.expiries.update({name: seconds}))

    def delete(self, name: str) -> None:
        self._write(lambda: self._redis.values.pop(name))

    async def xadd(self, name: str, fields: dict[Any, bytes], **_: object) -> None:
        [body] = fields.values()
        self._write(lambda: self._redis.append(name, body))

    def eval(self, _script: str, count: int, *arguments: Any) -> None:
        keys, values = arguments[:count], arguments[count:]
        self._write(lambda: self._redis.announce(keys, values))

    async def publish(self, channel: str, message: bytes) -> None:
        del channel, message  # live channels have no listeners here
        self._write(lambda: 0)

    def xrange(self, name: str, start: bytes, end: bytes) -> None:
        assert start == end

        def one() -> list[Any]:
            wanted = parse_entry_id(start.decode())
            return [(start, body) for found, body in self._redis.entries[name] if found == wanted]

        self._read(one)

    def xread(self, streams: dict[str, str], *, count: int) -> None:
        self._read(lambda: self._redis.read(streams, count))

    def hmget(self, key: str, names: list[str]) -> None:
        assert key == TRIMMED
        trimmed = self._redis.trimmed
        texts = {name: entry_id_text(entry_id).encode() for name, entry_id in trimmed.items()}
        self._read(lambda: [texts.get(name) for name in names])

    def xrevrange(self, name: str, *, count: int) -> None:
        def newest() -> list[Any]:
            found = self._redis.entries[name][-count:]
            return [(entry_id_text(entry_id).encode(), body) for entry_id, body in found]

        self._read(newest)

    async def execute(self, *, raise_on_error: bool = True) -> list[Any]:
        del raise_on_error  # no command fails here by itself
        try:
            return await self._execute()
        finally:
            self.command_stack = []
            self._watched = {}
            self._reads = 0

    async def _execute(self) -> list[Any]:
        redis = self._redis
        if self._is_writing:
            await redis.answers.wait()
            before, redis.before_write = redis.before_write, nothing
            before()
        elif redis.before_reads:
            redis.before_reads.pop(0)()
        redis.require()
        if any(redis.values.get(name) != value for name, value in self._watched.items()):
            raise WatchError("changed")
        answers = [command() for command in self.command_stack]
        if self._is_writing:
            after, redis.after_write = redis.after_write, nothing
            after()
        return answers

    @property
    def _is_writing(self) -> bool:
        """Whether a command changes something, also one that another pipeline has queued."""
        return len(self.command_stack) > self._reads

    def _read(self, command: Callable[[], Any]) -> None:
        self._reads += 1
        self.command_stack.append(command)

    def _write(self, command: Callable[[], Any]) -> None:
        self.command_stack.append(command)
