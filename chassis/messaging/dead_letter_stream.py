"""The stream of dead letters, for those who look after it: read, replayed, dropped."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from redis.asyncio import Redis

from chassis.messaging.cursor import parse_entry_id
from contracts.channels import DEAD_LETTER
from contracts.events import ANY_EVENT, Event

MOST_PER_READ = 500
MOST_SCANNED = 5000
"""Entries that are read for a page; a page of a rare study or code may be shorter."""
MOST_IDLE_MS = 7_200_000
"""Longer than the longest setting of the claim's idle time."""

_FIELDS = frozenset(
    (b"stream", b"group", b"entry_id", b"deliveries", b"service", b"code", b"message", b"time")
)
"""The fields of each dead letter, beside those of the message."""

_REPLAY = """
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then return 0 end
local fields = {}
for i = 1, #letter[2], 2 do fields[letter[2][i]] = letter[2][i + 1] end
local claimed = redis.pcall('XCLAIM', fields['stream'], fields['group'], 'replay', 0,
  fields['entry_id'], 'IDLE', ARGV[2], 'RETRYCOUNT', 0, 'FORCE', 'JUSTID')
if claimed.err or not claimed[1] then
  redis.call('XADD', fields['stream'], '*', '__data__', fields['__data__'] or '')
end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
"""


@dataclass(frozen=True)
class DeadLetter:
    """A message that a service could not process."""

    id: str
    """Id of its entry among the dead letters."""
    fields: Mapping[str, str]
    """The fields of the entry, without the message."""
    body: bytes
    """The message."""

    @property
    def time(self) -> datetime:
        """When it was moved to the dead letters."""
        return datetime.fromisoformat(self.fields["time"])

    @cached_property
    def event(self) -> Event | None:
        """The event; None if the message is not one."""
        try:
            return ANY_EVENT.validate_json(self.body)
        except ValidationError:
            return None


@dataclass(frozen=True)
class Wanted:
    """Which dead letters: those that meet all conditions; None is no condition."""

    study_id: UUID | None = None
    code: str | None = None

    def fits(self, letter: DeadLetter) -> bool:
        """Whether a dead letter meets the conditions."""
        return self.code in {None, letter.fields["code"]} and (
            self.study_id is None
            or (letter.event is not None and letter.event.subject == self.study_id)
        )


class DeadLetterStream:
    """The dead letters in Redis.

    Every method may raise `redis.exceptions.RedisError`: Redis is unavailable.

    Args:
        connect: returns a connected client.
    """

    def __init__(self, connect: Callable[[], Awaitable[Redis]]) -> None:
        self._connect = connect

    async def page(
        self, wanted: Wanted, before: str | None, limit: int
    ) -> tuple[list[DeadLetter], str | None]:
        """Some dead letters, those that came last first.

        Args:
            wanted: which.
            before: the id to continue after; None for the latest.
            limit: the greatest number.

        Returns:
            The dead letters, and where the next page continues; None at the end.
        """
        found: list[DeadLetter] = []
        last = None
        scanned = 0
        async for letter in self._newest_first(before):
            if last and (len(found) == limit or scanned == MOST_SCANNED):
                return found, last
            last = letter.id
            scanned += 1
            if wanted.fits(letter):
                found.append(letter)
        return found, None

    async def get(self, letter_id: str) -> DeadLetter | None:
        """A dead letter, if it is still there."""
        client: Any = await self._connect()
        entries = await client.xrange(DEAD_LETTER, letter_id, letter_id)
        return next(_letters(entries), None)

    async def replay(self, letter_id: str) -> bool:
        """Deliver a message again, to the consumer group that could not process it.

        It keeps its stream entry, and so the event its id; only where the entry has been trimmed
        off is the message appended again, for all groups.

        Returns:
            Whether the dead letter was there.
        """
        client = await self._connect()
        return bool(await client.eval(_REPLAY, 1, DEAD_LETTER, letter_id, MOST_IDLE_MS))

    async def drop(self, letter_id: str) -> bool:
        """Delete a dead letter; returns whether it was there."""
        client = await self._connect()
        return bool(await client.xdel(DEAD_LETTER, letter_id))

    async def _newest_first(self, before: str | None) -> AsyncIterator[DeadLetter]:
        client: Any = await self._connect()
        while before is None or parse_entry_id(before) > (
            0,
            0,
        ):
            newest = f"({before}" if before else "+"
            entries = await client.xrevrange(DEAD_LETTER, newest, "-", count=MOST_PER_READ)
            for letter in _letters(entries):
                yield letter
            if entries:
                before = entries[-1][0].decode()
            if len(entries) < MOST_PER_READ:
                return


def _letters(entries: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> Iterator[DeadLetter]:
    """The dead letters among some entries; what another program has appended is left out."""
    for entry_id, fields in entries:
        if fields.keys() >= _FIELDS:
            texts = {name.decode(): fields[name].decode(errors="replace") for name in _FIELDS}
            yield DeadLetter(entry_id.decode(), texts, fields.get(b"__data__", b""))
