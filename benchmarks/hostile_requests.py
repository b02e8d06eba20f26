"""Requests that are made to exhaust a server: its memory, its connections, its patience."""

import contextlib
import http.client
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

PATIENCE_SECONDS = 60.0
"""How long a client waits for an answer or for the end of its connection."""
FLOOD_BYTES = 150_000_000
"""What a client sends that would send for ever."""
CONNECTIONS = 500

Address = tuple[str, int]
Attack = Callable[[Address], str]
"""Sends requests; returns the status of the answer, or `closed`."""


@dataclass(frozen=True)
class Case:
    """A kind of request.

    Attributes:
        name: what is sent, in a few words.
        attack: sends it.
        expected: what has to come of it.
    """

    name: str
    attack: Attack
    expected: str


def _flood(address: Address, head: bytes, part: bytes) -> str:
    """Send a beginning, and then something over and over until the server has had enough."""
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as client:
        with contextlib.suppress(OSError):  # refused: the answer may have arrived nevertheless
            client.sendall(head)
            block = part * (1_000_000 // len(part))
            for _ in range(FLOOD_BYTES // len(block)):
                client.sendall(block)
        return _answer(client)


def _answer(client: socket.socket) -> str:
    """The status of an answer; `closed` when the connection ends without one."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while b"\r\n" not in received and (part := client.recv(65_536)):
            received += part
    return received.split()[1].decode() if received else "closed"


def _unfinished(address: Address) -> str:
    """Open many connections, send half a header line on each, and wait until all are closed."""
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(address, timeout=PATIENCE_SECONDS))
            for _ in range(CONNECTIONS)
        ]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHos")
        answers = {_answer(client) for client in clients}
    return " ".join(sorted(answers))


def _slow_json(address: Address) -> str:
    """Send a JSON body byte by byte."""
    with socket.create_connection(address, timeout=0.2) as client:
        client.sendall(_post("/quarantine/purge", {"Content-Length": "1000"}))
        until = time.monotonic() + PATIENCE_SECONDS
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < until:
                client.sendall(b" ")
                with contextlib.suppress(TimeoutError):
                    return _answer(client)
    return "closed"


def _unread(address: Address) -> str:
    """Ask for a large page many times, read nothing, and wait until the connection is reset."""
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as client:
        client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        ended = select.poll()
        ended.register(client, 0)  # of an error or an end it reports always
        return "reset" if ended.poll(PATIENCE_SECONDS * 1000) else "open"


def _post(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return (head + "".join(lines) + "\r\n").encode()


def _json(length: str) -> Attack:
    def attack(address: Address) -> str:
        headers = {length: "chunked" if length == "Transfer-Encoding" else str(FLOOD_BYTES)}
        part = b" " * 1000
        if length == "Transfer-Encoding":
            part = b"3e8\r\n" + part + b"\r\n"
        return _flood(address, _post("/quarantine/purge", headers), part)

    return attack


def _nested_json(address: Address) -> str:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
    with contextlib.closing(connection):
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/quarantine/purge", b"[" * 1_000_000, headers)
        return str(connection.getresponse().status)


GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = _post("/quarantine/purge", {"Transfer-Encoding": "chunked"})

CASES = (
    Case("header lines `a: b`", lambda to: _flood(to, GET, b"a: b\r\n"), "431"),
    Case("one endless header", lambda to: _flood(to, GET + b"a: ", b"x"), "431"),
    Case("an endless header name", lambda to: _flood(to, GET, b"x"), "431"),
    Case("an endless URL", lambda to: _flood(to, b"GET /", b"x"), "414"),
    Case("empty lines before a request", lambda to: _flood(to, b"", b"\r\n"), "431"),
    Case("an endless trailer", lambda to: _flood(to, CHUNKED + b"0\r\na: ", b"x"), "431"),
    Case("an endless chunk extension", lambda to: _flood(to, CHUNKED + b"1;a=", b"x"), "431"),
    Case("no HTTP", lambda to: _flood(to, b"\x16\x03\x01", b"\0"), "400"),
    Case("pipelined requests", lambda to: _flood(to, b"", GET + b"\r\n"), "closed"),
    Case(f"{CONNECTIONS} connections with half a header line", _unfinished, "408"),
    Case("a JSON body that says its size", _json("Content-Length"), "413"),
    Case("a JSON body that does not", _json("Transfer-Encoding"), "413"),
    Case("a JSON body of 1,000,000 `[`", _nested_json, "400"),
    Case("a JSON body, byte by byte", _slow_json, "408"),
    Case("answers that are not read", _unread, "reset"),
)
