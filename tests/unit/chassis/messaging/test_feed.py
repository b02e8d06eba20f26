"""The change feed: one cursor over all streams; nothing is lost, nothing comes twice."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import RedisError

from chassis.messaging import patience
from chassis.messaging.cursor import Cursor, CursorError, EntryId
from chassis.messaging.feed import (
    ADDRESSES,
    CursorExpiredError,
    Entry,
    Feed,
    Page,
    Snapshot,
    page,
)
from contracts.channels import CHANNELS
from kit.events import archived, uploaded
from kit.redis import MemoryRedis

UPLOADS, ARCHIVED = "uploads", "study.archived"
NUMBERS = st.integers(0, 2**64 - 1)
CURSORS = st.dictionaries(st.sampled_from(ADDRESSES), st.tuples(NUMBERS, NUMBERS)).map(Cursor)


# The cursor


@given(CURSORS)
def test_a_cursor_survives_being_text(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


@given(CURSORS)
def test_a_cursor_needs_no_escaping_in_a_url_or_a_header(cursor: Cursor) -> None:
    assert set(str(cursor)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-._~")


def test_0_is_the_beginning() -> None:
    assert Cursor.parse("0") == Cursor()
    assert str(Cursor()) == "0"


@pytest.mark.parametrize(("text", "position"), [("170", (170, 0)), ("170-3", (170, 3))])
def test_an_entry_id_is_a_point_in_time_of_every_stream(text: str, position: EntryId) -> None:
    assert Cursor.parse(text) == Cursor(dict.fromkeys(ADDRESSES, position))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-1",
        "1-",
        "1_2",
        "uploads",
        "uploads~",
        "uploads~x",
        "uploads~1-2-3",
        "somewhere~1",
        "uploads~1_",
        "\u0661",  # an Arabic digit
        "uploads~1\n",
        "0" * 501,
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        Cursor.parse(text)


# Pages


def entry(address: str, *entry_id: int) -> Entry:
    return Entry(address, (entry_id[0], entry_id[1]), b"")


def snapshot(*entries: Entry, **trimmed: EntryId) -> Snapshot:
    return Snapshot(
        {address: [e for e in entries if e.address == address] for address in ADDRESSES}, trimmed
    )


def test_entries_of_all_streams_stand_in_the_order_of_their_time() -> None:
    found = snapshot(entry(UPLOADS, 1, 0), entry(UPLOADS, 3, 0), entry(ARCHIVED, 2, 0))
    ids = [e.id for e in page(found, Cursor(), ADDRESSES, 10).entries]
    assert ids == [(1, 0), (2, 0), (3, 0)]


def test_within_a_millisecond_a_cause_comes_before_its_effect() -> None:
    found = snapshot(*(entry(address, 1, 0) for address in reversed(ADDRESSES)))
    addresses = [e.address for e in page(found, Cursor(), ADDRESSES, 10).entries]
    assert addresses == [channel.address for channel in CHANNELS]


def test_a_page_says_whether_there_is_more() -> None:
    found = snapshot(entry(UPLOADS, 1, 0), entry(ARCHIVED, 2, 0))
    first = page(found, Cursor(), ADDRESSES, 1)
    assert (len(first.entries), first.more) == (1, True)
    both = page(found, Cursor(), ADDRESSES, 2)
    assert (len(both.entries), both.more) == (2, False)


def test_each_entry_comes_with_the_position_after_it() -> None:
    found = page(snapshot(entry(UPLOADS, 1, 0), entry(ARCHIVED, 2, 0)), Cursor(), ADDRESSES, 9)
    places = [position for position, _ in found.positions()]
    assert places[0].positions[UPLOADS] == (1, 0)
    assert places[0].positions[ARCHIVED] == (0, 0)
    assert places[-1] == found.end


def test_only_the_streams_that_are_read_move_the_cursor() -> None:
    start = Cursor({UPLOADS: (5, 0), ARCHIVED: (1, 0)})
    found = page(snapshot(entry(ARCHIVED, 2, 0)), start, [ARCHIVED], 10)
    assert found.end.positions == {UPLOADS: (5, 0), ARCHIVED: (2, 0)}


def test_a_cursor_behind_what_was_trimmed_is_refused() -> None:
    with pytest.raises(CursorExpiredError):
        page(snapshot(uploads=(6, 0)), Cursor({UPLOADS: (5, 9)}), ADDRESSES, 10)


def test_a_reader_who_had_read_all_that_was_trimmed_has_missed_nothing() -> None:
    found = page(snapshot(uploads=(5, 9)), Cursor({UPLOADS: (5, 9)}), ADDRESSES, 10)
    assert found.end.positions[UPLOADS] == (5, 9)


def test_a_stream_that_is_not_read_may_be_trimmed() -> None:
    page(snapshot(uploads=(6, 0)), Cursor({UPLOADS: (5, 0)}), [ARCHIVED], 10)


def test_the_beginning_is_the_oldest_that_is_kept() -> None:
    found = page(snapshot(entry(UPLOADS, 7, 0), uploads=(6, 0)), Cursor(), ADDRESSES, 10)
    assert found.start.positions[UPLOADS] == (6, 0)


def test_what_came_and_was_trimmed_after_an_empty_page_is_missed() -> None:
    empty = page(snapshot(), Cursor(), ADDRESSES, 10)
    with pytest.raises(CursorExpiredError):
        page(snapshot(uploads=(6, 0)), Cursor.parse(str(empty.end)), ADDRESSES, 10)


# Entries


def test_an_entry_is_the_event_of_its_address() -> None:
    event = archived()
    found = Entry(ARCHIVED, (1, 0), event.to_json())
    assert found.event == event
    assert found.json == event.to_json()


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"{}", b'{"type": "study.archived"}', uploaded().to_json()]
)
def test_what_is_not_the_event_of_its_address_is_no_event(body: bytes) -> None:
    found = Entry(ARCHIVED, (1, 0), body)
    assert found.event is None
    assert found.json is None


# Reading, whatever happens meanwhile


class Stored:
    """The streams of a Redis whose clock may be set back."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {address: [] for address in ADDRESSES}
        self.trimmed: dict[str, EntryId] = {}
        self.all: list[Entry] = []

    def append(self, address: str, milliseconds: int) -> None:
        stream = self.entries[address]
        last = max([self.trimmed.get(address, (0, 0)), *(e.id for e in stream)])
        # As Redis does: ids only rise within a stream.
        entry_id = (milliseconds, 0) if milliseconds > last[0] else (last[0], last[1] + 1)
        stream.append(Entry(address, entry_id, b""))
        self.all.append(stream[-1])

    def trim(self, address: str) -> None:
        if self.entries[address]:
            self.trimmed[address] = self.entries[address].pop(0).id

    def read(self, cursor: Cursor, addresses: Sequence[str], limit: int) -> Page:
        after = {
            address: [e for e in self.entries[address] if not cursor.has_passed(address, e.id)]
            for address in addresses
        }
        cut = {address: entries[: limit + 1] for address, entries in after.items()}
        return page(Snapshot(cut, self.trimmed), cursor, addresses, limit)


APPEND = st.tuples(st.just("append"), st.sampled_from(ADDRESSES), st.integers(1, 9))
READ = st.tuples(st.just("read"), st.just(""), st.integers(1, 4))
TRIM = st.tuples(st.just("trim"), st.sampled_from(ADDRESSES), st.just(0))
SOME_ADDRESSES = st.sets(st.sampled_from(ADDRESSES), min_size=1).map(sorted)


@given(st.lists(APPEND | READ, max_size=60), SOME_ADDRESSES)
def test_every_entry_is_read_exactly_once_however_appends_and_reads_interleave(
    steps: list[tuple[str, str, int]], addresses: list[str]
) -> None:
    stored = Stored()
    cursor = Cursor()
    seen: list[Entry] = []

    def read(limit: int) -> bool:
        nonlocal cursor
        found = stored.read(cursor, addresses, limit)
        seen.extend(found.entries)
        cursor = Cursor.parse(str(found.end))
        return found.more

    for step, address, number in steps:
        if step == "append":
            stored.append(address, number)
        else:
            read(number)
    while read(3):
        pass

    expected = [e for e in stored.all if e.address in addresses]
    assert len(seen) == len(expected)
    assert set(map(id, seen)) == set(map(id, expected))
    for address in addresses:
        ids = [e.id for e in seen if e.address == address]
        assert ids == sorted(ids)


@given(st.lists(APPEND | READ | TRIM, max_size=60))
def test_a_reader_learns_exactly_when_it_has_missed_something(
    steps: list[tuple[str, str, int]],
) -> None:
    stored = Stored()
    cursor = stored.read(Cursor(), ADDRESSES, 1).end
    seen: set[int] = set()
    for step, address, number in steps:
        if step == "append":
            stored.append(address, number)
        elif step == "trim":
            stored.trim(address)
        else:
            kept = {id(e) for stream in stored.entries.values() for e in stream}
            missed = any(id(e) not in kept | seen for e in stored.all)
            try:
                found = stored.read(cursor, ADDRESSES, number)
            except CursorExpiredError:
                assert missed
                return
            assert not missed
            seen |= set(map(id, found.entries))
            cursor = found.end


# Following


def not_away(_: RedisError) -> None:
    raise AssertionError("Redis is there")


async def test_the_feed_goes_on_live_after_the_past() -> None:
    streams: Any = MemoryRedis()
    past = [streams.send(uploaded()) for _ in range(3)]
    heard = []
    async for found in Feed(streams).follow(Cursor(), ADDRESSES, not_away):
        heard += [e.event for e in found.entries]
        if len(heard) == 3:
            past.append(streams.send(archived()))
        if len(heard) == 4:
            break
    assert heard == past


async def test_who_follows_from_now_hears_nothing_of_the_past() -> None:
    streams: Any = MemoryRedis()
    streams.send(uploaded())
    event = archived()
    asyncio.get_running_loop().call_soon(streams.send, event)
    feed = Feed(streams)
    async for found in feed.follow(await feed.end(), ADDRESSES, not_away):
        assert [e.event for e in found.entries] == [event]
        break


async def test_nothing_is_lost_while_redis_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "RETRY_SECONDS", (0.001, 0.002))
    streams: Any = MemoryRedis()
    sent = [streams.send(uploaded())]
    troubles: list[RedisError] = []

    def back_after_three(error: RedisError) -> None:
        troubles.append(error)
        if len(troubles) == 3:
            streams.come_back()
            sent.append(streams.send(uploaded()))

    heard = []
    async for found in Feed(streams).follow(Cursor(), ADDRESSES, back_after_three):
        heard += [e.event for e in found.entries]
        if len(heard) == 2:
            break
        asyncio.get_running_loop().call_soon(streams.leave)
    assert len(troubles) == 3
    assert heard == sent


async def test_the_end_is_after_the_newest_entry_of_every_stream() -> None:
    streams: Any = MemoryRedis()
    assert await Feed(streams).end() == Cursor(dict.fromkeys(ADDRESSES, (0, 0)))
    streams.append(UPLOADS, b"", (5, 1))
    streams.append(ARCHIVED, b"", (6, 0))
    streams.trim(ARCHIVED, (6, 0))
    positions = (await Feed(streams).end()).positions
    assert (positions[UPLOADS], positions[ARCHIVED]) == ((5, 1), (6, 0))
