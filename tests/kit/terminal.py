"""The command line of `hdv`, with a gateway in memory at the other end."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import pytest
from typer.testing import CliRunner, Result

from hdv.cli import app
from hdv.client import gateway

Server = Callable[[httpx2.Request], httpx2.Response]


class Terminal:
    """Runs commands; their requests go to a server in memory, and their pauses take no time.

    Attributes:
        server: answers the requests.
        pauses: how long the commands have waited, in seconds; the clock includes them.
    """

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.pauses: list[float] = []
        clock = time.monotonic
        monkeypatch.setenv("HDV_URL", "http://gateway")
        monkeypatch.setattr(gateway.time, "sleep", self.pauses.append)
        monkeypatch.setattr(gateway.time, "monotonic", lambda: clock() + sum(self.pauses))

    def __call__(self, *arguments: object, keys: str | None = None) -> Result:
        """Run `hdv`.

        Args:
            arguments: the words after `hdv`.
            keys: what the user types.
        """
        with clients_of(self.server):
            return CliRunner().invoke(app, [str(argument) for argument in arguments], input=keys)

    def json(self, *arguments: object) -> Any:
        """The JSON that a command writes; it must find nothing wrong."""
        result = self(*arguments, "--format", "json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)


def clients_of(server: Server) -> AbstractContextManager[object]:
    """In this context, every new HTTP client sends its requests to the server."""
    client = partial(httpx2.Client, transport=httpx2.MockTransport(server))
    return patch.object(httpx2, "Client", client)


def tree(root: Path, **files: bytes) -> Path:
    """Write files below a directory; `__` in their names separates folders."""
    for name, content in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root
