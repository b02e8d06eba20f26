"""Answers that may be large: sent while the client reads, given up when it has stopped."""

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.observability.logs import get_logger
from chassis.service.server import ABORT
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.http.conditions import UnsatisfiableRangeError, Version

OWNERS = "private, no-cache"
"""`Cache-Control` of what is a patient's: no shared cache keeps it, and others ask each time."""


class FileDownload(FileResponse):
    """A file, or parts of it.

    Args:
        path: where it lies.
        byte_ranges: a plain `Range`; the whole file when None. The request's own is not looked at:
            Starlette answers 400 where RFC 9110, 14.2 wants it ignored.
        idle_seconds: how long the client may read nothing.
        headers: of the answer.
        media_type: of the file.
    """

    chunk_size = 1 << 18

    def __init__(
        self,
        path: Path,
        byte_ranges: str | None,
        *,
        idle_seconds: float,
        headers: dict[str, str],
        media_type: str,
    ) -> None:
        super().__init__(path, headers=headers, media_type=media_type)
        self._byte_ranges = byte_ranges
        self._idle_seconds = idle_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI)."""
        asked = MutableHeaders(raw=list(scope["headers"]))
        del asked["range"], asked["if-range"]
        if self._byte_ranges:
            asked["range"] = self._byte_ranges
        scope = {**scope, "headers": asked.raw}
        await _while_read(super().__call__, self._idle_seconds, scope, receive, send)


class StreamDownload(StreamingResponse):
    """Bytes that are made while they are sent; the making ends when the client goes away.

    Args:
        pieces: the bytes; taken in threads.
        idle_seconds: how long the client may read nothing.
        headers: of the answer.
        media_type: of the bytes.
    """

    def __init__(
        self,
        pieces: Iterator[bytes],
        *,
        idle_seconds: float,
        headers: dict[str, str],
        media_type: str,
    ) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._idle_seconds = idle_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI). For HEAD nothing is made."""
        if scope["method"] == "HEAD":
            self.body_iterator = iterate_in_threadpool(())
        await _while_read(super().__call__, self._idle_seconds, scope, receive, send)


async def _while_read(
    answer: ASGIApp, idle_seconds: float, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer, but end the connection when the client reads nothing for too long."""

    async def send_in_time(message: Message) -> None:
        async with asyncio.timeout(idle_seconds):
            await send(message)

    try:
        await answer(scope, receive, send_in_time)
    except TimeoutError:
        get_logger().warning("download.stalled")
        scope["extensions"][ABORT]["call"]()


def answer_file(
    request: Request,
    path: Path,
    *,
    media_type: str,
    idle_seconds: float,
    sha256: str | None = None,
    filename: str | None = None,
) -> Response:
    """The answer to a request for a file: 200, 206 with ranges of it, or 304. Blocks.

    Args:
        request: with its conditions and ranges.
        path: where the file lies.
        media_type: of the file.
        idle_seconds: how long the client may read nothing.
        sha256: of its bytes; when not known, time and size tell the version.
        filename: under which a browser is to keep it.

    Raises:
        FileNotFoundError: there is no such file.
        Problem: 412 or 416.
    """
    stat = path.stat()
    tag = sha256 or f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
    version = Version.of(tag, stat.st_mtime)
    headers = {"Cache-Control": OWNERS, "X-Content-Type-Options": "nosniff", **version.headers}
    match version.stands_against(request.headers):
        case HTTPStatus.NOT_MODIFIED:
            return Response(status_code=304, headers=headers)
        case HTTPStatus.PRECONDITION_FAILED:
            detail = f"The file is there, but as version {version.tag}."
            raise Problem(ProblemType.PRECONDITION_FAILED, detail)
    if filename:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    try:
        ranges = version.ranges(request.headers, stat.st_size) if request.method == "GET" else None
    except UnsatisfiableRangeError:
        raise Problem(
            ProblemType.RANGE_NOT_SATISFIABLE,
            f"The file has {stat.st_size} bytes.",
            headers={"Content-Range": f"bytes */{stat.st_size}"},
        ) from None
    return FileDownload(
        path, ranges, idle_seconds=idle_seconds, headers=headers, media_type=media_type
    )
