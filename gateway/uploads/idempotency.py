"""`Idempotency-Key`: an upload that is sent again is the one that was taken in before.

After draft-ietf-httpapi-idempotency-key-header: the same key with the same content gets the first
answer again, with other content it is refused, and while the first is in flight it has to wait.
"""

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Self, cast
from uuid import uuid4

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, WatchError

from chassis.messaging.publishing import EventPublisher
from chassis.observability.logs import error_name, get_logger
from chassis.runtime.cancellation import cancel
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake
from contracts.model import Contract, Natural, Sha256, Uuid
from storage.study_store import StudyStore

HEADER = "Idempotency-Key"
MOST_CHARACTERS = 255
LOCK_SECONDS = 30
"""So long a key stays taken when the gateway that received the upload has died."""
REDIS_TIMEOUT_SECONDS = 3.0

_PREFIX = "idempotency:"
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
"""A string of structured fields (RFC 9651 3.3.3)."""
_BARE = re.compile(r"[!#-~]+")

Connect = Callable[[], Awaitable[Redis]]


class Receipt(Contract):
    """What the sender of an upload is told of it."""

    study_id: Uuid
    files: Natural
    skipped: Natural

    @classmethod
    def of(cls, intake: Intake) -> Self:
        """The receipt for an upload that has been taken in."""
        return cls(
            study_id=intake.event.subject,
            files=len(intake.files),
            skipped=len(intake.skipped),
        )


class _Answered(Contract):
    """What Redis remembers of an upload with a key."""

    receipt: Receipt
    fingerprint: Sha256


class RepeatedUpload(Exception):
    """The upload has been taken in before; this copy is not kept.

    Attributes:
        receipt: the first answer.
    """

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("the upload has been taken in before")
        self.receipt = receipt


def read_key(values: Sequence[str]) -> str | None:
    """The key of a request; nothing when it has none.

    Args:
        values: of its headers of that name: quoted as the draft has it, or bare as many send it.

    Raises:
        Problem: 400.
    """
    if not values:
        return None
    text = values[0].strip()
    if quoted := _QUOTED.fullmatch(text):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    else:
        key = text if _BARE.fullmatch(text) else ""
    if len(values) > 1 or not 0 < len(key) <= MOST_CHARACTERS:
        detail = f"{HEADER} is one string of 1 to {MOST_CHARACTERS} characters, best a UUID."
        raise Problem(ProblemType.INVALID_IDEMPOTENCY_KEY, detail)
    return key


def fingerprint(intake: Intake) -> str:
    """What makes two uploads the same: their files, in whatever order, and the form's fields."""
    content = [
        sorted((file.sent_as, file.sha256) for file in intake.files),
        [intake.expected_instances, intake.profile, intake.label],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class Idempotency:
    """The keys of uploads, in Redis.

    Args:
        connect: gives a connected client.
        publisher: of the uploads.
        studies: where studies are stored; an answer counts as long as its study exists.
        remember_seconds: so long an answer is remembered.
    """

    def __init__(
        self,
        connect: Connect,
        publisher: EventPublisher,
        studies: StudyStore,
        remember_seconds: int,
    ) -> None:
        self._connect = connect
        self._publisher = publisher
        self._studies = studies
        self._remember_seconds = remember_seconds

    @contextlib.asynccontextmanager
    async def announcing(
        self, key: str | None
    ) -> AsyncIterator[Callable[[Intake], Awaitable[None]]]:
        """Hold a key while an upload is received, and free it if the upload fails.

        Args:
            key: of the upload, if it has one.

        Yields:
            What announces the upload once it lies in its place. It raises `RepeatedUpload` if it
            has been taken in before, and `Problem` if the key stands for another one.

        Raises:
            Problem: 409, an upload with this key is being received.
            redis.exceptions.RedisError: Redis is away.
        """
        if key is None:
            yield self._announce
            return
        client = await self._connect()
        name = _PREFIX + hashlib.sha256(key.encode()).hexdigest()
        token = str(uuid4()).encode()
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            answered = await self._take(client, name, token)
        if answered:

            async def repeat(intake: Intake) -> None:
                _repeat(intake, answered)

            yield repeat
            return
        held = _Held(client, name, token)

        beat = asyncio.create_task(held.keep())

        async def announce(intake: Intake) -> None:
            # To renew the key is to change it, as far as WATCH is concerned.
            await cancel(beat)
            await self._announce_once(intake, held)

        try:
            yield announce
        except BaseException:
            await held.free()
            raise
        finally:
            await cancel(beat)

    async def _announce(self, intake: Intake) -> None:
        await self._publisher.publish(intake.event)

    async def _announce_once(self, intake: Intake, held: "_Held") -> None:
        """Announce the upload and remember the answer, both or neither."""
        answered = _Answered(receipt=Receipt.of(intake), fingerprint=fingerprint(intake))

        async def queue(pipeline: Pipeline) -> None:
            await self._publisher.queue(intake.event, pipeline)
            pipeline.set(held.name, answered.to_json(), ex=self._remember_seconds)

        if not await held.change(queue):
            raise _in_flight()
        self._publisher.note(intake.event)

    async def _take(self, client: Redis, name: str, token: bytes) -> _Answered | None:
        """Take the key, unless there is an answer to it.

        Raises:
            Problem: 409, someone else has it.
        """
        while not await client.set(name, token, nx=True, ex=LOCK_SECONDS):
            value = cast("bytes | None", await client.get(name))
            if value is None:
                continue  # it has expired just now
            answered = _answered(value)
            if answered is None:
                raise _in_flight()
            if await asyncio.to_thread(self._studies.locate, answered.receipt.study_id):
                return answered
            # Redis had the event without having said so, and the upload was taken back; or someone
            # has removed the study.
            await _Held(client, name, value).free()
        return None


class _Held:
    """A key in Redis that is ours as long as it has our value."""

    def __init__(self, client: Redis, name: str, value: bytes) -> None:
        self._client = client
        self.name = name
        self._value = value

    async def change(self, queue: Callable[[Pipeline], Awaitable[None]]) -> bool:
        """Execute commands in a MULTI, but only if the key is still ours."""
        async with self._client.pipeline(transaction=True) as pipeline:
            await pipeline.watch(self.name)
            if await pipeline.get(self.name) != self._value:
                return False
            pipeline.multi()  # type: ignore[no-untyped-call]
            await queue(pipeline)
            try:
                await pipeline.execute()
            except WatchError:
                return False
        return True

    async def keep(self) -> None:
        """Let the key not expire while the upload is received."""

        async def renew(pipeline: Pipeline) -> None:
            pipeline.expire(self.name, LOCK_SECONDS)

        while True:
            await asyncio.sleep(LOCK_SECONDS / 3)
            await self._try(renew)

    async def free(self) -> None:
        """Give the key back."""

        async def delete(pipeline: Pipeline) -> None:
            pipeline.delete(self.name)

        await self._try(delete)

    async def _try(self, queue: Callable[[Pipeline], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                await self.change(queue)
        except (RedisError, TimeoutError) as error:  # it expires by itself
            get_logger().warning("idempotency.redis_unavailable", error=error_name(error))


def _repeat(intake: Intake, answered: _Answered) -> None:
    if fingerprint(intake) != answered.fingerprint:
        raise Problem(
            ProblemType.IDEMPOTENCY_KEY_REUSED,
            "The files or fields differ from those that were sent with this key first. Send a new "
            "key with each new upload.",
        )
    raise RepeatedUpload(answered.receipt)


def _answered(value: bytes) -> _Answered | None:
    """The answer that a key has; nothing when it has only been taken."""
    try:
        return _Answered.model_validate_json(value)
    except ValidationError:
        return None


def _in_flight() -> Problem:
    return Problem(ProblemType.IDEMPOTENCY_KEY_IN_FLIGHT)
