"""A service: its background work, its consumer groups, its volumes."""

import asyncio
import errno
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from chassis.messaging.delivery import Capacity, Result
from chassis.runtime.settings import DeliverySettings, ServiceSettings
from chassis.service import lifecycle
from chassis.service.lifecycle import Service
from contracts.channels import ARCHIVED, UPLOADS
from contracts.places import Place
from storage.file_store import FileStore
from storage.layout import INCOMING

PATIENT = "DOE^JANE"


class ExampleSettings(ServiceSettings):
    """Settings of a service that exists in these tests only."""

    service: ClassVar[str] = "validator"


SETTINGS = ExampleSettings.model_construct(
    host="127.0.0.1",
    port=0,
    log_level="info",
    redis_url="redis://127.0.0.1:6379/0",
    redis_password=None,
    internal_token=None,
    delivery=DeliverySettings(claim_idle_seconds=30, max_deliveries=5, graceful_timeout_seconds=15),
)


def service() -> Service:
    return Service(SETTINGS, description="An example.", instance="here-1")


async def test_background_work_runs_for_as_long_as_the_service_lives() -> None:
    example = service()
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with example._background(work):
        await started.wait()
    assert ended.is_set()
    assert not example.died.is_set()


async def test_background_work_that_fails_ends_the_service_without_logging_its_text() -> None:
    example = service()

    async def work() -> None:
        raise ValueError(PATIENT)

    with capture_logs() as lines, pytest.raises(ValueError, match="DOE"):
        async with example._background(work):
            await example.died.wait()
    [line] = lines
    assert line["event"] == "service.background_died"


async def test_background_work_that_just_ends_ends_the_service_too() -> None:
    example = service()

    async def work() -> None:
        """Nothing more to do."""

    with capture_logs():
        async with example._background(work):
            await example.died.wait()


async def test_a_subscriber_that_has_stopped_ends_the_service() -> None:
    example = service()

    async def handle(_: object) -> Sequence[Result]:
        raise NotImplementedError  # the broker is not started

    example.consume(UPLOADS, handle, Capacity(batch=1))
    with capture_logs(), pytest.raises(RuntimeError, match="subscriber"):
        async with example._background(example._watch_subscribers):
            await example.died.wait()
    with pytest.raises(RuntimeError, match="subscriber"):
        await example.checks["subscribers"]()


@pytest.mark.parametrize("victim", [0, 1])
async def test_a_subscriber_whose_task_was_killed_ends_the_service(victim: int) -> None:
    example = service()

    async def handle(_: object) -> Sequence[Result]:
        raise NotImplementedError  # nothing is read

    example.consume(UPLOADS, handle, Capacity(batch=1))
    subscribers: Sequence[Any] = example.broker.subscribers
    for subscriber in subscribers:
        subscriber.running = True
        subscriber.add_task(asyncio.Event().wait)
    example._expected_tasks = example._subscriber_tasks()
    await example.checks["subscribers"]()

    subscribers[victim].tasks[0].cancel()
    with capture_logs(), pytest.raises(RuntimeError, match="subscriber"):
        async with example._background(example._watch_subscribers):
            await example.died.wait()
    for subscriber in subscribers:
        for task in subscriber.tasks:
            task.cancel()


async def test_background_work_that_was_killed_ends_the_service() -> None:
    example = service()

    async def work() -> None:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await asyncio.Event().wait()

    with capture_logs():
        async with example._background(work):
            await example.died.wait()


def test_a_service_reads_no_channel_that_does_not_know_it() -> None:
    async def handle(_: object) -> Sequence[Result]:
        raise NotImplementedError

    with pytest.raises(ValueError, match=r"validator is no consumer group of study\.archived"):
        service().consume(ARCHIVED, handle, Capacity(batch=1))


async def test_a_handler_has_a_reader_and_a_claimer_with_names_of_their_own() -> None:
    example = service()

    async def handle(_: object) -> Sequence[Result]:
        raise NotImplementedError

    example.consume(UPLOADS, handle, Capacity(batch=16, large=4))
    streams = [subscriber.stream_sub for subscriber in example.broker.subscribers]
    assert {stream.name for stream in streams} == {"uploads"}
    assert {stream.group for stream in streams} == {"validator"}
    assert {stream.consumer for stream in streams} == {"here-1", "here-1-claimer"}
    [reader] = [stream for stream in streams if stream.consumer == "here-1"]
    [claimer] = [stream for stream in streams if stream.consumer == "here-1-claimer"]
    assert (reader.min_idle_time, reader.max_records) == (None, 4)
    assert claimer.min_idle_time == 30_000


@pytest.fixture
def volumes(tmp_path: Path) -> FileStore:
    return FileStore(*(tmp_path / name for name in ("uploads", "quarantine", "archive")))


async def test_volumes_are_made_and_checked(volumes: FileStore) -> None:
    example = service()
    example.work_on(volumes, Place.UPLOADS)

    async with AsyncExitStack() as stack:
        for resource in example._resources:
            await stack.enter_async_context(resource())
        await example.checks["volume"]()

    assert [path.name for path in volumes.uploads.iterdir()] == [INCOMING]


async def test_what_a_crash_has_left_is_removed_while_the_service_runs(
    volumes: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = service()
    monkeypatch.setattr(lifecycle, "CLEARING_PERIOD_SECONDS", 0.01)
    example.work_on(volumes, Place.UPLOADS)
    incoming = volumes.uploads / INCOMING
    clearings = counted(monkeypatch, FileStore.prepare)

    async with AsyncExitStack() as stack, asyncio.timeout(10):
        for resource in example._resources:
            await stack.enter_async_context(resource())
        (incoming / "left.scratch").touch()
        for _ in range(5):
            await clearings.acquire()
    assert not any(incoming.iterdir())


async def test_a_volume_that_cannot_be_cleared_does_not_end_the_service(
    volumes: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(lifecycle, "CLEARING_PERIOD_SECONDS", 0.01)
    example = service()
    example.work_on(volumes, Place.UPLOADS)

    async with AsyncExitStack() as stack, asyncio.timeout(10):
        for resource in example._resources:
            await stack.enter_async_context(resource())
        clearings = counted(monkeypatch, fail)
        for _ in range(3):
            await clearings.acquire()
    assert not example.died.is_set()


def counted(monkeypatch: pytest.MonkeyPatch, prepare: Callable[..., None]) -> asyncio.Semaphore:
    """Let stores prepare their places in this way; the semaphore is released each time."""
    calls, loop = asyncio.Semaphore(0), asyncio.get_running_loop()

    def call(*arguments: object) -> None:
        try:
            prepare(*arguments)
        finally:
            loop.call_soon_threadsafe(calls.release)

    monkeypatch.setattr(FileStore, "prepare", call)
    return calls


def test_fastapis_own_telemetry_is_off_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setattr("fastapi.telemetry._asgi._unconfigured", lambda _: False)
    assert FastAPI()._native_telemetry.enabled()
    http = service().http
    assert not http._native_telemetry.enabled()
    assert http._telemetry["auto_configure"] is False
