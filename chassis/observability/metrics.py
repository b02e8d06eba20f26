"""What a service measures: Prometheus metrics, and a line in the log once a minute."""

import asyncio
from collections import deque
from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from chassis.observability.logs import get_logger

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
ACTIVITY_PERIOD_SECONDS = 60.0


class Activity:
    """Counts and durations since the last line in the log."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._durations: deque[float] = deque(maxlen=10_000)
        self._count = 0
        self._errors = 0

    def record(self, seconds: float, *, ok: bool) -> None:
        """Count one unit of work and how long it took."""
        self._durations.append(seconds)
        self._count += 1
        self._errors += not ok

    def take(self) -> dict[str, float | int | None]:
        """The figures so far, durations in milliseconds; starts again."""
        durations = sorted(self._durations)
        line: dict[str, float | int | None] = {
            "count": self._count,
            "errors": self._errors,
            "error_rate": round(self._errors / self._count, 4) if self._count else 0.0,
            "p50_ms": _percentile_ms(durations, 0.50),
            "p95_ms": _percentile_ms(durations, 0.95),
        }
        self._begin()
        return line


class Metrics:
    """The metrics of one service; no global registry, so that tests can have several."""

    def __init__(self, service: str) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._service = service
        self._messages = Counter(
            "hdv_messages",
            "Messages handled, by outcome: done, wait, retry, dead_letter or lost_claim.",
            ("service", "event", "outcome"),
            registry=self._registry,
        )
        self._message_seconds = Histogram(
            "hdv_message_duration_seconds",
            "Time a handler took for a message.",
            ("service", "event"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._errors = Counter(
            "hdv_errors",
            "Errors by the type or code of the error.",
            ("service", "error"),
            registry=self._registry,
        )
        self._dead_letters = Counter(
            "hdv_dead_letters",
            "Messages moved to the dead-letter stream.",
            ("service", "event", "code"),
            registry=self._registry,
        )
        self._published = Counter(
            "hdv_events_published",
            "Events published.",
            ("service", "event"),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "hdv_http_request_duration_seconds",
            "Time until a request was answered, the reading of its body included.",
            ("service", "method", "route", "status"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._files = Counter(
            "hdv_files_examined",
            "Files examined, by outcome: accepted or rejected.",
            ("service", "outcome"),
            registry=self._registry,
        )
        self._outage = Gauge(
            "hdv_outage",
            "1 while messages wait because the environment (disk, Redis, processes) fails.",
            ("service",),
            registry=self._registry,
        )
        self.outage(lasts=False)
        self._announced_again = Counter(
            "hdv_uploads_announced_again",
            "Uploads whose event Redis had lost, or had not confirmed.",
            ("service",),
            registry=self._registry,
        )
        self._index_rebuild = Gauge(
            "hdv_index_rebuild_studies",
            "Studies of the archive that a rebuild of the index has read or has yet to read;"
            " 0 while none is under way.",
            ("service", "studies"),
            registry=self._registry,
        )
        self._waiting = Gauge(
            "hdv_studies_waiting",
            "Studies that wait to be validated or archived, or are at it.",
            ("service",),
            registry=self._registry,
        )
        self._free_bytes = Gauge(
            "hdv_free_bytes",
            "Free space on the volume of uploads, archive or quarantine.",
            ("service", "place"),
            registry=self._registry,
        )
        self._activity = {"messages": Activity(), "requests": Activity()}

    def messages(self, event: str, seconds: float, outcome: str, count: int) -> None:
        """Messages were handled together."""
        for _ in range(count):
            self.message(event, seconds, outcome)

    def message(self, event: str, seconds: float, outcome: str) -> None:
        """A message was handled."""
        self._messages.labels(self._service, event, outcome).inc()
        self._message_seconds.labels(self._service, event).observe(seconds)
        self._activity["messages"].record(seconds, ok=outcome in {"done", "lost_claim"})

    def error(self, name: str) -> None:
        """Something went wrong."""
        self._errors.labels(self._service, name).inc()

    def dead_letter(self, event: str, code: str) -> None:
        """A message was moved to the dead letters."""
        self._dead_letters.labels(self._service, event, code).inc()

    def published(self, event: str) -> None:
        """An event was published."""
        self._published.labels(self._service, event).inc()

    def waiting(self, studies: int) -> None:
        """So many studies wait."""
        self._waiting.labels(self._service).set(studies)

    def free_bytes(self, place: str, size_bytes: int) -> None:
        """So much space is free at a place."""
        self._free_bytes.labels(self._service, place).set(size_bytes)

    def announced_again(self) -> None:
        """An upload was announced again."""
        self._announced_again.labels(self._service).inc()

    def file_examined(self, outcome: str) -> None:
        """A file was examined."""
        self._files.labels(self._service, outcome).inc()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._request_seconds.labels(self._service, method, route, str(status)).observe(seconds)
        self._activity["requests"].record(seconds, ok=status < 500)

    def outage(self, *, lasts: bool) -> None:
        """Messages wait for the environment, or do no longer."""
        self._outage.labels(self._service).set(lasts)

    def index_rebuild(self, progress: tuple[int, int] | None) -> None:
        """A rebuild of the index has read so many studies of so many, or has ended."""
        done, total = progress or (0, 0)
        self._index_rebuild.labels(self._service, "read").set(done)
        self._index_rebuild.labels(self._service, "unread").set(total - done)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    async def log_activity(self, period: float = ACTIVITY_PERIOD_SECONDS) -> None:
        """Write a line with counts, error rate, p50 and p95 every `period` seconds, for ever."""
        while True:
            await asyncio.sleep(period)
            figures = {kind: activity.take() for kind, activity in self._activity.items()}
            get_logger().info("activity", period_seconds=period, **figures)


def _percentile_ms(ordered: Sequence[float], fraction: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] * 1000, 2)
