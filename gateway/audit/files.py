"""The files of the audit log: JSON lines that are only added to, a file for each day and process.

Blocks; the trail calls it in a thread of its own.
"""

import heapq
import os
import re
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from gateway.audit.record import AuditRecord

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.(.+)\.(\d{3,})\.ndjson")


class AuditFiles:
    """Writes records.

    Args:
        directory: of the log; it is made, closed to other users.
        instance: the name of this process: each has files of its own, so none waits for another.
        max_bytes: a file that has grown to this is continued in the next one.
        days: files older than this many days are deleted; None keeps all.
    """

    def __init__(
        self, directory: Path, instance: str, *, max_bytes: int, days: float | None
    ) -> None:
        self._directory = directory
        self._instance = re.sub(r"[^A-Za-z0-9_-]", "-", instance)
        self._max_bytes = max_bytes
        self._days = days
        # A write whose caller was cancelled goes on in its thread.
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._day: date | None = None
        self._size = 0

    def write(self, records: Iterable[AuditRecord]) -> None:
        """Add records; they are durable when this returns.

        Raises:
            OSError: they may be written in part; a half line is completed before the next one.
        """
        with self._lock:
            self._write(b"".join(record.to_json() + b"\n" for record in records))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def _write(self, lines: bytes) -> None:
        today = datetime.now(UTC).date()
        if self._descriptor is None or today != self._day or self._size >= self._max_bytes:
            self._open(today)
        left = memoryview(lines)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
            os.fdatasync(self._fd)
        except OSError:
            # The rest is written to a new file, so that no line continues a broken one.
            self._close()
            raise
        self._size += len(lines)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def _fd(self) -> int:
        if self._descriptor is None:
            raise OSError("no audit file is open")
        return self._descriptor

    def _open(self, today: date) -> None:
        self._close()
        self._directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        number = 0
        while True:
            path = self._directory / f"{today}.{self._instance}.{number:03}.ndjson"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL
                self._descriptor = os.open(path, flags, 0o640)
                break
            except FileExistsError:
                number += 1
        self._day, self._size = today, 0
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._remove_old(today)

    def _remove_old(self, today: date) -> None:
        if self._days is None:
            return
        oldest = today - timedelta(days=self._days)
        for path in self._directory.glob("*.ndjson"):
            match = _NAME.fullmatch(path.name)
            if match and date.fromisoformat(match[1]) < oldest:
                path.unlink(missing_ok=True)


def read_records(directory: Path) -> Iterator[AuditRecord]:
    """All records of all processes, by time. Half lines are left out.

    Raises:
        FileNotFoundError: there is no such directory.
    """
    matches = filter(None, (_NAME.fullmatch(path.name) for path in sorted(directory.iterdir())))
    for _, files in groupby(matches, key=lambda match: match[1]):
        of_day = [_read_file(directory / match[0]) for match in files]
        yield from heapq.merge(*of_day, key=lambda record: record.time)


def _read_file(path: Path) -> Iterator[AuditRecord]:
    with path.open("rb") as file:
        for line in file:
            try:
                yield AuditRecord.model_validate_json(line)
            except ValueError:  # the disk was full, or the power failed
                continue
