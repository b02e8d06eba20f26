"""How a service reads a channel with FastStream: new messages, and those a dead consumer left."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from faststream import AckPolicy
from faststream.message import StreamMessage
from faststream.redis import RedisBroker

from chassis.messaging.addresses import Stream
from chassis.messaging.broker import CLAIM_POLLING_MS, POLLING_MS, CloudEventFormat
from contracts.channels import Channel

Fields = Mapping[bytes, bytes]
"""A stream entry's fields."""


Deliver = Callable[[Stream, Sequence[bytes], Sequence[Fields]], Awaitable[None]]
"""Takes what was read: where, the ids of the entries (none in memory), and their fields."""


def subscribe(
    broker: RedisBroker,
    channel: Channel,
    deliver: Deliver,
    *,
    group: str,
    instance: str,
    idle_ms: int,
    max_records: int,
) -> None:
    """Read a channel as a consumer of a group.

    This takes two FastStream subscribers: one only reads new messages, the other only claims.

    Args:
        broker: where the subscribers are declared.
        channel: the stream to read.
        deliver: takes what was read; the next read begins when it returns.
        group: the consumer group, one of the channel's.
        instance: name of this process among the group's consumers.
        idle_ms: a message whose claim was not renewed for so long is claimed.
        max_records: the number of messages that the first read takes at most.

    Raises:
        ValueError: the channel does not know the group.
    """
    if group not in channel.groups:
        raise ValueError(f"{group} is no consumer group of {channel.address}")
    reader = Stream(
        channel.address,
        group=group,
        consumer=instance,
        batch=True,
        # By default all messages are prefetched: they would wait here, other replicas be idle.
        max_records=max_records,
        polling_interval=POLLING_MS,
    )
    claimer = Stream(
        channel.address,
        group=group,
        consumer=f"{instance}-claimer",
        batch=True,
        min_idle_time=idle_ms,
        polling_interval=min(idle_ms // 2, CLAIM_POLLING_MS),
    )
    title = f"{group}.{channel.event.__name__}"
    _subscribe(broker, reader, channel, deliver, title)
    _subscribe(broker, claimer, channel, deliver, f"{title}.claim")


def body_of(fields: Fields) -> bytes:
    """The body of a message; empty if the entry is none."""
    return fields.get(b"__data__", b"")


def _subscribe(
    broker: RedisBroker, stream: Stream, channel: Channel, deliver: Deliver, title: str
) -> None:
    async def parse(batch: Any) -> StreamMessage[Any]:  # noqa: ANN401 -- as FastStream read it
        _, headers = CloudEventFormat.parse(body_of(batch["data"][0]))
        return StreamMessage(batch, b"", correlation_id=headers["correlation_id"])

    async def decode(message: StreamMessage[Any]) -> Any:  # noqa: ANN401 -- as above
        return message.raw_message

    async def consume(batch: Any) -> None:  # noqa: ANN401 -- annotated below
        await deliver(stream, batch["message_ids"], batch["data"])

    consume.__annotations__["batch"] = channel.event  # what the AsyncAPI document says of it
    broker.subscriber(
        stream=stream,
        # Each message is parsed by itself: one that is broken harms no other.
        parser=parse,
        decoder=decode,
        ack_policy=AckPolicy.MANUAL,
        title=title,
        include_in_schema=stream.min_idle_time is None,
    )(consume)
