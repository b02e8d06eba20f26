"""ASGI middleware against web pages of other sites: checks `Host` and `Origin`, adds headers.

A browser on the gateway's network sends whatever a page of another site asks it to. A form of such
a page needs no permission to post (`Sec-Fetch-Site`, `Origin`), and a name of its owner may lead to
the gateway's address, so that the page is of the same site (DNS rebinding: `Host`). Addresses in
numbers cannot be used for that; a name has to be known.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.web.guard import has_body
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType

ANY = "*"
"""In place of a name: any host is believed."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OWN_SITE = frozenset({b"same-origin", b"none"})
"""`Sec-Fetch-Site` of requests that no other site has caused; `none` is the user."""
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]*)(?::[0-9]{0,5})?")
CSP = b"content-security-policy"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
)
POLICY = (CSP, b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
"""What is no page runs nothing, and is shown in no page."""


class Perimeter:
    """Refuses requests that a page of another site may have caused, and protects responses.

    Args:
        app: what serves the others.
        hosts: names under which clients reach the service, besides `localhost` and addresses; with
            `*` any name.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                names = {name for name, _ in headers}
                message["headers"] = [
                    *headers,
                    *(header for header in HEADERS if header[0] not in names),
                    *([] if CSP in names else [POLICY]),
                ]
            await send(message)

        if problem := self._problem(scope):
            if has_body(scope):
                problem.headers["Connection"] = "close"
            await problem.response()(scope, receive, send_protected)
        else:
            await self._app(scope, receive, send_protected)

    def _problem(self, scope: Scope) -> Problem | None:
        """Why a request is refused."""
        host = origin = site = b""
        hosts = 0
        for name, value in scope["headers"]:
            if name == b"host":
                host, hosts = value, hosts + 1
            elif name == b"origin":
                origin = value
            elif name == b"sec-fetch-site":
                site = value
        if hosts > 1 or not self._knows(host):
            return Problem(
                ProblemType.UNKNOWN_HOST,
                "The name in the header `Host` is not one of this service. If it should be, add it "
                "to the setting `allowed_hosts`, or set `public_url`.",
            )
        if scope["method"] in SAFE_METHODS:
            return None
        # Browsers send the first header where the connection is encrypted or local, and the second
        # with every request that is not safe; programs send neither.
        own = site in OWN_SITE if site else self._is_own(origin, host)
        return None if own else Problem(ProblemType.CROSS_SITE_REQUEST)

    def _knows(self, host: bytes) -> bool:
        name, is_certain = _name_of(host)
        return is_certain or name in self._hosts or ANY in self._hosts

    def _is_own(self, origin: bytes, host: bytes) -> bool:
        """Whether a page of this service has caused a request; a proxy may change `Host`."""
        if not origin:
            return True
        _, _, authority = origin.rpartition(b"//")
        return authority == host or _name_of(authority)[0] in self._hosts


@lru_cache(maxsize=256)
def _name_of(host: bytes) -> tuple[str, bool]:
    """The name in a header `Host` without its port, and whether no one else can own it.

    No host at all is one as well: browsers always send it.
    """
    match = _HOST.fullmatch(host.decode("latin-1").lower())
    name = match[1].removesuffix(".") if match else "?"
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return name, name in {"", "localhost"}
    return name, True
