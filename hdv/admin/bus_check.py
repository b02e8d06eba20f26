"""Checks the messages on a running Redis against the AsyncAPI document."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from redis.asyncio import Redis

from asyncapi.check import MessageCheck, Recorded, Violation
from asyncapi.document import Document
from chassis.messaging.broker import POLLING_MS

PAGE_SIZE = 500
SEARCH_PERIOD_SECONDS = 30.0
"""How often undocumented streams are looked for."""
KEYSPACE = ("__keyspace@", "__keyevent@")
"""Channels of Redis itself."""


class BusCheck:
    """A check of all messages that Redis keeps, and on request of those sent from now on.

    Args:
        document: the AsyncAPI document.
        report: called with a line for each violation.

    Attributes:
        violations: how many were found.
    """

    def __init__(self, document: Document, report: Callable[[str], None]) -> None:
        self.violations = 0
        self._check = MessageCheck(document)
        self._report = report
        self._streams = {
            channel["address"]
            for channel in document["channels"].values()
            if channel["x-redis"]["type"] == "stream"
        }
        self._entries = 0
        self._live = 0

    async def run(self, client: Redis, *, follow: bool) -> None:
        """Check every stream; if `follow`, then every message sent, without end.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable.
        """
        work = [self._search(client, follow=follow), self._read(client, follow=follow)]
        if follow:
            work.append(self._listen(client))
        await asyncio.gather(*work)

    def summary(self) -> str:
        """How many messages were checked, and how many violations were found."""
        return (
            f"{self._entries} stream entries and {self._live} live messages checked; "
            f"violations of the document: {self.violations}."
        )

    async def _search(self, client: Redis, *, follow: bool) -> None:
        """Look for streams that are not documented."""
        known = set(self._streams)
        while True:
            async for key in client.scan_iter(count=1000, _type="stream"):
                name = _text(key)
                if name not in known:
                    known.add(name)
                    violations = self._check.violations(Recorded("stream", name, b""))
                    self._add("", violations)
            if not follow:
                return
            await asyncio.sleep(SEARCH_PERIOD_SECONDS)

    async def _read(self, client: Redis, *, follow: bool) -> None:
        """Check the entries of the documented streams."""
        positions: dict[Any, Any] = dict.fromkeys(sorted(self._streams), "0-0")
        block = None
        while True:
            reply: Any = await client.xread(positions, count=PAGE_SIZE, block=block)
            for name, entries in reply:
                address = _text(name)
                for entry_id, fields in entries:
                    self._entries += 1
                    violations = self._check.entry_violations(address, fields)
                    self._add(f"{_text(entry_id)}: ", violations)
                positions[address] = entries[-1][0]
            if not reply:
                if not follow:
                    return
                block = POLLING_MS

    async def _listen(self, client: Redis) -> None:
        """Check the messages of all live channels."""
        async with client.pubsub() as subscription:
            await subscription.psubscribe("*")
            while True:
                message = await subscription.get_message(
                    ignore_subscribe_messages=True, timeout=POLLING_MS / 1000
                )
                if message and not (address := _text(message["channel"])).startswith(KEYSPACE):
                    self._live += 1
                    recorded = Recorded("live", address, message["data"])
                    self._add("live: ", self._check.violations(recorded))

    def _add(self, place: str, violations: Iterable[Violation]) -> None:
        for violation in violations:
            self.violations += 1
            self._report(f"{place}{violation}")


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
