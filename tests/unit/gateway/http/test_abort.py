"""Connections whose client has stopped reading are ended, where the server can do that."""

import asyncio
from typing import Any

import pytest

from chassis.service.protocol import ABORT
from gateway.http.abort import abort
from gateway.http.download import StreamDownload


def test_a_connection_is_ended_by_the_server() -> None:
    ended = []
    assert abort({"extensions": {ABORT: {"call": lambda: ended.append(True)}}})
    assert ended == [True]


@pytest.mark.parametrize("scope", [{}, {"extensions": {}}])
def test_another_server_cannot_end_it(scope: dict[str, Any]) -> None:
    assert not abort(scope)


async def test_a_stalled_download_on_another_server_fails_with_the_timeout() -> None:
    response = StreamDownload(iter([b"1"]), idle_seconds=0.01, headers={}, media_type="text/plain")

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(_: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await response({"type": "http", "method": "GET"}, receive, send)
