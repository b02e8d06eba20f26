"""ASGI middleware that makes a span of each request, named by its route."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.observability.tracing import Tracing
from chassis.service.request_log import OPERATION_ROUTES


class RequestTrace:
    """Begins a trace with each request, or continues that of its header `traceparent`."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request (ASGI)."""
        if scope["type"] != "http" or scope["path"] in OPERATION_ROUTES:
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        with self._tracing.span(
            method,
            kind="server",
            parent=_traceparent(scope),
            attributes={"http.request.method": method},
        ) as span:

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = message["status"]
                    route = getattr(scope.get("route"), "path_format", "unknown")
                    span.rename(f"{method} {route}")
                    span.note({"http.route": route, "http.response.status_code": status})
                    if status >= 500:
                        span.fail()
                await send(message)

            await self._app(scope, receive, send_noted)


def _traceparent(scope: Scope) -> str | None:
    found = (value for name, value in scope["headers"] if name == b"traceparent")
    value = next(found, None)
    return value.decode("latin-1") if value else None
