"""Admits requests to routes: after a route was found, and before anything of a body is read."""

import hashlib
import hmac
from typing import Protocol

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from chassis.access.caller import EVERYTHING, Caller
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

CALLER = "hdv.caller"
"""Where the scope of a request (ASGI) has its `Caller`."""
REALM = 'Bearer realm="hdv"'


class Guard(Protocol):
    """Decides which requests are served."""

    async def admit(self, scope: Scope, path: str) -> Caller:
        """Admit a request.

        Args:
            scope: of the request (ASGI); the parameters of the path are in it.
            path: of the route, such as `/status/{study_id}`.

        Raises:
            Problem: 401 or 403, or 404 for what the caller may not know of.
        """
        ...

    def still_admits(self, caller: Caller) -> bool:
        """Whether a caller that was admitted would be again: a response may last for minutes."""
        ...


class GuardedRoute(APIRoute):
    """A route that asks the application's guard first. `chassis.web.routing.Router` makes them."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request (ASGI), if the guard admits it."""
        # Another method gets 405 from FastAPI.
        if self.methods and scope["method"] in self.methods:
            guard: Guard = scope["app"].state.guard
            try:
                scope[CALLER] = await guard.admit(scope, self.path_format)
            except Problem as problem:
                if has_body(scope):
                    # Else the body would be read, only to be discarded.
                    problem.headers["Connection"] = "close"
                raise
        await super().handle(scope, receive, send)


def install(app: FastAPI, guard: Guard) -> None:
    """Guard the routes of an application; without a guard they fail."""
    app.state.guard = guard


def caller_of(request: Request) -> Caller:
    """The sender of a request that was admitted."""
    caller: Caller = request.scope[CALLER]
    return caller


def is_admitted(request: Request) -> bool:
    """Whether the sender of a request that was admitted would be admitted again now."""
    guard: Guard = request.app.state.guard
    return guard.still_admits(caller_of(request))


def bearer_token(scope: Scope) -> str | None:
    """The token or key in the header `Authorization` (RFC 6750, section 2.1); None without one.

    Raises:
        Problem: 401, there are several, or it is of another kind.
    """
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if not found:
        return None
    kind, _, token = found[0].partition(b" ")
    if len(found) > 1 or kind.lower() != b"bearer" or not token.isascii():
        raise unauthorized("Send one header: `Authorization: Bearer` and a key or token.")
    return str(token.strip().decode())


def unauthorized(detail: str, *, invalid: bool = False) -> Problem:
    """The problem that a request has no valid key or token.

    Args:
        detail: what is wrong, without what was sent.
        invalid: whether one was sent (RFC 6750, section 3.1).
    """
    challenge = f'{REALM}, error="invalid_token"' if invalid else REALM
    return Problem(ProblemType.UNAUTHORIZED, detail, headers={"WWW-Authenticate": challenge})


def has_body(scope: Scope) -> bool:
    """Whether a request announces a body."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


class InternalToken:
    """The token of the services."""

    def __init__(self, token: SecretStr | None) -> None:
        self._digest = _digest(token.get_secret_value()) if token else None

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._digest is not None

    def is_same(self, sent: str) -> bool:
        """Whether a client has sent it; takes as long whatever was sent."""
        return self._digest is not None and hmac.compare_digest(_digest(sent), self._digest)


class TokenGuard:
    """Guards a service that only other services call: by the token that they share.

    Args:
        token: the token; None admits every request.
        is_open: the paths that need none.
    """

    SERVICE = Caller("service", EVERYTHING)

    def __init__(self, token: SecretStr | None, is_open: frozenset[str]) -> None:
        self._token = InternalToken(token)
        self._open = is_open

    async def admit(self, scope: Scope, path: str) -> Caller:
        """Admit a request.

        Raises:
            Problem: 401.
        """
        if path not in self._open and self._token.is_set:
            detail = "This interface requires the `internal_token` of the services."
            if (sent := bearer_token(scope)) is None:
                raise unauthorized(detail)
            if not self._token.is_same(sent):
                raise unauthorized(detail, invalid=True)
        return self.SERVICE

    def still_admits(self, caller: Caller) -> bool:
        """The token does not change while the service runs."""
        return caller is self.SERVICE


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
