"""Receives uploads, whatever their route: check, receive, commit, announce."""

import asyncio
import contextlib
import math
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple
from uuid import UUID, uuid4

from fastapi import Request
from redis.exceptions import RedisError
from starlette.requests import ClientDisconnect

from chassis.access.caller import Caller
from chassis.messaging.publishing import EventPublisher
from chassis.observability.logs import error_name, get_logger
from chassis.service.lifecycle import Service
from chassis.web.guard import caller_of
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake
from gateway.audit.middleware import STUDIES
from gateway.limits import UploadLimits
from gateway.settings import GatewaySettings
from gateway.uploads.announcing import Announcer
from gateway.uploads.body import limited
from gateway.uploads.capacity import Capacity
from gateway.uploads.fields import label_for
from gateway.uploads.idempotency import Idempotency, Receipt
from gateway.uploads.idempotency_key import HEADER, read_key
from gateway.uploads.ingest import ingest
from gateway.uploads.limit_problems import too_large
from gateway.uploads.parts import Parts
from gateway.uploads.receiver import UploadMode
from gateway.uploads.staging import Staging, staged

REDIS_TIMEOUT_SECONDS = 3.0
REDIS_CHECK_SECONDS = 1.0
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Read = Callable[[str, AsyncGenerator[bytes, None]], Parts]
"""Reads a body of a content type; raises `Problem` for types that it does not know."""


class Received(NamedTuple):
    """An upload that was received."""

    receipt: Receipt
    """What its client learns; if it repeats another upload, the receipt of that one."""
    intake: Intake
    """The record of what was sent; not stored if it repeats another upload."""


class UploadService:
    """Receives uploads; all routes share the number of uploads at a time.

    Args:
        service: the gateway.
        settings: limits, and where studies are stored.
        publisher: announces uploads.
    """

    def __init__(
        self, service: Service, settings: GatewaySettings, publisher: EventPublisher
    ) -> None:
        self.studies = settings.studies
        self.limits: UploadLimits = settings
        self.profiles_dir = settings.profiles_dir
        self._connect = service.broker.connect
        self._metrics = service.metrics
        self._steps = service.steps
        self._tracing = service.tracing
        self._redis_answered = -math.inf
        self._keys = Idempotency(self._connect, self.studies, settings.idempotency_seconds)
        at_once = settings.max_concurrent_uploads
        self.announcer = Announcer(publisher, self._keys, service.metrics, at_once)
        self.capacity = Capacity(self._connect, self.studies, settings, service)
        self._places = asyncio.Semaphore(at_once)

    async def receive(
        self,
        request: Request,
        read: Read,
        mode: UploadMode,
        *,
        study_id: UUID | None = None,
        study_instance_uid: str | None = None,
    ) -> Received:
        """Receive an upload. When this returns, it is durable, and announced now or soon.

        An upload that was received before, by its `Idempotency-Key`, is not kept again.

        Args:
            request: the request.
            read: reads its body.
            mode: how the parts of the body are taken.
            study_id: the id that the upload gets; a new one when not given.
            study_instance_uid: the UID that every instance must have, if the client named one.

        Raises:
            Problem: it is refused, and nothing of it is kept; the connection is to be closed.
        """
        study_id = study_id or uuid4()
        async with self.admitted():
            # STOW-RS needs no key: the same instances are stored once anyway.
            key = read_key(request.headers.getlist(HEADER)) if mode is UploadMode.FORM else None
            caller = caller_of(request)
            if mode is UploadMode.STOW:
                label_for(caller, None)  # there is no field for it: refused before it is read
            parts = self.parts(request, read)
            await self.require_redis()
            async with (
                self._keys.hold(_own(key, caller), study_id) as keyed,
                self.staged(study_id, content_length_of(request)) as staging,
            ):
                traceparent = self._tracing.traceparent() or traceparent_of(request)
                with self._steps.step("receive"):
                    describe = await ingest(
                        parts,
                        staging,
                        self.limits,
                        mode,
                        study_id=study_id,
                        traceparent=traceparent,
                        profiles_dir=self.profiles_dir,
                        study_instance_uid=study_instance_uid,
                        idempotency_key=keyed.digest if keyed else None,
                        caller=caller,
                    )
                if keyed:
                    await staging.flush()
                    intake = describe()
                    if first := keyed.repeats(intake):
                        get_logger().info("upload.repeated", study_id=str(first.study_id))
                        request.scope[STUDIES] = (str(first.study_id),)
                        return Received(first, intake)
                    await keyed.require_lock()
                with self._steps.step("store"):
                    intake = await staging.commit(describe)
            with self._steps.step("announce"):
                await self.announcer.announce(intake)
        self._metrics.received(
            files=len(intake.files), size_bytes=sum(file.size_bytes for file in intake.files)
        )
        request.scope[STUDIES] = (str(study_id),)
        return Received(Receipt.of(intake), intake)

    @contextlib.asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Hold a place among the uploads while one is received.

        Raises:
            Problem: 503 if all places are taken or too many studies wait, 507 if a disk is nearly
                full, or what is wrong with the upload.
        """
        with closing_connection(), self._reporting_problems():
            self.capacity.require()
            if self._places.locked():
                raise Problem(ProblemType.TOO_MANY_UPLOADS)
            async with self._places:
                yield

    def parts(self, request: Request, read: Read) -> Parts:
        """The parts of a request's body, held to the limits.

        Args:
            request: the request.
            read: reads its body.

        Raises:
            Problem: its content type is not known, or it says that it is too large.
        """
        body = limited(request.stream(), self.limits)
        parts = read(request.headers.get("content-type", ""), body)
        if (content_length_of(request) or 0) > self.limits.max_body_bytes:
            raise too_large(self.limits)
        return parts

    def staged(
        self, study_id: UUID, content_length: int | None
    ) -> AbstractAsyncContextManager[Staging]:
        """Room for an upload; see `gateway.uploads.staging.staged`."""
        return staged(
            self.studies,
            study_id,
            min_free_bytes=self.limits.min_free_bytes,
            expected_bytes=content_length or 0,
        )

    async def require_redis(self) -> None:
        """Ask Redis first, so that no client sends gigabytes only to be refused.

        An answer counts for a second. Uploads that wait to be announced come first.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable.
            TimeoutError: it does not answer.
        """
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            await self.announcer.unconfirmed.join()
            if time.monotonic() - self._redis_answered >= REDIS_CHECK_SECONDS:
                client = await self._connect()
                await client.ping()
                self._redis_answered = time.monotonic()

    @contextlib.contextmanager
    def _reporting_problems(self) -> Iterator[None]:
        """Count problems, and make problems of a lost connection to Redis or to the client."""
        try:
            yield
        except Problem as problem:
            self._metrics.error(problem.kind.slug)
            raise
        except (RedisError, TimeoutError) as error:
            self._metrics.error(error_name(error))
            get_logger().error("upload.redis_unavailable", error=error_name(error))
            detail = "The event bus does not answer; nothing of the upload was kept."
            raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE, detail) from None
        except ClientDisconnect as error:
            self._metrics.error(error_name(error))
            get_logger().warning("upload.disconnected")
            raise Problem(ProblemType.CLIENT_DISCONNECTED) from None


@contextlib.contextmanager
def closing_connection() -> Iterator[None]:
    """Close the connection after a problem.

    Otherwise the rest of a refused body would be read, only to be discarded.
    """
    try:
        yield
    except Problem as problem:
        problem.headers["Connection"] = "close"
        raise


def _own(key: str | None, caller: Caller) -> str | None:
    """A key for this caller: others that are bound to other labels may send the same."""
    if key is None or caller.labels is None:
        return key
    return " ".join((*sorted(caller.labels), key))


def content_length_of(request: Request) -> int | None:
    """The size of the body in bytes, if the client says it."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isdecimal() else None


def traceparent_of(request: Request) -> str | None:
    """The client's trace context (W3C), if it sent one."""
    value = request.headers.get("traceparent", "")
    return value if TRACEPARENT.fullmatch(value) else None
