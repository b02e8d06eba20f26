"""ASGI middleware that measures each request, gives it an id and logs it."""

import logging
import time
from http import HTTPStatus
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.observability.logs import get_logger
from chassis.observability.metrics import Metrics

OPERATION_ROUTES = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Routes that are polled all the time; they are logged for debugging only."""


class RequestLog:
    """Logs each request by its route, never by its path: that is the client's text."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = answered = time.perf_counter()
        request_id = _request_id(scope)
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def send_with_id(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                # Not when the body has been sent: a stream of events goes on for minutes.
                answered = time.perf_counter()
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = (answered if answered > started else time.perf_counter()) - started
            route = getattr(scope.get("route"), "path", "unknown")
            self._metrics.request(scope["method"], route, status, seconds)
            get_logger().log(
                logging.DEBUG if route in OPERATION_ROUTES else logging.INFO,
                "request",
                method=scope["method"],
                route=route,
                status=status,
                duration_ms=round(seconds * 1000, 2),
                request_id=request_id.decode(),
            )


def _request_id(scope: Scope) -> bytes:
    """The client's `X-Request-ID` when it is a plain token, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and len(value) <= 64 and value.replace(b"-", b"").isalnum():
            return bytes(value)
    return str(uuid4()).encode()
