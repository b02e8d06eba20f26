"""Uploads with an `Idempotency-Key`: one that is sent again gets the answer of the first.

The same key with the same content gets the first answer again, with other content it is refused,
and while the first is being received it has to wait.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self, cast
from uuid import uuid4

from pydantic import ValidationError
from redis.asyncio import Redis

from chassis.messaging.publishing import EventPublisher
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake
from contracts.model import Contract, Natural, Sha256, Uuid
from gateway.uploads.key_lock import REDIS_TIMEOUT_SECONDS, KeyLock, LockLostError
from storage.study_store import StudyStore

_PREFIX = "idempotency:"

Connect = Callable[[], Awaitable[Redis]]


class Receipt(Contract):
    """What the client learns about its upload."""

    study_id: Uuid
    files: Natural
    skipped: Natural

    @classmethod
    def of(cls, intake: Intake) -> Self:
        """The receipt for an upload."""
        return cls(
            study_id=intake.event.subject,
            files=len(intake.files),
            skipped=len(intake.skipped),
        )


class Answer(Contract):
    """What Redis remembers of an upload with a key."""

    receipt: Receipt
    fingerprint: Sha256

    @classmethod
    def to(cls, intake: Intake) -> Self:
        """The answer to an upload."""
        return cls(receipt=Receipt.of(intake), fingerprint=fingerprint(intake))


def fingerprint(intake: Intake) -> str:
    """What makes two uploads the same: their files, in whatever order, and the form's fields."""
    content = [
        sorted((file.sent_as, file.sha256) for file in intake.files),
        [intake.expected_instances, intake.profile, intake.label],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class KeyedUpload:
    """An upload with a key, while it is being received.

    Args:
        lock: the key; None when there is an answer already.
        first: that answer.
        remember_seconds: how long an answer is kept.
    """

    def __init__(self, lock: KeyLock | None, first: Answer | None, remember_seconds: int) -> None:
        self._lock = lock
        self._first = first
        self._remember_seconds = remember_seconds

    def repeats(self, intake: Intake) -> Receipt | None:
        """The receipt of the first upload with this key; None if this is the first.

        Raises:
            Problem: 422, the first had other content.
        """
        if self._first is None:
            return None
        if fingerprint(intake) != self._first.fingerprint:
            detail = (
                "The files or fields differ from those that were sent with this key first. Send a "
                "new key with each new upload."
            )
            raise Problem(ProblemType.IDEMPOTENCY_KEY_REUSED, detail)
        return self._first.receipt

    async def announce(self, intake: Intake, publisher: EventPublisher) -> None:
        """Announce the upload and remember the answer to it, both or neither.

        Raises:
            Problem: 409, another request has taken the key.
            redis.exceptions.RedisError: Redis is unavailable.
        """
        if self._lock is None:
            raise RuntimeError("an upload that repeats another is not announced")
        answer = Answer.to(intake).to_json()
        try:
            async with self._lock.last_transaction() as pipeline:
                await publisher.queue(intake.event, pipeline)
                pipeline.set(self._lock.name, answer, ex=self._remember_seconds)
        except LockLostError:
            raise Problem(ProblemType.IDEMPOTENCY_KEY_IN_FLIGHT) from None
        publisher.note(intake.event)


class Idempotency:
    """The keys of uploads, in Redis.

    Args:
        connect: returns a connected client.
        studies: where studies are stored; an answer counts as long as its study exists.
        remember_seconds: how long an answer is kept.
    """

    def __init__(self, connect: Connect, studies: StudyStore, remember_seconds: int) -> None:
        self._connect = connect
        self._studies = studies
        self._remember_seconds = remember_seconds

    @contextlib.asynccontextmanager
    async def hold(self, key: str | None) -> AsyncIterator[KeyedUpload | None]:
        """Hold a key while its upload is received, and free it if the upload fails.

        Args:
            key: of the upload, if it has one.

        Raises:
            Problem: 409, an upload with this key is being received.
            redis.exceptions.RedisError: Redis is unavailable.
        """
        if key is None:
            yield None
            return
        name = _PREFIX + hashlib.sha256(key.encode()).hexdigest()
        client = await self._connect()
        lock = KeyLock(client, name, str(uuid4()).encode())
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            first = await self._take(client, lock)
        if first:
            yield KeyedUpload(None, first, self._remember_seconds)
            return
        async with lock.held():
            yield KeyedUpload(lock, None, self._remember_seconds)

    async def _take(self, client: Redis, lock: KeyLock) -> Answer | None:
        """Take the lock, unless there is an answer already.

        Raises:
            Problem: 409, another request holds it.
        """
        while not await lock.take():
            value = cast("bytes | None", await client.get(lock.name))
            if value is None:
                continue  # it has expired just now
            answer = _answer(value)
            if answer is None:
                raise Problem(ProblemType.IDEMPOTENCY_KEY_IN_FLIGHT)
            if await asyncio.to_thread(self._studies.locate, answer.receipt.study_id):
                return answer
            # Redis had the event without having said so, and the upload was taken back; or the
            # study has been removed.
            await KeyLock(client, lock.name, value).free()
        return None


def _answer(value: bytes) -> Answer | None:
    """The answer that a key has; None when it is only locked."""
    try:
        return Answer.model_validate_json(value)
    except ValidationError:
        return None
