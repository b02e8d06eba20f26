"""Clients that upload at the same time, and do not rest until each upload has its answer."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import NamedTuple, Self

import httpx2

from faults.uploads import Upload

CLIENTS = 8
PATIENCE_SECONDS = 300.0
"""How long a client tries at most until an upload is accepted."""
ATTEMPT_SECONDS = 30.0
TRY_AGAIN = {409, 429, 502, 503, 504, 507}
"""Answers after which a client sends the same again, with the same key."""


class Accepted(NamedTuple):
    """An upload that was answered with 202."""

    upload: Upload
    study_id: str


class Load:
    """Uploads that are being sent; leaving the context waits until all have been accepted.

    Args:
        urls: of the gateways; each attempt goes to any of them.
        uploads: what is sent.
        chance: decides where each attempt goes, and how long a client waits before the next.

    Attributes:
        accepted: the uploads that were answered with 202, in the order of the answers.
        attempts: how often each other answer came, by its status; 0 counts connections that broke.
    """

    def __init__(
        self, urls: Sequence[str], uploads: Sequence[Upload], chance: random.Random
    ) -> None:
        self.accepted: list[Accepted] = []
        self.attempts: Counter[int] = Counter()
        self.uploads = uploads
        self._urls = urls
        self._chance = random.Random(chance.random())
        self._waiting: SimpleQueue[Upload] = SimpleQueue()
        for upload in uploads:
            self._waiting.put(upload)
        self._progress = threading.Condition()
        self._failure: Exception | None = None
        self._threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error:
            self._fail(RuntimeError("the trial has failed"))
        for thread in self._threads:
            thread.join()
        if self._failure and not error:
            raise self._failure

    def moments(self, count: int, chance: random.Random) -> Iterator[int]:
        """Wait for so many random moments, one after the other: numbers of accepted uploads."""
        for moment in sorted(chance.choices(range(len(self.uploads)), k=count)):
            self._await_accepted(moment)
            yield moment

    def _await_accepted(self, count: int) -> None:
        with self._progress:
            self._progress.wait_for(
                lambda: len(self.accepted) >= count or self._failure, PATIENCE_SECONDS
            )
            if self._failure:
                raise self._failure

    def _client(self) -> None:
        with httpx2.Client(timeout=ATTEMPT_SECONDS) as http:
            while not self._failure:
                try:
                    upload = self._waiting.get_nowait()
                except Empty:
                    return
                try:
                    study_id = self._send(http, upload)
                except Exception as error:  # noqa: BLE001 -- raised where the load ends
                    self._fail(error)
                    return
                with self._progress:
                    self.accepted.append(Accepted(upload, study_id))
                    self._progress.notify_all()

    def _send(self, http: httpx2.Client, upload: Upload) -> str:
        """Send an upload as often as it takes; returns the id of its study."""
        files = [("file", part) for part in upload.parts]
        headers = {"Idempotency-Key": upload.key}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and not self._failure:
            url = f"{self._chance.choice(self._urls)}/upload"
            try:
                answer = http.post(url, files=files, headers=headers)
            except httpx2.TransportError:
                self.attempts[0] += 1
            else:
                if answer.status_code == 202:
                    return str(answer.json()["study_id"])
                self.attempts[answer.status_code] += 1
                if answer.status_code not in TRY_AGAIN:
                    raise AssertionError(f"{answer.status_code}: {answer.text}")
            time.sleep(self._chance.uniform(0.05, 0.5))
        raise AssertionError(f"not accepted in {PATIENCE_SECONDS:.0f} s: {dict(self.attempts)}")

    def _fail(self, error: Exception) -> None:
        with self._progress:
            self._failure = self._failure or error
            self._progress.notify_all()
