"""Sends records by syslog over TLS (RFC 5424, RFC 5425), as DICOM audit messages (PS3.15 A.6.1)."""

import asyncio
import contextlib
import os
import random
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Protocol

from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from gateway.audit.dicom import audit_message
from gateway.audit.record import AuditRecord

MOST_WAITING = 10_000
"""Records that wait while the server is unavailable; then the oldest are not sent. The files have
them."""
TIMEOUT_SECONDS = 10.0
LAST_SECONDS = 5.0
"""How long a gateway that stops waits for the server to take the last records."""
RETRY_SECONDS = (1.0, 60.0)
_PRIORITY = 10 * 8 + 5
"""Facility 10 (security), severity 5 (notice), as PS3.15 A.6 recommends."""


class Destination(Protocol):
    """Where records are sent; the setting `audit`."""

    @property
    def syslog_host(self) -> str | None:
        """Name of the server."""
        ...

    @property
    def syslog_port(self) -> int:
        """Its port."""
        ...

    @property
    def syslog_ca(self) -> Path | None:
        """Its certificate authority."""
        ...

    @property
    def syslog_certificate(self) -> Path | None:
        """Our certificate and key."""
        ...


class Syslog:
    """Sends records to a server, in their order.

    Args:
        destination: the server.
        metrics: counts what is not sent.
    """

    def __init__(self, destination: Destination, metrics: Metrics) -> None:
        self._destination = destination
        self._metrics = metrics
        self._waiting: deque[AuditRecord] = deque()
        self._work = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()

    def add(self, records: Sequence[AuditRecord]) -> None:
        """Take records to send. Returns at once."""
        self._waiting.extend(records)
        self._sent.clear()
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._metrics.error("audit.syslog-lost")
        self._work.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what comes; at the end of the context what waits, if the server takes it soon."""
        sending = asyncio.create_task(self.send_continually())
        try:
            yield
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self._sent.wait()
            sending.cancel()
            await asyncio.wait([sending])
            if self._waiting:
                get_logger().error("audit.syslog_lost", count=len(self._waiting))

    async def send_continually(self) -> None:
        """Send what comes, for ever; later while the server is unavailable."""
        pause, longest = RETRY_SECONDS
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self._send()
                pause = RETRY_SECONDS[0]
            except (OSError, TimeoutError) as error:
                self._metrics.error("audit.syslog-delayed")
                get_logger().warning("audit.syslog_delayed", error=error_name(error))
                self._work.set()
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
                pause = min(pause * 2, longest)

    async def _send(self) -> None:
        """Send all that waits over one connection, which is then kept until more comes.

        Raises:
            OSError: the server is unavailable; likewise `TimeoutError`.
        """
        context = await asyncio.to_thread(self._context)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(
                self._destination.syslog_host, self._destination.syslog_port, ssl=context
            )
        try:
            while True:
                while self._waiting:
                    record = self._waiting[0]
                    if reader.at_eof():
                        raise ConnectionResetError
                    writer.write(framed(record))
                    async with asyncio.timeout(TIMEOUT_SECONDS):
                        await writer.drain()
                    if self._waiting and self._waiting[0] is record:
                        self._waiting.popleft()
                self._sent.set()
                self._work.clear()
                await self._work.wait()
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await writer.wait_closed()

    def _context(self) -> ssl.SSLContext:
        """Blocks: reads files."""
        context = ssl.create_default_context(cafile=self._destination.syslog_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._destination.syslog_certificate:
            context.load_cert_chain(self._destination.syslog_certificate)
        return context


def framed(record: AuditRecord) -> bytes:
    """A record as RFC 5425 sends it: the length of the message in bytes, a space, the message."""
    time = record.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    header = f"<{_PRIORITY}>1 {time} {socket.gethostname()} hdv {os.getpid()} DICOM+RFC3881 - "
    message = header.encode("ascii", "replace") + b"\xef\xbb\xbf" + audit_message(record)
    return b"%d %s" % (len(message), message)
