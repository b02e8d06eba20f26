"""Dead letters: messages that no worker could process, moved to a stream with the reason."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from faststream.redis import RedisBroker
from pydantic import ValidationError

from chassis.messaging.claims import Claim
from chassis.messaging.publishing import EventPublisher
from chassis.observability.logs import get_logger
from chassis.observability.metrics import Metrics
from contracts.channels import DEAD_LETTER, MOST_DEAD_LETTERS
from contracts.events import CloudEvent, ProcessingFailedData, StudyProcessingFailed


@dataclass(frozen=True)
class Failure:
    """Why a message cannot be processed: a code and a sentence, without values of the study."""

    code: str
    message: str


class DeadLetters:
    """Moves messages to the dead-letter stream.

    Args:
        broker: the connection to Redis.
        service: name of the service that could not process them.
        metrics: counts them.
        publisher: announces `study.processing.failed`, so that the study's status becomes `error`.
            The status service has none: if it cannot write a record, the study has not failed.

    Attributes:
        when_failed: called with a study before it is announced; may be called again.
    """

    def __init__(
        self,
        broker: RedisBroker,
        service: str,
        metrics: Metrics,
        publisher: EventPublisher | None,
    ) -> None:
        self._broker = broker
        self._service = service
        self._metrics = metrics
        self._publisher = publisher
        self.when_failed: list[Callable[[UUID], Awaitable[None]]] = []

    async def move(
        self, claim: Claim, fields: Mapping[bytes, bytes], body: bytes, failure: Failure
    ) -> None:
        """Append the message to the dead letters, announce and acknowledge it, in one MULTI.

        Args:
            claim: the message.
            fields: the stream entry's fields, kept as they are.
            body: the message's body; it names the study if it is an event.
            failure: why it could not be processed.
        """
        event = self._processing_failed(claim, body, failure)
        if event and self._publisher:
            for call in self.when_failed:
                await call(event.subject)
        client = await self._broker.connect()
        async with client.pipeline(transaction=True) as pipeline:
            entry: dict[Any, Any] = {
                **fields,
                "stream": claim.stream,
                "group": claim.group,
                "entry_id": claim.entry_id,
                "deliveries": claim.deliveries,
                "service": self._service,
                "code": failure.code,
                "message": failure.message,
                "time": datetime.now(UTC).isoformat(),
            }
            pipeline.xadd(DEAD_LETTER, entry, maxlen=MOST_DEAD_LETTERS, approximate=True)
            if event and self._publisher:
                await self._publisher.queue(event, pipeline)
            pipeline.xack(claim.stream, claim.group, claim.entry_id)
            await pipeline.execute()
        self._metrics.dead_letter(claim.stream, failure.code)
        get_logger().error(
            "message.dead_letter",
            stream=claim.stream,
            code=failure.code,
            deliveries=claim.deliveries,
            study_id=str(event.subject) if event else None,
        )
        if event and self._publisher:
            self._publisher.note(event)

    def _processing_failed(
        self, claim: Claim, body: bytes, failure: Failure
    ) -> StudyProcessingFailed | None:
        """The event to announce; None if the message does not say which study it is about."""
        try:
            cause = CloudEvent.model_validate_json(body)
        except ValidationError:
            return None
        return StudyProcessingFailed.new(
            source=self._service,
            subject=cause.subject,
            cause=cause,
            data=ProcessingFailedData(
                event_id=cause.id,
                event_type=cause.type[:100],
                service=self._service,
                deliveries=claim.deliveries,
                code=failure.code,
                message=failure.message,
            ),
        )
