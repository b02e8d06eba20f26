"""Announces uploads that are committed; those that Redis does not confirm are kept in mind."""

import asyncio
from uuid import UUID

from chassis.messaging.publishing import EventPublisher
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from contracts.intake import Intake
from gateway.uploads.announcement import announce_once
from gateway.uploads.idempotency import Idempotency

CONFIRMATION_SECONDS = 3.0
"""How long Redis may take to confirm that an upload is announced."""


class Announcer:
    """Announces uploads.

    An upload that is committed is accepted, whatever Redis says: its files are durable, and it is
    announced again until Redis has it (`gateway.recovery`). It is never taken back: if an answer of
    Redis is lost, a validator may be reading the files.

    Args:
        publisher: sends the events.
        keys: the idempotency keys of uploads.
        metrics: counts what Redis does not confirm.
        at_once: how many uploads there are at the same time.

    Attributes:
        unconfirmed: uploads that Redis may not know of. While there are any, no further ones are
            received: so there are `at_once` at most.
    """

    def __init__(
        self, publisher: EventPublisher, keys: Idempotency, metrics: Metrics, at_once: int
    ) -> None:
        self.unconfirmed: asyncio.Queue[UUID] = asyncio.Queue(at_once)
        self._publisher = publisher
        self._keys = keys
        self._metrics = metrics

    async def announce(self, intake: Intake) -> None:
        """Announce an upload; if Redis does not confirm that in time, it is announced later."""
        try:
            await self.send(intake.event.subject, intake, announced=0)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the upload stays
            study_id = intake.event.subject
            self._metrics.error(error_name(error))
            get_logger().error(
                "upload.unconfirmed", study_id=str(study_id), error=error_name(error)
            )
            await self.unconfirmed.put(study_id)

    async def send(self, study_id: UUID, intake: Intake, *, announced: int) -> bool:
        """Announce an upload; see `announce_once`.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; it may or may not have the event.
            TimeoutError: it does not answer; the same.
        """
        answer = self._keys.answer(intake)
        async with asyncio.timeout(CONFIRMATION_SECONDS):
            return await announce_once(
                self._publisher, study_id, intake, answer, announced=announced
            )
