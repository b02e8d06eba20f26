"""Services whose events are listened to, and a client that listens over HTTP."""

import contextlib
import json
import threading
from typing import Self

import httpx2

from contracts.channels import CHANNELS
from kit.pipeline import Pipeline, RedisServer

SETTINGS = {
    # A listener that is to stop notices it at the next sign of life.
    "HDV_GATEWAY__FEED__HEARTBEAT_SECONDS": "0.3",
    # What a worker had in hand when Redis was killed is soon taken up again.
    **{
        f"HDV_{service}__DELIVERY__CLAIM_IDLE_SECONDS": "0.6"
        for service in ("VALIDATOR", "DESCRIPTOR", "STATUS")
    },
}
FOR_EVER = 10**9


def stored(server: RedisServer) -> list[str]:
    """The ids of all events that Redis keeps."""
    return sorted(
        json.loads(fields["__data__"])["id"]
        for channel in CHANNELS
        for _, fields in server.client.xrange(channel.address)
    )


class Listener:
    """A client of /events/stream that hangs up after every few events and comes back."""

    def __init__(self, pipeline: Pipeline, *, start: str, per_visit: int = FOR_EVER) -> None:
        self.heard: list[str] = []
        self.connected = threading.Event()
        self._url = f"http://127.0.0.1:{pipeline.ports['gateway']}/events/stream"
        self._last = start
        self._per_visit = per_visit
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            headers = {"Last-Event-ID": self._last}
            with (
                contextlib.suppress(httpx2.TransportError),
                httpx2.stream("GET", self._url, headers=headers, timeout=10) as answer,
            ):
                self._visit(answer)

    def _visit(self, answer: httpx2.Response) -> None:
        left = self._per_visit
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "id":
                self._last = value
                self.connected.set()
            elif field == "data":
                self.heard.append(json.loads(value)["id"])
                left -= 1
            if self._stopped.is_set() or left <= 0:
                return
