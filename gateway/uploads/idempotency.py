"""Uploads with an `Idempotency-Key`: one that is sent again gets the answer of the first.

The same key with the same content gets the first answer again, with other content it is refused,
and while the first is being received it has to wait.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Self, cast
from uuid import UUID

from pydantic import ValidationError
from redis.asyncio import Redis

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake
from contracts.model import Contract, Natural, Sha256, Uuid
from gateway.uploads.key_lock import REDIS_TIMEOUT_SECONDS, KeyLock
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


@dataclass(frozen=True)
class RememberedAnswer:
    """The answer to a key, as Redis keeps it.

    Attributes:
        name: of the key in Redis.
        held_by: the key's value while the upload holds it.
        value: the answer.
        seconds: how long it is kept.
    """

    name: str
    held_by: bytes
    value: bytes
    seconds: int


class KeyedUpload:
    """An upload with a key, while it is being received.

    Args:
        digest: of its key.
        lock: the key; None when there is an answer already.
        first: that answer.
    """

    def __init__(self, digest: str, lock: KeyLock | None, first: Answer | None) -> None:
        self.digest = digest
        self._lock = lock
        self._first = first

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

    async def require_lock(self) -> None:
        """Make sure that no other request has taken the key: it expires if Redis is unavailable.

        Raises:
            Problem: 409, one has.
            redis.exceptions.RedisError: Redis is unavailable.
        """
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            if self._lock and not await self._lock.is_ours():
                raise Problem(ProblemType.IDEMPOTENCY_KEY_IN_FLIGHT)


class Idempotency:
    """The keys of uploads, in Redis: each has the id of the upload that holds it, or the answer.

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
    async def hold(self, key: str | None, study_id: UUID) -> AsyncIterator[KeyedUpload | None]:
        """Hold a key while its upload is received, and free it if the upload fails.

        Args:
            key: of the upload, if it has one.
            study_id: the id of the upload.

        Raises:
            Problem: 409, an upload with this key is being received.
            redis.exceptions.RedisError: Redis is unavailable.
        """
        if key is None:
            yield None
            return
        digest = hashlib.sha256(key.encode()).hexdigest()
        client = await self._connect()
        lock = KeyLock(client, _PREFIX + digest, _held_by(study_id))
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            first = await self._take(client, lock)
        if first:
            yield KeyedUpload(digest, None, first)
            return
        async with lock.held():
            yield KeyedUpload(digest, lock, None)

    def answer(self, intake: Intake) -> RememberedAnswer | None:
        """What is to be remembered of an upload once it is announced; None if it has no key."""
        if intake.idempotency_key is None:
            return None
        return RememberedAnswer(
            name=f"{_PREFIX}{intake.idempotency_key}",
            held_by=_held_by(intake.event.subject),
            value=Answer.to(intake).to_json(),
            seconds=self._remember_seconds,
        )

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
            await KeyLock(client, lock.name, value).free()  # the study has been removed
        return None


def _held_by(study_id: UUID) -> bytes:
    """The value of a key while an upload holds it."""
    return str(study_id).encode()


def _answer(value: bytes | None) -> Answer | None:
    """The answer that a key has; None when it is free or only held."""
    try:
        return Answer.model_validate_json(value) if value else None
    except ValidationError:
        return None
