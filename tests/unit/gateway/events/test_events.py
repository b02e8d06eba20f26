"""The feed over HTTP: pages of the past, and server-sent events."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from chassis.access.caller import EVERYTHING, Caller
from chassis.messaging import patience
from chassis.messaging.cursor import Cursor
from chassis.messaging.feed import ADDRESS_OF, ADDRESSES, Entry, Feed
from chassis.observability.metrics import Metrics
from chassis.service.protocol import ABORT
from chassis.web import problem
from chassis.web.guard import install
from chassis.web.routing import provide
from contracts.events import ANY_EVENT, CloudEvent
from gateway.events import event_stream, live_feed
from gateway.events.live_feed import LiveFeed
from gateway.events.routes import MOST_PER_PAGE, router
from gateway.http.visibility import UnknownStudyError, Visibility
from gateway.settings import FeedSettings
from kit.events import archived, uploaded
from kit.guards import AdmitsAs
from kit.redis import MemoryRedis

LONG = 300.0


class Gateway:
    """The routes on streams in memory; the live feed runs inside `running`."""

    def __init__(self, **settings: float) -> None:
        values = {"max_streams": 9, "queue_size": 9, "heartbeat_seconds": LONG, **settings}
        self.settings = FeedSettings.model_validate({"stream_seconds": LONG, **values})
        self.streams = MemoryRedis()
        self.metrics = Metrics("gateway")
        client: Any = self.streams
        feed = Feed(client)
        self.live = LiveFeed(feed, self.settings, self.metrics)
        self.live.ready.set()
        self.labels: dict[UUID, str | None] = {}
        self.app = FastAPI()
        problem.install(self.app)
        self.visibility = Visibility(self._label_of)
        self.guard = AdmitsAs()
        install(self.app, self.guard)
        provide(self.app, feed, self.live, self.visibility)
        self.app.include_router(router)

    async def _label_of(self, study_id: UUID) -> str | None:
        if study_id not in self.labels:
            raise UnknownStudyError
        return self.labels[study_id]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The live feed hands on what comes."""
        task = asyncio.create_task(self.live.run())
        await settled()
        yield
        task.cancel()

    async def get(self, path: str = "/events", **query: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.get(path, params=query)

    def listen(self, last: str | None = None, **query: str) -> "Client":
        return Client(self.app, last, query)


class Client:
    """A client of /events/stream that may stop reading, or go."""

    def __init__(self, app: FastAPI, last: str | None, query: dict[str, str]) -> None:
        self.text = ""
        self.status = 0
        self.ended = False
        self.aborted = False
        self.reads = asyncio.Event()
        self.reads.set()
        self._gone = asyncio.Event()
        self._news = asyncio.Event()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/events/stream",
            "query_string": urlencode(query).encode(),
            "headers": [(b"last-event-id", last.encode())] if last else [],
            "extensions": {ABORT: {"call": self._abort}},
        }
        self._task = asyncio.create_task(app(scope, self._receive, self._send))

    async def until(self, pattern: str) -> str:
        """What was heard, as soon as it matches."""
        while not re.search(pattern, self.text):
            assert not self.ended, f"ended with {self.text}"
            self._news.clear()
            await self._news.wait()
        return self.text

    async def finished(self) -> str:
        """All that was heard."""
        await self._task
        return self.text

    def go(self) -> None:
        self._gone.set()

    @property
    def events(self) -> list[CloudEvent]:
        return [ANY_EVENT.validate_json(data) for data in re.findall("data: (.*)", self.text)]

    @property
    def last_id(self) -> str:
        return str(re.findall("id: (.*)", self.text)[-1])

    def _abort(self) -> None:
        self.aborted = True
        self.go()

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
            self.ended = not message.get("more_body", False)
        self._news.set()


async def settled() -> None:
    """Everything that can happen by itself has happened."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


# Pages


async def test_pages_have_every_event_once_in_order(gateway: Gateway) -> None:
    sent = [gateway.streams.send(event) for event in (uploaded(), archived(), uploaded())]
    first = (await gateway.get(limit=2)).json()
    assert first["more"] is True
    second = (await gateway.get(limit=2, cursor=first["next_cursor"])).json()
    assert second["more"] is False
    ids = [item["event"]["id"] for page in (first, second) for item in page["events"]]
    assert ids == [str(event.id) for event in sent]


async def test_an_event_in_a_page_is_its_json(gateway: Gateway) -> None:
    event = gateway.streams.send(uploaded())
    [item] = (await gateway.get()).json()["events"]
    assert ANY_EVENT.validate_python(item["event"], strict=False) == event
    assert "traceparent" not in item["event"]


async def test_each_event_has_the_position_after_it(gateway: Gateway) -> None:
    sent = [gateway.streams.send(uploaded()) for _ in range(3)]
    items = (await gateway.get()).json()["events"]
    rest = (await gateway.get(cursor=items[0]["cursor"])).json()["events"]
    assert [item["event"]["id"] for item in rest] == [str(event.id) for event in sent[1:]]


async def test_after_the_last_page_one_can_come_back_later(gateway: Gateway) -> None:
    empty = (await gateway.get()).json()
    assert (empty["events"], empty["more"]) == ([], False)
    event = gateway.streams.send(archived())
    [item] = (await gateway.get(cursor=empty["next_cursor"])).json()["events"]
    assert item["event"]["id"] == str(event.id)


async def test_pages_can_be_of_some_types_only(gateway: Gateway) -> None:
    gateway.streams.send(uploaded())
    event = gateway.streams.send(archived())
    [item] = (await gateway.get(type="study.archived")).json()["events"]
    assert item["event"]["id"] == str(event.id)
    both = (await gateway.get(type=["study.archived", "study.uploaded"])).json()
    assert len(both["events"]) == 2


async def test_what_is_no_event_is_left_out_and_passed_by(gateway: Gateway) -> None:
    gateway.streams.append("uploads", b"not json")
    event = gateway.streams.send(uploaded())
    first = (await gateway.get(limit=1)).json()
    assert (first["events"], first["more"]) == ([], True)
    [item] = (await gateway.get(limit=1, cursor=first["next_cursor"])).json()["events"]
    assert item["event"]["id"] == str(event.id)


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "0" * 501},
        {"type": "study.lost"},
        {"limit": 0},
        {"limit": MOST_PER_PAGE + 1},
    ],
)
async def test_an_invalid_query_is_reported(gateway: Gateway, query: dict[str, Any]) -> None:
    answer = await gateway.get(**query)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:hdv:problem:invalid-request"
    assert next(iter(query)) in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/events", "/events/stream"])
async def test_a_cursor_older_than_the_kept_events_has_expired(gateway: Gateway, path: str) -> None:
    gateway.streams.trim("uploads", (9, 0))
    answer = await gateway.get(path, cursor="8-0")
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:hdv:problem:cursor-expired"


@pytest.mark.parametrize("path", ["/events", "/events/stream"])
async def test_without_redis_clients_get_retry_after(gateway: Gateway, path: str) -> None:
    gateway.streams.leave()
    with capture_logs():
        answer = await gateway.get(path)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:hdv:problem:event-bus-unavailable"
    assert int(answer.headers["retry-after"]) > 0


def test_both_routes_are_documented_with_the_schemas_of_all_events(gateway: Gateway) -> None:
    document = gateway.app.openapi()
    pages, stream = (document["paths"][path]["get"] for path in ("/events", "/events/stream"))
    for operation in (pages, stream):
        assert {"200", "410", "422", "503"} <= set(operation["responses"])
    union = document["components"]["schemas"]["FeedEvent"]["properties"]["event"]
    assert len(union["discriminator"]["mapping"]) == len(ADDRESSES)
    content = stream["responses"]["200"]["content"]["text/event-stream"]
    reference = content["x-itemSchema"]["properties"]["data"]["contentSchema"]["$ref"]
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    assert node == union


# The stream


async def test_the_response_is_a_stream_that_is_not_cached(gateway: Gateway) -> None:
    gateway = Gateway(stream_seconds=0.001)
    answer = await gateway.get("/events/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answer.headers


async def test_a_client_hears_what_happens_from_now_on(gateway: Gateway) -> None:
    gateway.streams.send(uploaded())
    async with gateway.running():
        client = gateway.listen()
        await client.until("id: ")
        event = gateway.streams.send(archived())
        await client.until("data: ")
    assert client.events == [event]
    client.go()
    await client.finished()


async def test_a_client_cut_off_before_the_first_event_can_go_on_without_a_gap(
    gateway: Gateway,
) -> None:
    async with gateway.running():
        first = gateway.listen()
        await first.until("id: ")
        first.go()
        await first.finished()
        assert first.events == []
        missed = gateway.streams.send(uploaded())
        second = gateway.listen(first.last_id)
        await second.until("data: ")
        assert second.events == [missed]
        second.go()
        await second.finished()


async def test_a_client_first_gets_what_it_missed_then_what_comes(gateway: Gateway) -> None:
    many = event_stream.PAGE_SIZE + 7
    sent = [gateway.streams.send(uploaded()) for _ in range(many)]
    async with gateway.running():
        client = gateway.listen("0")
        await client.until(str(sent[-1].id))
        sent += [gateway.streams.send(archived()), gateway.streams.send(uploaded())]
        await client.until(str(sent[-1].id))
    assert client.events == sent
    client.go()
    await client.finished()


async def test_what_comes_between_the_past_and_the_present_is_not_lost(gateway: Gateway) -> None:
    async with gateway.running():
        client = gateway.listen()
        client.reads.clear()
        await settled()  # the past has been read, the client does not listen yet
        event = gateway.streams.send(uploaded())
        await settled()  # the live feed has handed it to all who listen
        client.reads.set()
        await client.until("data: ")
    assert client.events == [event]
    client.go()
    await client.finished()


def happen(gateway: Gateway, event: CloudEvent) -> None:
    """An event is sent, and the live feed hands it on."""
    address = ADDRESS_OF[event.type]
    entry = Entry(address, gateway.streams.append(address, event.to_json()), event.to_json())
    for listener in gateway.live._listeners:
        listener.offer([entry])


async def test_an_event_of_both_past_and_live_feed_comes_once(gateway: Gateway) -> None:
    sent = [uploaded(), archived(), uploaded()]
    gateway.streams.send(sent[0])
    gateway.streams.before_reads = [
        lambda: None,
        lambda: happen(gateway, sent[1]),  # the client listens by now, and reads the rest
    ]
    client = gateway.listen("0")
    await client.until(str(sent[1].id))
    await settled()
    happen(gateway, sent[2])
    await client.until(str(sent[2].id))
    assert client.events == sent
    client.go()
    await client.finished()


async def test_a_client_that_catches_up_is_not_dropped_for_what_comes_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "PAGE_SIZE", 1)
    gateway = Gateway(queue_size=1)
    sent = [uploaded() for _ in range(9)]
    for event in sent[:3]:
        gateway.streams.send(event)
    gateway.streams.before_reads = [partial(happen, gateway, event) for event in sent[3:]]
    client = gateway.listen("0")
    await client.until(str(sent[-1].id))
    assert client.events == sent
    client.go()
    await client.finished()


async def test_every_id_is_a_place_to_go_on_from(gateway: Gateway) -> None:
    sent = [gateway.streams.send(event) for event in (uploaded(), archived(), uploaded())]
    async with gateway.running():
        whole = gateway.listen("0")
        await whole.until(str(sent[-1].id))
        ids = re.findall("id: (.*)", whole.text)
        assert len(ids) == 1 + len(sent)
        for index, last in enumerate(ids[:-1]):
            client = gateway.listen(last)
            await client.until(str(sent[-1].id))
            assert client.events == sent[index:]
            client.go()
            await client.finished()
    whole.go()
    await whole.finished()


async def test_a_stream_can_be_of_some_types_only(gateway: Gateway) -> None:
    gateway.streams.send(uploaded())
    past = gateway.streams.send(archived())
    async with gateway.running():
        client = gateway.listen("0", type="study.archived")
        await client.until("data: ")
        gateway.streams.send(uploaded())
        present = gateway.streams.send(archived())
        await client.until(str(present.id))
    assert client.events == [past, present]
    assert set(Cursor.parse(client.last_id).positions) == {"study.archived"}
    client.go()
    await client.finished()


async def test_the_last_event_id_counts_more_than_the_cursor_of_the_address(
    gateway: Gateway,
) -> None:
    """An EventSource reconnects to the same address, with its position in the header."""
    gateway.streams.send(uploaded())
    place = (await gateway.get()).json()["next_cursor"]
    event = gateway.streams.send(uploaded())
    async with gateway.running():
        client = gateway.listen(place, cursor="0")
        await client.until("data: ")
    assert client.events == [event]
    client.go()
    await client.finished()


async def test_what_is_no_event_is_not_sent(gateway: Gateway) -> None:
    async with gateway.running():
        client = gateway.listen()
        await client.until("id: ")
        gateway.streams.append("uploads", b"not\njson")
        event = gateway.streams.send(uploaded())
        await client.until("data: ")
    assert client.events == [event]
    client.go()
    await client.finished()


async def test_a_quiet_stream_gives_a_sign_of_life() -> None:
    gateway = Gateway(heartbeat_seconds=0.01)
    client = gateway.listen()
    await client.until(r"\n: still here\n\n: still here\n\n")
    client.go()
    await client.finished()


async def test_a_stream_ends_in_order_after_its_time_and_says_when_to_reconnect() -> None:
    gateway = Gateway(stream_seconds=0.02)
    client = gateway.listen()
    text = await client.finished()
    assert client.ended
    assert not client.aborted
    assert re.match(r"retry: [1-5]\d\d\d\nid: ", text)


async def test_a_stream_that_only_catches_up_ends_after_its_time_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "PAGE_SIZE", 1)
    gateway = Gateway(stream_seconds=0.001)
    for _ in range(5000):
        gateway.streams.send(uploaded())
    client = gateway.listen("0")
    await client.finished()
    assert client.ended
    assert 0 < len(client.events) < 5000
    # Each time it comes a little further.
    again = gateway.listen(client.last_id)
    await again.finished()
    assert not set(client.events) & set(again.events)


async def test_a_slow_reader_is_disconnected_and_delays_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "GRACE_SECONDS", 0)
    gateway = Gateway(queue_size=3)
    async with gateway.running():
        slow, quick = gateway.listen(), gateway.listen()
        for client in (slow, quick):
            await client.until("id: ")
        slow.reads.clear()
        sent = []
        with capture_logs() as lines:
            for _ in range(8):
                sent.append(gateway.streams.send(uploaded()))
                await quick.until(str(sent[-1].id))
            await slow.finished()
        assert slow.aborted
        assert not quick.ended
        assert quick.events == sent
        assert [line["reason"] for line in lines] == ["slow-listener"]
        assert 'error="slow-listener"' in gateway.metrics.exposition().decode()
        # It has lost nothing: it goes on where it was.
        back = gateway.listen(slow.last_id)
        await back.until(str(sent[-1].id))
        assert back.events == sent
        for client in (quick, back):
            client.go()
            await client.finished()


async def test_a_reader_that_was_slow_but_reads_on_ends_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_feed, "GATHER_SECONDS", 0)
    gateway = Gateway(queue_size=1)
    async with gateway.running():
        client = gateway.listen()
        await client.until("id: ")
        client.reads.clear()
        with capture_logs():
            for _ in range(5):
                gateway.streams.send(uploaded())
                await settled()
            client.reads.set()
            await client.finished()
    assert client.ended
    assert not client.aborted


async def test_a_client_that_reads_nothing_more_does_not_outlive_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "GRACE_SECONDS", 0)
    gateway = Gateway(stream_seconds=0.05)
    gateway.streams.send(uploaded())
    async with gateway.running():
        client = gateway.listen()
        await client.until("id: ")
        client.reads.clear()
        gateway.streams.send(uploaded())
        await client.finished()
    assert client.aborted


async def test_only_so_many_clients_listen_at_the_same_time() -> None:
    gateway = Gateway(max_streams=1)
    first = gateway.listen()
    await first.until("id: ")
    answer = await gateway.get("/events/stream")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:hdv:problem:too-many-listeners"
    assert int(answer.headers["retry-after"]) > 0
    first.go()
    await first.finished()
    second = gateway.listen()
    await second.until("id: ")
    second.go()
    await second.finished()


async def test_a_refused_client_takes_no_place() -> None:
    gateway = Gateway(max_streams=1)
    gateway.streams.trim("uploads", (9, 0))
    for _ in range(2):
        assert (await gateway.get("/events/stream", cursor="8-0")).status_code == 410


async def test_no_client_is_admitted_before_the_live_feed_has_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What came between would be missed."""
    monkeypatch.setattr(patience, "RETRY_SECONDS", (0.001, 0.001))
    gateway = Gateway()
    gateway.live.ready.clear()
    gateway.streams.leave()
    with capture_logs():
        async with gateway.running():
            gateway.streams.come_back()
            assert (await gateway.get("/events/stream")).status_code == 503
            with pytest.raises(RuntimeError):
                await gateway.live.check()
            await gateway.live.ready.wait()
            await gateway.live.check()
            gateway.streams.send(uploaded())
            client = gateway.listen()
            await client.until("id: ")
            assert client.events == []
            event = gateway.streams.send(uploaded())
            await client.until("data: ")
    assert client.events == [event]
    client.go()
    await client.finished()


async def test_when_the_service_stops_all_streams_end_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "GRACE_SECONDS", 0.01)
    gateway = Gateway()
    async with gateway.running():
        reading, stuck = gateway.listen(), gateway.listen()
        for client in (reading, stuck):
            await client.until("id: ")
        stuck.reads.clear()
        gateway.streams.send(uploaded())
        await reading.until("data: ")
        gateway.live.close()
        for client in (reading, stuck):
            await client.finished()
    assert (reading.ended, reading.aborted) == (True, False)
    assert stuck.aborted
    assert (await gateway.get("/events/stream")).status_code == 503


async def test_clients_get_all_events_after_an_outage_of_redis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "RETRY_SECONDS", (0.001, 0.001))
    gateway = Gateway()
    async with gateway.running():
        client = gateway.listen()
        await client.until("id: ")
        with capture_logs() as lines:
            gateway.streams.leave()
            await settled()
            assert lines
            sent = [gateway.streams.send(uploaded()) for _ in range(3)]
            gateway.streams.come_back()
            await client.until(str(sent[-1].id))
    assert client.events == sent
    assert {line["event"] for line in lines} == {"feed.redis_unavailable"}
    client.go()
    await client.finished()


async def test_a_client_that_catches_up_when_redis_goes_comes_back_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "PAGE_SIZE", 2)
    gateway = Gateway()
    sent = [gateway.streams.send(uploaded()) for _ in range(5)]
    async with gateway.running():
        client = gateway.listen("0")
        client.reads.clear()
        await settled()
        gateway.streams.leave()
        client.reads.set()
        await client.finished()
        assert client.ended
        assert client.events == sent[:2]
        gateway.streams.come_back()
        back = gateway.listen(client.last_id)
        await back.until(str(sent[-1].id))
        assert back.events == sent[2:]
        back.go()
        await back.finished()


async def test_the_head_of_a_stream_has_its_headers_and_ends(gateway: Gateway) -> None:
    transport = httpx2.ASGITransport(gateway.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        response = await client.head("/events/stream")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"].startswith("text/event-stream")


async def test_events_are_read_rarely_while_no_one_waits_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_feed, "GATHER_SECONDS", 0)
    monkeypatch.setattr(live_feed, "IDLE_SECONDS", LONG)
    gateway = Gateway()
    seen: list[Any] = []
    gateway.live.observe(lambda entries: seen.extend(entry.event for entry in entries))
    async with gateway.running():
        first, second = gateway.streams.send(uploaded()), gateway.streams.send(uploaded())
        await settled()
        third = gateway.streams.send(uploaded())
        await settled()
        assert third not in seen
        with gateway.live.awaited():
            await settled()
        assert seen == [first, second, third]


async def test_a_stream_ends_when_its_key_is_revoked() -> None:
    gateway = Gateway()
    async with gateway.running():
        client = gateway.listen()
        await client.until("id: ")
        gateway.guard.admits = False
        gateway.streams.send(uploaded())
        assert "data:" not in await client.finished()


async def test_a_stream_has_the_events_of_the_callers_labels_only() -> None:
    gateway = Gateway()
    ours, theirs = uuid4(), uuid4()
    gateway.labels = {ours: "trial-42", theirs: "trial-7"}
    gateway.guard.caller = Caller("key", EVERYTHING, frozenset({"trial-42"}))
    gateway.streams.send(archived(theirs))
    async with gateway.running():
        client = gateway.listen("0")
        await client.until("id: ")
        for study_id in (theirs, ours, uuid4(), ours):
            gateway.streams.send(archived(study_id))
        await client.until("data: .*\\n(?s:.*)data: ")
        assert [event.study_id for event in client.events] == [ours, ours]
        client.go()
        await client.finished()
