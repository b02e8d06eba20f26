"""Receives uploads, by whatever route they come: takes them in, announces them, or says why not."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from uuid import UUID

from fastapi import Request
from redis.exceptions import RedisError
from starlette.requests import ClientDisconnect

from chassis.messaging.publishing import EventPublisher
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from chassis.service.lifecycle import Service
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake
from gateway.settings import GatewaySettings
from gateway.uploads.body import limited, too_large
from gateway.uploads.errors import RefusedUploadError
from gateway.uploads.idempotency import HEADER, Idempotency, Receipt, RepeatedUpload, read_key
from gateway.uploads.intake import take_in
from gateway.uploads.limits import UploadLimits
from gateway.uploads.parts import Parts

REDIS_TIMEOUT_SECONDS = 3.0
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Read = Callable[[str, AsyncGenerator[bytes, None]], Parts]
"""Reads a body of a content type; raises `RefusedUploadError`, or `Problem` for unknown types."""

Take = Callable[[], AbstractAsyncContextManager[Intake]]
"""Takes an upload in; raises what `Reception.admit` makes a `Problem` of."""


class Reception:
    """Where uploads are received; all routes share its places.

    Args:
        service: the gateway.
        settings: how much is received, from how many at once.
        publisher: of the uploads.
    """

    def __init__(
        self, service: Service, settings: GatewaySettings, publisher: EventPublisher
    ) -> None:
        self._service = service
        self.studies = settings.studies
        self._limits: UploadLimits = settings
        self._profiles_dir = settings.profiles_dir
        self._keys = Idempotency(
            service.broker.connect, publisher, self.studies, settings.idempotency_seconds
        )
        self._places = asyncio.Semaphore(settings.max_concurrent_uploads)

    async def receive(
        self,
        request: Request,
        read: Read,
        *,
        study_id: UUID | None = None,
        study_instance_uid: str | None = None,
        of_every_kind: bool = False,
        key: str | None = None,
    ) -> Intake:
        """Take an upload in and announce it. When this returns, it is not lost.

        Args:
            request: whose body it is.
            read: reads it.
            study_id: the id that it gets; a new one when not given.
            study_instance_uid: what every instance has to have, if the client has told it.
            of_every_kind: whether each part is one file of the study, whatever it is.
            key: its idempotency key, if it has one.

        Raises:
            RepeatedUpload: an upload with this key and the same content has been taken in before.
            Problem: it is refused, and nothing of it is kept; the connection is to be closed.
        """
        return await self.admit(
            lambda: take_in(
                self.parts(request, read),
                studies=self.studies,
                limits=self._limits,
                content_length=content_length_of(request),
                traceparent=traceparent_of(request),
                study_id=study_id,
                profiles_dir=self._profiles_dir,
                study_instance_uid=study_instance_uid,
                of_every_kind=of_every_kind,
            ),
            key,
        )

    async def receive_once(self, request: Request, read: Read) -> Receipt:
        """Take an upload in, unless it has been before, by its `Idempotency-Key`.

        Args:
            request: whose body it is.
            read: reads it.

        Raises:
            Problem: it is refused, and nothing of it is kept; the connection is to be closed.
        """
        with hanging_up():
            key = read_key(request.headers.getlist(HEADER))
        try:
            return Receipt.of(await self.receive(request, read, key=key))
        except RepeatedUpload as repeated:
            get_logger().info("upload.repeated", study_id=str(repeated.receipt.study_id))
            return repeated.receipt

    async def admit(self, take: Take, key: str | None = None) -> Intake:
        """Announce an upload, however it is taken in. When this returns, it is not lost.

        Args:
            take: takes it in; the upload lies in its place inside that context.
            key: its idempotency key, if it has one.

        Raises:
            RepeatedUpload: an upload with this key and the same content has been taken in before.
            Problem: it is refused, and nothing of it is kept; the connection is to be closed.
        """
        with hanging_up(), as_problems(self._service.metrics):
            if self._places.locked():
                raise Problem(ProblemType.TOO_MANY_UPLOADS)
            async with self._places:
                taking = take()
                await self._ping()
                async with self._keys.announcing(key) as announce, taking as intake:
                    async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                        await announce(intake)
                return intake

    def parts(self, request: Request, read: Read) -> Parts:
        """What the body of a request says, within the limits.

        Raises:
            RefusedUploadError: it is too large.
            Problem: it is of an unknown type.
        """
        parts = read(
            request.headers.get("content-type", ""), limited(request.stream(), self._limits)
        )
        content_length = content_length_of(request)
        if content_length and content_length > self._limits.max_body_bytes:
            raise too_large(self._limits)
        return parts

    async def _ping(self) -> None:
        """Asked first, so that nobody sends gigabytes only to be refused."""
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            client = await self._service.broker.connect()
            await client.ping()


@contextmanager
def hanging_up() -> Iterator[None]:
    """A problem ends the connection.

    Else the rest of a refused body would be read, only to be thrown away.
    """
    try:
        yield
    except Problem as problem:
        problem.headers["Connection"] = "close"
        raise


@contextmanager
def as_problems(metrics: Metrics) -> Iterator[None]:
    """Whatever is in the way of an upload becomes a problem."""
    try:
        yield
    except RefusedUploadError as refused:
        metrics.error(refused.refusal)
        raise Problem(ProblemType[refused.refusal.name], refused.detail) from None
    except (RedisError, TimeoutError) as error:
        metrics.error(error_name(error))
        get_logger().error("upload.redis_unavailable", error=error_name(error))
        detail = "The event bus does not answer; nothing of the upload was kept."
        raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE, detail) from None
    except ClientDisconnect as error:
        metrics.error(error_name(error))
        get_logger().warning("upload.disconnected")
        raise Problem(ProblemType.CLIENT_DISCONNECTED) from None


def content_length_of(request: Request) -> int | None:
    """Size of the body in bytes, if the client tells it."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isdecimal() else None


def traceparent_of(request: Request) -> str | None:
    """The client's trace context (W3C), if it sent one."""
    value = request.headers.get("traceparent", "")
    return value if TRACEPARENT.fullmatch(value) else None
