"""A service: its background work, its consumer groups, its volumes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from chassis.runtime.settings import DeliverySettings, ServiceSettings
from chassis.service.lifecycle import Service
from contracts.channels import ARCHIVED, UPLOADS
from contracts.events import CloudEvent
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

    async def handle(_: object) -> Sequence[CloudEvent]:
        raise NotImplementedError  # the broker is not started

    example.consume(UPLOADS, handle)
    with capture_logs(), pytest.raises(RuntimeError, match="subscriber"):
        async with example._background(example._watch_subscribers):
            await example.died.wait()
    with pytest.raises(RuntimeError, match="subscriber"):
        await example.checks["subscribers"]()


def test_a_service_reads_no_channel_that_does_not_know_it() -> None:
    async def handle(_: object) -> Sequence[CloudEvent]:
        raise NotImplementedError

    with pytest.raises(ValueError, match=r"validator is no consumer group of study\.archived"):
        service().consume(ARCHIVED, handle)


async def test_a_handler_has_a_reader_and_a_claimer_with_names_of_their_own() -> None:
    example = service()

    async def handle(_: object) -> Sequence[CloudEvent]:
        raise NotImplementedError

    example.consume(UPLOADS, handle, concurrency=4)
    streams = [subscriber.stream_sub for subscriber in example.broker.subscribers]
    assert {stream.name for stream in streams} == {"uploads"}
    assert {stream.group for stream in streams} == {"validator"}
    assert {stream.consumer for stream in streams} == {"here-1", "here-1-claimer"}
    [reader] = [stream for stream in streams if stream.consumer == "here-1"]
    [claimer] = [stream for stream in streams if stream.consumer == "here-1-claimer"]
    assert (reader.min_idle_time, reader.max_records) == (None, 4)
    assert claimer.min_idle_time == 30_000


def test_volumes_are_made_swept_and_checked(tmp_path: Path) -> None:
    example = service()
    uploads = tmp_path / "uploads"
    store = FileStore(uploads, tmp_path / "quarantine", tmp_path / "archive")
    example.work_on(store, Place.UPLOADS, stale_after_seconds=60)

    async def start() -> None:
        [resource] = example._resources
        async with resource():
            await example.checks["volume"]()

    asyncio.run(start())
    assert [path.name for path in uploads.iterdir()] == [INCOMING]


def test_fastapis_own_telemetry_is_off_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setattr("fastapi.telemetry._asgi._unconfigured", lambda _: False)
    assert FastAPI()._native_telemetry.enabled()
    http = service().http
    assert not http._native_telemetry.enabled()
    assert http._telemetry["auto_configure"] is False
