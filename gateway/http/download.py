"""Large responses: sent as the client reads, aborted when it stops reading."""

import asyncio
from collections.abc import Iterator
from http import HTTPStatus

from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.observability.logs import get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.http.abort import abort
from gateway.http.byte_ranges import RangesBody
from gateway.http.conditions import UnsatisfiableRangeError, Version
from storage.stored_file import FileInStore

OWNERS = "private, no-cache"
"""`Cache-Control` of patient data: no shared cache keeps it, a private one asks each time."""


class StreamDownload(StreamingResponse):
    """Bytes that are created while they are sent; ends when the client disconnects.

    Args:
        pieces: the bytes; taken in threads.
        idle_seconds: how long the client may stop reading.
        headers: those of the response.
        media_type: that of the bytes.
        status_code: of the answer.
    """

    def __init__(
        self,
        pieces: Iterator[bytes],
        *,
        idle_seconds: float,
        headers: dict[str, str],
        media_type: str,
        status_code: int = 200,
    ) -> None:
        super().__init__(pieces, status_code, headers=headers, media_type=media_type)
        self._idle_seconds = idle_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI). For HEAD no bytes are created."""
        if scope["method"] == "HEAD":
            self.body_iterator = iterate_in_threadpool(())
        await _while_read(super().__call__, self._idle_seconds, scope, receive, send)


async def _while_read(
    answer: ASGIApp, idle_seconds: float, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer, but end the connection if the client stops reading for too long."""

    async def send_in_time(message: Message) -> None:
        async with asyncio.timeout(idle_seconds):
            await send(message)

    try:
        await answer(scope, receive, send_in_time)
    except TimeoutError:
        get_logger().warning("download.stalled")
        if not abort(scope):
            raise


def answer_file(
    request: Request,
    file: FileInStore,
    *,
    media_type: str,
    idle_seconds: float,
    sha256: str | None = None,
    filename: str | None = None,
) -> Response:
    """Answer a request for a file: 200, 206 with ranges of it, or 304. Blocks.

    Args:
        request: with its conditions and ranges.
        file: the file.
        media_type: that of the file.
        idle_seconds: how long the client may stop reading.
        sha256: digest of its bytes; if None, time and size identify the version.
        filename: the name under which a browser saves it.

    Raises:
        FileNotFoundError: there is no such file.
        Problem: 412 or 416.
    """
    stat = file.stat()
    tag = sha256 or f"{stat.modified_ns:x}-{stat.size_bytes:x}"
    version = Version.of(tag, stat.modified_ns / 1e9)
    headers = {"Cache-Control": OWNERS, "X-Content-Type-Options": "nosniff", **version.headers}
    match version.failed_precondition(request.headers):
        case HTTPStatus.NOT_MODIFIED:
            return Response(status_code=304, headers=headers)
        case HTTPStatus.PRECONDITION_FAILED:
            detail = f"The file has version {version.tag}."
            raise Problem(ProblemType.PRECONDITION_FAILED, detail)
    if filename:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    try:
        ranges = (
            version.ranges(request.headers, stat.size_bytes) if request.method == "GET" else None
        )
    except UnsatisfiableRangeError:
        raise Problem(
            ProblemType.RANGE_NOT_SATISFIABLE,
            f"The file has {stat.size_bytes} bytes.",
            headers={"Content-Range": f"bytes */{stat.size_bytes}"},
        ) from None
    headers["Accept-Ranges"] = "bytes"
    if ranges is None:
        status, body_headers, body_type = 200, {"Content-Length": str(stat.size_bytes)}, media_type
        pieces = file.chunks()
    else:
        body = RangesBody(file, ranges, stat.size_bytes, media_type)
        status, body_headers, body_type = 206, body.headers, body.media_type
        pieces = body.pieces()
    return StreamDownload(
        pieces,
        idle_seconds=idle_seconds,
        headers=headers | body_headers,
        media_type=body_type,
        status_code=status,
    )
