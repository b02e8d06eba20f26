"""Publishing an event: to the stream and to the Pub/Sub channel of its address, in one MULTI."""

from faststream.redis import RedisBroker, StreamSub
from redis.asyncio.client import Pipeline

from chassis.observability.logs import get_logger
from chassis.observability.metrics import Metrics
from contracts.channels import Channel
from contracts.events import CloudEvent


class EventPublisher:
    """Sends the events of one channel, documented in the AsyncAPI document."""

    def __init__(
        self, broker: RedisBroker, channel: Channel, service: str, metrics: Metrics
    ) -> None:
        self._broker = broker
        self._channel = channel
        self._metrics = metrics
        title = f"{service}.{channel.event.__name__}"
        self._append = broker.publisher(
            stream=StreamSub(channel.address), title=f"{title}.append", schema=channel.event
        )
        self._announce = broker.publisher(
            channel=channel.address, title=f"{title}.announce", schema=channel.event
        )

    async def publish(self, event: CloudEvent) -> None:
        """Send the event; when this returns, Redis has it.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; it may or may not have the event.
        """
        client = await self._broker.connect()
        async with client.pipeline(transaction=True) as pipeline:
            await self.queue(event, pipeline)
            await pipeline.execute()
        self.note(event)

    async def queue(self, event: CloudEvent, pipeline: Pipeline) -> None:
        """Add the event's two commands to a MULTI that the caller executes."""
        correlation_id = str(event.id)
        for publisher in (self._append, self._announce):
            await publisher.publish(event, correlation_id=correlation_id, pipeline=pipeline)

    def note(self, event: CloudEvent) -> None:
        """Count and log that the event has been sent."""
        self._metrics.published(event.type)
        get_logger().info(event.type, study_id=str(event.subject), event_id=str(event.id))
