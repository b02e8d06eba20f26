"""The trail: takes records without waiting, and writes them in the background.

What could not be written stays in the queue and is tried again; while that fails, or the queue is
full, requests that would have to be recorded are refused (docs/decisions).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from chassis.observability.instruments import Instruments
from chassis.observability.logs import error_name, get_logger
from gateway.audit.record import AuditRecord, Kind, Outcome

MOST_WAITING = 10_000
MOST_AT_ONCE = 1000
GATHER_SECONDS = 0.1
"""How long records gather for one write: what a power cut can lose."""
RETRY_SECONDS = 2.0


class Files(Protocol):
    """Where records are written; `gateway.audit.files.AuditFiles`."""

    def write(self, records: Sequence[AuditRecord], /) -> None:
        """Write records durably."""

    def close(self) -> None:
        """Close what is open."""


class Trail:
    """Takes records, and writes them to files and what else listens.

    Args:
        files: where records are written.
        instance: the name of this process.
        instruments: for its metrics.
    """

    def __init__(self, files: Files, instance: str, instruments: Instruments) -> None:
        self._files = files
        self._instance = instance
        self._waiting: deque[AuditRecord] = deque()
        self._work = asyncio.Event()
        self._is_failing = False
        self._service = instruments.service
        self._records = instruments.counter(
            "hdv_audit_records", "Records of the audit log, by kind and outcome.", "kind", "outcome"
        )
        self._unwritten = instruments.gauge(
            "hdv_audit_unwritten", "Records of the audit log that could not be written yet."
        )
        self._unwritten.labels(self._service).set(0)
        self._unrecorded = instruments.counter(
            "hdv_audit_unrecorded", "Refusals that are not in the audit log, which was unavailable."
        )
        self.listeners: list[Callable[[Sequence[AuditRecord]], None]] = []

    @property
    def accepts(self) -> bool:
        """Whether what is done now will be recorded."""
        return not self._is_failing and len(self._waiting) < MOST_WAITING

    def add(self, record: AuditRecord) -> None:
        """Take a record. Returns at once; never drops one."""
        self._records.labels(self._service, record.kind, record.outcome).inc()
        self._waiting.append(record.model_copy(update={"instance": self._instance}))
        self._work.set()

    def count_unrecorded(self) -> None:
        """Count a refusal that is not recorded, for the log is unavailable."""
        self._unrecorded.labels(self._service).inc()

    async def check(self) -> str | None:
        """Readiness: raises while records cannot be written."""
        if not self.accepts:
            raise OSError("the audit log cannot be written")
        return None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Record the start and, at the end of the context, the stop; then write what waits.

        Raises:
            OSError: the log cannot be written: the service must not start.
        """
        self.add(_own(Kind.START))
        await self._write()
        try:
            yield
        finally:
            self.add(_own(Kind.STOP))
            while self._waiting:  # tried at least once: the disk may have room again
                await self._try_to_write()
                if self._is_failing:
                    get_logger().critical("audit.lost", count=len(self._waiting))
                    break
            self._files.close()

    async def write_continually(self) -> None:
        """Write what comes, for ever."""
        while True:
            await self._work.wait()
            self._work.clear()
            await self._try_to_write()
            await asyncio.sleep(RETRY_SECONDS if self._is_failing else GATHER_SECONDS)
            if self._waiting:
                self._work.set()

    async def _try_to_write(self) -> None:
        try:
            await self._write()
        except OSError as error:
            if not self._is_failing:
                get_logger().critical("audit.not_written", error=error_name(error))
            self._is_failing = True
        else:
            if self._is_failing:
                get_logger().warning("audit.written_again")
            self._is_failing = False
        self._unwritten.labels(self._service).set(len(self._waiting) if self._is_failing else 0)

    async def _write(self) -> None:
        """Write some of what waits; it stays if that fails, and a part of it may come twice."""
        records = [self._waiting[number] for number in range(min(len(self._waiting), MOST_AT_ONCE))]
        if not records:
            return
        writing = asyncio.ensure_future(asyncio.to_thread(self._files.write, records))
        try:
            await asyncio.shield(writing)
        finally:
            await asyncio.wait([writing])  # also if this task was cancelled: the thread goes on
            if not writing.exception():
                for _ in records:
                    self._waiting.popleft()
                for listener in self.listeners:
                    listener(records)


def _own(kind: Kind) -> AuditRecord:
    return AuditRecord(kind=kind, outcome=Outcome.SUCCESS, caller="gateway")
