"""What a service measures: Prometheus metrics, and a line in the log once a minute."""

import asyncio
from collections.abc import Iterable
from importlib.metadata import version

from chassis.observability.activity import Activity
from chassis.observability.instruments import Instruments
from chassis.observability.logs import get_logger

ACTIVITY_PERIOD_SECONDS = 60.0


class Metrics:
    """The metrics of one service; docs/metrics.md says what each is good for.

    Attributes:
        instruments: for the metrics that only this service has.
    """

    def __init__(self, service: str) -> None:
        self.instruments = Instruments(service)
        self._service = service
        self._activity = {"messages": Activity(), "requests": Activity()}
        self._define_messages()
        self._define_requests()
        self._define_work()
        self._define_environment()

    def _define_messages(self) -> None:
        self._messages = self.instruments.counter(
            "hdv_messages",
            "Messages handled, by outcome: done, wait, retry, dead_letter or lost_claim.",
            "event",
            "outcome",
        )
        self._message_seconds = self.instruments.histogram(
            "hdv_message_duration_seconds", "Time a handler took for a message.", "event"
        )
        self._dead_letters = self.instruments.counter(
            "hdv_dead_letters", "Messages moved to the dead-letter stream.", "event", "code"
        )
        self._published = self.instruments.counter(
            "hdv_events_published", "Events published.", "event"
        )
        self._announced_again = self.instruments.counter(
            "hdv_uploads_announced_again",
            "Uploads whose event Redis had lost, or had not confirmed.",
        )

    def _define_requests(self) -> None:
        self._request_seconds = self.instruments.histogram(
            "hdv_http_request_duration_seconds",
            "Time until a request was answered, the reading of its body included.",
            "method",
            "route",
            "status",
        )
        self._received_files = self.instruments.counter(
            "hdv_received_files", "Files of uploads that were accepted, without skipped ones."
        )
        self._received_bytes = self.instruments.counter(
            "hdv_received_bytes", "Size of these files."
        )

    def _define_work(self) -> None:
        self._files = self.instruments.counter(
            "hdv_files_examined", "Files examined, by outcome: accepted or rejected.", "outcome"
        )
        self._findings = self.instruments.counter(
            "hdv_findings",
            "Files with a finding of the code; of a finding across files, the studies with it.",
            "code",
            "severity",
        )
        self._archived_instances = self.instruments.counter(
            "hdv_archived_instances", "Instances archived."
        )
        self._archived_bytes = self.instruments.counter(
            "hdv_archived_bytes", "Size of these instances."
        )
        self._step_seconds = self.instruments.histogram(
            "hdv_step_duration_seconds", "Time that a step of the work took for a study.", "step"
        )
        self._killed = self.instruments.counter(
            "hdv_examinations_killed",
            "Files whose process reached a limit or crashed, by cause: time, memory or death.",
            "cause",
        )

    def _define_environment(self) -> None:
        self._errors = self.instruments.counter(
            "hdv_errors", "Errors by the type or code of the error.", "error"
        )
        self._outage = self.instruments.gauge(
            "hdv_outage",
            "1 while messages wait because the environment (disk, Redis, processes) fails.",
        )
        self.outage(lasts=False)
        self._index_rebuild = self.instruments.gauge(
            "hdv_index_rebuild_studies",
            "Studies of the archive that a rebuild of the index has read or has yet to read;"
            " 0 while none is under way.",
            "studies",
        )
        self._waiting = self.instruments.gauge(
            "hdv_studies_waiting", "Studies that wait to be validated or archived, or are at it."
        )
        self._free_bytes = self.instruments.gauge(
            "hdv_free_bytes",
            "Free space on the volume of uploads, archive or quarantine.",
            "place",
        )
        self._used_bytes = self.instruments.gauge(
            "hdv_used_bytes", "Used space on the same volume, other files included.", "place"
        )
        build = self.instruments.gauge("hdv_build_info", "Always 1.", "version")
        build.labels(self._service, version("hybrid-dicom-validator")).set(1)

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

    def space(self, place: str, *, free_bytes: int, used_bytes: int) -> None:
        """So much space is free and used at a place."""
        self._free_bytes.labels(self._service, place).set(free_bytes)
        self._used_bytes.labels(self._service, place).set(used_bytes)

    def announced_again(self) -> None:
        """An upload was announced again."""
        self._announced_again.labels(self._service).inc()

    def received(self, *, files: int, size_bytes: int) -> None:
        """An upload was accepted."""
        self._received_files.labels(self._service).inc(files)
        self._received_bytes.labels(self._service).inc(size_bytes)

    def file_examined(self, outcome: str) -> None:
        """A file was examined."""
        self._files.labels(self._service, outcome).inc()

    def findings(self, found: Iterable[tuple[str, str]]) -> None:
        """A file, or a study as a whole, has findings with these codes and severities."""
        for code, severity in set(found):
            self._findings.labels(self._service, code, severity).inc()

    def killed(self, cause: str) -> None:
        """The process of a file reached a limit or crashed, and the file is to blame."""
        self._killed.labels(self._service, cause).inc()

    def archived(self, *, instances: int, size_bytes: int) -> None:
        """A study was archived."""
        self._archived_instances.labels(self._service).inc(instances)
        self._archived_bytes.labels(self._service).inc(size_bytes)

    def step(self, name: str, seconds: float) -> None:
        """A step of the work on a study took so long."""
        self._step_seconds.labels(self._service, name).observe(seconds)

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
        return self.instruments.exposition()

    async def log_activity(self, period: float = ACTIVITY_PERIOD_SECONDS) -> None:
        """Write a line with counts, error rate, p50 and p95 every `period` seconds, for ever."""
        while True:
            await asyncio.sleep(period)
            figures = {kind: activity.take() for kind, activity in self._activity.items()}
            get_logger().info("activity", period_seconds=period, **figures)
