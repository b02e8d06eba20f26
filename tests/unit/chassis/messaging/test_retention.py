"""Retention: old entries go, but never one that somebody has yet to finish."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from chassis.messaging.retention import TRIMMED, trim, trim_periodically
from contracts.channels import UPLOADS

NOW = datetime(2024, 6, 30, tzinfo=UTC)
LIMIT = int((NOW - UPLOADS.retention).timestamp() * 1000)
OLD, YOUNG = LIMIT - 1000, LIMIT + 1000


class Stream:
    """The few commands that trimming needs, on a stream in memory."""

    def __init__(self, *entries: tuple[int, int]) -> None:
        self.entries = sorted(entries)
        self.groups: dict[str, tuple[tuple[int, int], list[tuple[int, int]]]] = {}
        self.acknowledges_meanwhile = False

    def group(
        self, name: str, last_delivered: tuple[int, int], *pending: tuple[int, int]
    ) -> "Stream":
        self.groups[name] = (last_delivered, sorted(pending))
        return self

    async def xinfo_groups(self, name: str) -> list[dict[str, Any]]:
        assert name == "uploads"
        return [
            {
                "name": name.encode(),
                "last-delivered-id": b"%d-%d" % last,
                "pending": len(pending),
            }
            for name, (last, pending) in self.groups.items()
        ]

    async def xpending(self, _: str, group: bytes) -> dict[str, Any]:
        if self.acknowledges_meanwhile:
            self.groups[group.decode()][1].clear()
        pending = self.groups[group.decode()][1]
        return {"pending": len(pending), "min": b"%d-%d" % pending[0] if pending else None}

    async def eval(self, _script: str, keys: int, stream: str, noted: str, minid: str) -> int:
        assert (keys, stream, noted) == (2, "uploads", TRIMMED)
        milliseconds, _, sequence = minid.partition("-")
        limit = (int(milliseconds), int(sequence))
        before = len(self.entries)
        self.entries = [entry for entry in self.entries if entry >= limit]
        return before - len(self.entries)


def finished(*entries: tuple[int, int]) -> Stream:
    """A stream whose groups have finished everything."""
    last = max(entries, default=(0, 0))
    return Stream(*entries).group("validator", last).group("status", last)


async def trimmed(stream: Any) -> int:
    return await trim(stream, UPLOADS, NOW)


async def test_what_is_old_and_finished_goes_and_what_is_young_stays() -> None:
    stream = finished((OLD, 0), (OLD, 1), (LIMIT, 0), (YOUNG, 0))
    assert await trimmed(stream) == 2
    assert stream.entries == [(LIMIT, 0), (YOUNG, 0)]


async def test_what_a_group_has_pending_stays_and_all_that_came_after() -> None:
    stream = finished((OLD, 0), (OLD, 1), (OLD, 2)).group("validator", (OLD, 2), (OLD, 1))
    assert await trimmed(stream) == 1
    assert stream.entries == [(OLD, 1), (OLD, 2)]


async def test_what_a_group_acknowledges_while_it_is_asked_goes() -> None:
    stream = finished((OLD, 0), (OLD, 1)).group("validator", (OLD, 1), (OLD, 0))
    stream.acknowledges_meanwhile = True
    assert await trimmed(stream) == 2


async def test_what_a_group_has_not_read_stays() -> None:
    stream = finished((OLD, 0), (OLD, 1), (OLD, 2)).group("status", (OLD, 0))
    assert await trimmed(stream) == 1
    assert stream.entries == [(OLD, 1), (OLD, 2)]


async def test_the_slowest_group_decides() -> None:
    stream = (
        Stream((OLD, 0), (OLD, 1), (OLD, 2))
        .group("validator", (OLD, 2), (OLD, 2))
        .group("status", (OLD, 0))
    )
    assert await trimmed(stream) == 1


async def test_a_group_that_has_read_nothing_keeps_everything() -> None:
    stream = finished((OLD, 0), (OLD, 1)).group("validator", (0, 0))
    assert await trimmed(stream) == 0


@pytest.mark.parametrize("missing", ["validator", "status"])
async def test_a_group_that_does_not_exist_yet_keeps_everything(missing: str) -> None:
    stream = finished((OLD, 0))
    del stream.groups[missing]
    assert await trimmed(stream) == 0
    assert stream.entries == [(OLD, 0)]


async def test_a_group_of_somebody_elses_keeps_what_it_has_not_read_too() -> None:
    stream = finished((OLD, 0), (OLD, 1)).group("auditor", (0, 0))
    assert await trimmed(stream) == 0


async def test_a_stream_that_does_not_exist_yet_is_no_error() -> None:
    class Nothing:
        async def xinfo_groups(self, _: str) -> None:
            raise ResponseError("no such key")

    assert await trimmed(Nothing()) == 0


async def test_another_refusal_of_redis_is_not_taken_for_a_missing_stream() -> None:
    class Forbidden:
        async def xinfo_groups(self, _: str) -> None:
            raise ResponseError("NOPERM this user has no permissions to run the command")

    with pytest.raises(ResponseError):
        await trimmed(Forbidden())


async def test_trimming_goes_on_after_redis_was_unavailable() -> None:
    second_try = asyncio.Event()

    class Unsteady:
        calls = 0

        async def xinfo_groups(self, _: str) -> list[Any]:
            self.calls += 1
            if self.calls == 1:
                raise RedisConnectionError("redis://:secret@redis refused")
            second_try.set()
            return []

    client: Any = Unsteady()

    async def connect() -> Any:
        return client

    with capture_logs() as lines:
        task = asyncio.create_task(trim_periodically(connect, [UPLOADS], 0.001))
        await second_try.wait()
        task.cancel()
    assert lines[0]["event"] == "stream.trim_failed"
    assert "secret" not in str(lines)


def test_every_entry_stays_for_a_week() -> None:
    assert UPLOADS.retention == timedelta(days=7)
