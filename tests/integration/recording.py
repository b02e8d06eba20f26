"""Records everything that skips the event bus of a running pipeline."""

import threading
from typing import Any, Self

import redis

from asyncapi.check import MessageCheck, Recorded, Violation
from asyncapi.document import committed_document
from kit.pipeline import RedisServer


class Recorder:
    """Listens to every live channel while it is entered; what streams hold can be read any time."""

    def __init__(self, server: RedisServer) -> None:
        self.live: list[Recorded] = []
        # Typed as Any: redis-py's answers are unions of everything a server might say.
        self._client: Any = redis.Redis(port=server.port)
        self._check = MessageCheck(committed_document())
        self._ready, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._client.close()

    def streams(self) -> dict[str, list[dict[bytes, bytes]]]:
        """The entries of every stream."""
        names = [name.decode() for name in self._client.scan_iter(_type="stream")]
        return {name: [fields for _, fields in self._client.xrange(name)] for name in names}

    def violations(self) -> list[Violation]:
        """How everything so far breaks the document."""
        found = [
            violation for message in self.live for violation in self._check.violations(message)
        ]
        for address, entries in self.streams().items():
            for fields in entries:
                found += self._check.entry_violations(address, fields)
        return found

    def _listen(self) -> None:
        with self._client.pubsub() as subscription:
            subscription.psubscribe("*")
            while not self._stopped.is_set():
                message = subscription.get_message(timeout=0.1)
                if message and message["type"] == "psubscribe":
                    self._ready.set()
                elif message:
                    address = message["channel"].decode()
                    self.live.append(Recorded("live", address, message["data"]))
