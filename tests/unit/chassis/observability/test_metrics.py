"""Metrics: what Prometheus reads, and the line in the log once a minute."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chassis.observability import metrics
from chassis.observability.activity import Activity
from chassis.observability.metrics import Metrics

REQUEST_SAMPLE = (
    "hdv_http_request_duration_seconds_sum"
    '{method="GET",route="/",service="validator",status="200"} 0.25'
)


def exposition(measured: Metrics) -> list[str]:
    return measured.exposition().decode().splitlines()


@pytest.fixture
def measured() -> Metrics:
    return Metrics("validator")


@pytest.mark.parametrize(
    ("happening", "sample"),
    [
        (
            lambda m: m.message("uploads", 0.5, "done"),
            'hdv_messages_total{event="uploads",outcome="done",service="validator"} 1.0',
        ),
        (
            lambda m: m.message("uploads", 0.5, "done"),
            'hdv_message_duration_seconds_sum{event="uploads",service="validator"} 0.5',
        ),
        (
            lambda m: m.error("study.missing"),
            'hdv_errors_total{error="study.missing",service="validator"} 1.0',
        ),
        (
            lambda m: m.dead_letter("uploads", "event.invalid"),
            'hdv_dead_letters_total{code="event.invalid",event="uploads",service="validator"} 1.0',
        ),
        (
            lambda m: m.published("study.validated"),
            'hdv_events_published_total{event="study.validated",service="validator"} 1.0',
        ),
        (
            lambda m: m.request("GET", "/", 200, 0.25),
            REQUEST_SAMPLE,
        ),
    ],
)
def test_what_happens_is_counted_with_the_name_of_the_service(
    measured: Metrics, happening: Callable[[Metrics], None], sample: str
) -> None:
    assert sample not in exposition(measured)
    happening(measured)
    assert sample in exposition(measured)


def test_a_process_measures_itself_too(measured: Metrics) -> None:
    assert any(line.startswith("process_resident_memory_bytes ") for line in exposition(measured))


def test_two_services_in_one_process_do_not_mix(measured: Metrics) -> None:
    other = Metrics("gateway")
    measured.error("x")
    assert not any("hdv_errors_total{" in line for line in exposition(other))


def test_activity_has_count_errors_and_percentiles_in_milliseconds() -> None:
    activity = Activity()
    for number in range(1, 101):
        activity.record(number / 1000, ok=number > 5)
    assert activity.take() == {
        "count": 100,
        "errors": 5,
        "error_rate": 0.05,
        "p50_ms": 51.0,
        "p95_ms": 96.0,
    }


def test_activity_starts_again_once_it_has_been_read() -> None:
    activity = Activity()
    activity.record(1, ok=False)
    activity.take()
    nothing = {"count": 0, "errors": 0, "error_rate": 0.0, "p50_ms": None, "p95_ms": None}
    assert activity.take() == nothing


def test_one_unit_of_work_is_its_own_percentile() -> None:
    activity = Activity()
    activity.record(0.002, ok=True)
    figures = activity.take()
    assert (figures["p50_ms"], figures["p95_ms"]) == (2.0, 2.0)


def test_activity_keeps_so_many_durations_and_no_more() -> None:
    activity = Activity()
    for _ in range(10_001):
        activity.record(9, ok=True)
    for _ in range(10_000):
        activity.record(1, ok=True)
    figures = activity.take()
    assert figures["count"] == 20_001
    assert figures["p95_ms"] == 1000.0


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (404, 0), (499, 0), (500, 1), (503, 1)])
def test_a_request_counts_as_an_error_when_the_service_is_to_blame(
    measured: Metrics, status: int, errors: int
) -> None:
    measured.request("GET", "/", status, 0.1)
    assert measured._activity["requests"].take()["errors"] == errors


async def test_a_line_with_the_figures_is_logged_again_and_again(
    measured: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    class Log:
        def info(self, event: str, **fields: Any) -> None:
            lines.put_nowait({"event": event, **fields})

    monkeypatch.setattr(metrics, "get_logger", Log)
    measured.message("uploads", 0.5, "done")
    measured.message("uploads", 1.5, "retry")
    measured.request("GET", "/", 200, 0.1)
    task = asyncio.create_task(measured.log_activity(period=0.001))
    first, second = await lines.get(), await lines.get()
    task.cancel()
    assert (first["event"], first["period_seconds"]) == ("activity", 0.001)
    assert first["messages"]["count"] == 2
    assert first["messages"]["error_rate"] == 0.5
    assert first["messages"]["p95_ms"] == 1500.0
    assert first["requests"]["count"] == 1
    assert second["messages"]["count"] == 0
