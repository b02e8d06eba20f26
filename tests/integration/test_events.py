"""The change feed on a real Redis: over HTTP and on the command line, while studies come in."""

import asyncio
import errno
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from chassis.messaging.retention import trim
from contracts.channels import UPLOADS
from contracts.events import StudyUploaded, StudyUploadedData
from integration.listening import SETTINGS, Listener, stored
from kit.pipeline import ROOT, Pipeline, RedisServer, started, until

HDV = [sys.executable, "-m", "hdv", "events"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pipeline, RedisServer]]:
    """All services, started once for the tests that leave them alone."""
    directory = tmp_path_factory.mktemp("events")
    with started(directory, **SETTINGS) as services:
        yield services


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pipeline, RedisServer]]:
    """A gateway alone: the tests write the events."""
    with started(tmp_path_factory.mktemp("alone"), "gateway", **SETTINGS) as services:
        yield services


def test_a_listener_that_reconnects_gets_every_event_exactly_once(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, server = running
    with Listener(pipeline, start="0", per_visit=4) as listener:
        studies = [pipeline.upload(ct) for _ in range(10)]
        until(lambda: len(listener.heard) > 5, "the first events")
        server.stop()
        # What is stored before the gateway has noticed is announced later.
        while (answer := pipeline.http.post("/upload", files={"file": ct})).status_code == 202:
            studies.append(answer.json()["study_id"])
        assert answer.status_code == 503
        server.start()
        until(lambda: pipeline.http.get("/health/ready").is_success, "the gateway")
        studies += [pipeline.upload(ct) for _ in range(5)]
        failed = pipeline.upload(b"no image " * 100)
        for study_id in studies:
            pipeline.wait_for(study_id, "archived")
        pipeline.wait_for(failed, "failed")
        until(lambda: len(listener.heard) >= len(studies) * 3 + 2, "all events")
    assert sorted(listener.heard) == stored(server)


def test_pages_read_while_studies_arrive_contain_every_event_exactly_once(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, server = running
    seen: list[str] = []
    cursor = "0"

    def read() -> bool:
        nonlocal cursor
        page = pipeline.http.get("/events", params={"cursor": cursor, "limit": 3}).json()
        seen.extend(item["event"]["id"] for item in page["events"])
        cursor = page["next_cursor"]
        return bool(page["more"])

    studies = []
    for _ in range(15):
        studies.append(pipeline.upload(ct))
        read()
    for study_id in studies:
        pipeline.wait_for(study_id, "archived")
    while read():
        pass
    assert sorted(seen) == stored(server)
    assert len(seen) >= 15 * 3


def test_the_events_of_a_study_are_in_order(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, _ = running
    study_id = pipeline.upload(ct)
    pipeline.wait_for(study_id, "archived")
    events = pipeline.http.get("/events", params={"limit": 1000}).json()["events"]
    types = [item["event"]["type"] for item in events if item["event"]["subject"] == study_id]
    assert types == ["study.uploaded", "study.validated", "study.archived"]


def test_tail_continues_from_a_cursor(running: tuple[Pipeline, RedisServer], ct: bytes) -> None:
    pipeline, server = running
    before = pipeline.upload(ct)
    pipeline.wait_for(before, "archived")
    last = server.client.xrevrange("study.archived", count=1)[0][0]
    command = [*HDV, "tail", "--format", "ndjson", "--type", "study.archived", "--from", last]
    with subprocess.Popen(
        command, cwd=ROOT, env=pipeline.environment, stdout=subprocess.PIPE, text=True
    ) as tail:
        assert tail.stdout
        for _ in range(2):
            study_id = pipeline.upload(ct)
            assert json.loads(tail.stdout.readline())["event"]["subject"] == study_id
        tail.send_signal(signal.SIGINT)
        assert tail.wait(10) == 0


def test_tail_ends_when_its_output_is_closed(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, _ = running
    pipeline.wait_for(pipeline.upload(ct), "archived")
    with subprocess.Popen(
        [*HDV, "tail", "--from", "0"], cwd=ROOT, env=pipeline.environment, stdout=subprocess.PIPE
    ) as tail:
        assert tail.stdout
        assert b"study.uploaded" in tail.stdout.readline()
        tail.stdout.close()  # no event comes any more: it must notice by itself
        assert tail.wait(10) == 141


def test_verify_accepts_the_real_messages_and_reports_undocumented_ones(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, server = running
    with subprocess.Popen(
        [*HDV, "verify", "--follow"],
        cwd=ROOT,
        env=pipeline.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as verify:
        until(server.client.pubsub_numpat, "the listener")
        pipeline.wait_for(pipeline.upload(ct), "archived")
        pipeline.wait_for(pipeline.upload(b"no image " * 100), "failed")
        server.client.publish("study.lost", "{}")
        assert verify.stdout
        line = verify.stdout.readline()
        assert line.startswith("live: A message at study.lost: $ was sent on a live channel that")
        verify.send_signal(signal.SIGINT)
        [summary] = verify.stdout.readlines()
        assert verify.wait(10) == 1
    assert summary.endswith("6 live messages checked; violations of the document: 1.\n")

    command = [*HDV, "verify"]
    checked = subprocess.run(
        command, cwd=ROOT, env=pipeline.environment, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.startswith(f"{len(stored(server))} stream entries and 0 live messages")


def append(server: RedisServer, count: int) -> None:
    """So many events, appended as a gateway does."""
    pipeline = server.client.pipeline()
    for _ in range(count):
        study = uuid4()
        data = StudyUploadedData(directory=f"uploads/{study}", file_count=1, size_bytes=7)
        event = StudyUploaded.new(source="gateway", subject=study, data=data)
        pipeline.xadd("uploads", {"__data__": event.to_json()})
    pipeline.execute()


def stalled(pipeline: Pipeline, start: str) -> socket.socket:
    """A client that asks for the stream and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", pipeline.ports["gateway"]))
    request = f"GET /events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {start}\r\n\r\n"
    client.sendall(request.encode())
    return client


def test_a_cursor_older_than_the_kept_events_is_gone(
    alone: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, server = alone
    append(server, 3)
    first = pipeline.http.get("/events", params={"limit": 1}).json()["next_cursor"]
    last = pipeline.http.get("/events").json()["next_cursor"]
    for group in UPLOADS.groups:
        server.client.xgroup_create("uploads", group, id="$")

    async def trim_in_a_week() -> int:
        async with Redis.from_url(server.url) as client:
            return await trim(client, UPLOADS, datetime.now(UTC) + timedelta(days=8))

    assert asyncio.run(trim_in_a_week()) == 3
    append(server, 1)

    for path in ("/events", "/events/stream"):
        too_old = pipeline.http.get(path, params={"cursor": first})
        assert too_old.status_code == 410
        assert too_old.json()["type"] == "urn:hdv:problem:cursor-expired"
    # A client that had read everything has missed nothing, however long ago that was.
    for cursor in (last, "0"):
        assert len(pipeline.http.get("/events", params={"cursor": cursor}).json()["events"]) == 1


def test_a_client_that_does_not_read_is_dropped_and_the_others_continue(
    alone: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, server = alone
    now = pipeline.http.get("/events").json()["next_cursor"]
    with stalled(pipeline, now) as silent, Listener(pipeline, start=now) as listener:
        assert listener.connected.wait(10)
        before, sent = len(stored(server)), 0

        def dropped() -> bool:
            nonlocal sent
            append(server, 500)
            sent += 500
            return silent.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET

        until(dropped, "the drop")
        until(lambda: len(listener.heard) >= sent, "all events")
    assert len(set(listener.heard)) == len(listener.heard) == len(stored(server)) - before
    assert pipeline.metric("gateway", r'hdv_errors_total\{error="slow-listener"') > 0


def test_open_streams_do_not_keep_the_gateway_from_stopping(
    alone: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, server = alone
    append(server, 12_000)  # more than the system buffers for a client that does not read
    with stalled(pipeline, "0"), Listener(pipeline, start="0") as listener:
        until(lambda: len(listener.heard) >= 12_000, "all that is kept")
        before = time.monotonic()
        assert pipeline.stop("gateway") == 0
        assert time.monotonic() - before < 8  # far below the grace period
    lines = pipeline.log("gateway").splitlines()
    assert "service.stopped" in lines[-1]
    assert not [line for line in lines if '"level":"error"' in line]
