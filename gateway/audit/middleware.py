"""ASGI middleware that records requests: the one place in which that is done."""

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access.caller import ANYONE, Caller
from chassis.web.guard import CALLER
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.audit.audited_routes import REFUSALS, kind_of
from gateway.audit.record import AuditRecord, Kind, Outcome
from gateway.audit.trail import Trail

STUDIES = "hdv.studies"
"""Where an upload puts the ids of the studies that it has become."""
ANONYMOUS = "anonymous"
_LONGEST_NAME = 200
_STUDY_PARAMETERS = ("study_id", "study")
_IDENTIFIER = re.compile(r"[0-9a-f.-]{1,64}(\.dcm)?")
"""Ids of ours, UIDs, names of stored files. What a client has made up is not recorded."""


class Audit:
    """Records each request that is audited, before the first byte of its answer is sent.

    While records cannot be written it refuses such requests with 503, and nothing else.

    Args:
        app: what serves the requests.
        trail: takes the records.
        routes: the application whose routes are asked what a request is, when it is refused.
    """

    def __init__(self, app: ASGIApp, trail: Trail, routes: FastAPI) -> None:
        self._app = app
        self._trail = trail
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._trail.accepts and self._is_audited(scope):
            problem = Problem(ProblemType.AUDIT_UNAVAILABLE, headers={"Connection": "close"})
            await problem.response()(scope, receive, send)
            return
        is_recorded = False

        async def send_recorded(message: Message) -> None:
            nonlocal is_recorded
            if message["type"] == "http.response.start" and not is_recorded:
                is_recorded = True
                self._record(scope, message["status"], _header(message, b"x-request-id"))
            await send(message)

        try:
            await self._app(scope, receive, send_recorded)
        finally:
            if not is_recorded:  # the client has gone, or the route has failed
                self._record(scope, HTTPStatus.INTERNAL_SERVER_ERROR, None)

    def _is_audited(self, scope: Scope) -> bool:
        for route in self._routes.routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return kind_of(getattr(route, "path_format", ""), scope["method"]) is not None
        return False

    def _record(self, scope: Scope, status: int, request_id: str | None) -> None:
        route = getattr(scope.get("route"), "path_format", None)
        kind = kind_of(route or "", scope["method"])
        if kind is None:
            if status not in REFUSALS:
                return
            kind = Kind.REFUSAL
            if not self._trail.accepts:  # everyone can cause refusals: they must not fill memory
                self._trail.count_unrecorded()
                return
        parameters: dict[str, Any] = scope.get("path_params", {})
        client = scope.get("client")
        self._trail.add(
            AuditRecord(
                kind=kind,
                outcome=Outcome.of(status),
                caller=_caller(scope),
                address=client[0] if client else None,
                method=scope["method"],
                route=route,
                status=status,
                study_ids=scope.get(STUDIES) or _studies(parameters),
                detail=_detail(parameters),
                request_id=request_id,
            )
        )


def _caller(scope: Scope) -> str:
    caller: Caller = scope.get(CALLER, ANYONE)
    if caller is ANYONE:
        return ANONYMOUS
    # The subject of a token may be any text.
    return "".join(filter(str.isprintable, caller.name))[:_LONGEST_NAME]


def _studies(parameters: dict[str, Any]) -> tuple[str, ...]:
    found = (str(parameters.get(name, "")) for name in _STUDY_PARAMETERS)
    return tuple(value for value in found if _IDENTIFIER.fullmatch(value))


def _detail(parameters: dict[str, Any]) -> str | None:
    others = (str(value) for name, value in parameters.items() if name not in _STUDY_PARAMETERS)
    return "/".join(value for value in others if _IDENTIFIER.fullmatch(value)) or None


def _header(message: Message, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in message["headers"] if key == name), None)
