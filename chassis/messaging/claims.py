"""The stream entries that this process has claimed: looking them up, and renewing the claims."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.cursor import parse_entry_id
from chassis.observability.logs import error_name, get_logger

_CORRECT = """
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
if pending.err or not pending[1] or pending[1][2] ~= ARGV[2] then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3],
           'IDLE', ARGV[4], 'RETRYCOUNT', ARGV[5], 'JUSTID')
return 1
"""
IN_MEMORY = b"0-0"
"""In place of an entry's id, where there is no Redis (`TestRedisBroker`) and nothing is pending."""


@dataclass(frozen=True)
class Claim:
    """A stream entry that this consumer may work on."""

    stream: str
    group: str
    consumer: str
    entry_id: bytes
    deliveries: int
    """How often the entry has been delivered, this time included."""


class Claims:
    """The claims of this process.

    Args:
        connect: returns a connected client.
        idle_seconds: after this time without a renewal another consumer may claim an entry.
    """

    def __init__(self, connect: Callable[[], Awaitable[Redis]], idle_seconds: float) -> None:
        self._connect = connect
        self._idle_seconds = idle_seconds
        self._period = idle_seconds / 3
        self._held: set[Claim] = set()
        self._renewed = time.monotonic()

    async def new(self, stream: str, group: str, consumer: str, entry_id: bytes) -> Claim | None:
        """This consumer's claim on an entry that it has read as a new one.

        Redis is only asked if the entry may have waited here for so long that another consumer has
        claimed it. Its id says when it was appended, which was before it was read.

        Returns:
            The claim, or None if the entry is no longer this consumer's.
        """
        milliseconds, _ = parse_entry_id(entry_id.decode())
        if abs(time.time() - milliseconds / 1000) < self._period:
            return Claim(stream, group, consumer, entry_id, deliveries=1)
        return await self.current(stream, group, consumer, entry_id)

    async def current(
        self, stream: str, group: str, consumer: str, entry_id: bytes
    ) -> Claim | None:
        """This consumer's claim on an entry that was delivered to it.

        Returns:
            The claim, or None if the entry has been acknowledged, or claimed by another consumer,
            since it was read.
        """
        client = await self._connect()
        pending = await client.xpending_range(stream, group, min=entry_id, max=entry_id, count=1)
        if not pending or pending[0]["consumer"] != consumer.encode():
            return None
        claim = Claim(stream, group, consumer, entry_id, int(pending[0]["times_delivered"]))
        if int(pending[0]["time_since_delivered"]) / 1000 > self._period:
            await self._renew([claim])
        return claim

    @contextmanager
    def held(self, *claims: Claim) -> Iterator[None]:
        """Renew claims in the context, so that a slow message is not worked on twice."""
        if not self._held:
            self._renewed = time.monotonic()
        self._held.update(claims)
        try:
            yield
        finally:
            self._held.difference_update(claims)

    async def is_held(self, claim: Claim) -> bool:
        """Whether a claim that is held in a context is still this consumer's.

        It is not if this process was stopped, or cut off from Redis, for longer than the idle time
        and another one has claimed the entry meanwhile: that one announces the result.
        """
        if time.monotonic() - self._renewed > self._idle_seconds:
            await self._renew_own()
        return claim in self._held

    async def correct(
        self, claim: Claim, *, deliveries: int, delay_seconds: float | None = None
    ) -> None:
        """Correct what Redis knows about a claim, if it is still this consumer's.

        Args:
            claim: the claim.
            deliveries: how often the entry shall count as delivered so far.
            delay_seconds: after this time any consumer may claim it, but after the idle time at the
                latest; None renews the claim.
        """
        if claim.entry_id == IN_MEMORY:
            return
        delay = self._idle_seconds if delay_seconds is None else delay_seconds
        idle_ms = int(max(0.0, self._idle_seconds - delay) * 1000)
        client = await self._connect()
        arguments = (claim.group, claim.consumer, claim.entry_id, idle_ms, deliveries)
        await client.eval(_CORRECT, 1, claim.stream, *arguments)

    async def renew_continually(self) -> None:
        """Renew all claims that are held three times in the idle time, for ever."""
        while True:
            await asyncio.sleep(self._period)
            if time.monotonic() - self._renewed < self._idle_seconds:
                await self._renew(self._held)
            else:
                try:
                    await self._renew_own()
                except RedisError as error:
                    get_logger().warning("heartbeat.missed", error=error_name(error))

    async def _renew_own(self) -> None:
        """Renew the claims that no other consumer has taken over; the others are held no more."""
        held = [c for c in self._held if c.entry_id != IN_MEMORY]
        for claim in held:
            if not await self.current(claim.stream, claim.group, claim.consumer, claim.entry_id):
                self._held.discard(claim)
        await self._renew(self._held)

    async def _renew(self, claims: Iterable[Claim]) -> None:
        """Renew claims, in one round trip."""
        entries: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
        for claim in claims:
            if claim.entry_id != IN_MEMORY:
                entries[claim.stream, claim.group, claim.consumer].append(claim.entry_id)
        if not entries:
            self._renewed = time.monotonic()
            return
        try:
            client = await self._connect()
            async with client.pipeline(transaction=False) as pipeline:
                for consumer, entry_ids in entries.items():
                    # JUSTID leaves the delivery count alone.
                    pipeline.xclaim(*consumer, min_idle_time=0, message_ids=entry_ids, justid=True)
                await pipeline.execute()
            self._renewed = time.monotonic()
        except RedisError as error:  # at worst the messages are worked on twice
            get_logger().warning("heartbeat.missed", error=error_name(error))
