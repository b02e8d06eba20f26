"""Processes every archived study with FastStream; no event is lost.

    pip install "faststream[redis]"
    REDIS_URL=redis://localhost:6379 python faststream_consumer.py

Several of them with different WORKER names share the work.
"""

import asyncio
import os
from contextlib import suppress
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.redis import RedisBroker, StreamSub
from redis.exceptions import ResponseError

STREAM, GROUP, WORKER = "study.archived", "example-faststream", os.environ.get("WORKER", "worker-1")
broker = RedisBroker(os.environ.get("REDIS_URL", "redis://localhost:6379"))
app = FastStream(broker)


@app.on_startup
async def create_group() -> None:
    """Begin with the oldest event; FastStream alone would begin with the next one."""
    with suppress(ResponseError):  # it is there already
        await (await broker.connect()).xgroup_create(STREAM, GROUP, id="0", mkstream=True)


new = StreamSub(STREAM, group=GROUP, consumer=WORKER, max_records=1)
left_by_dead_workers = StreamSub(STREAM, group=GROUP, consumer=WORKER, min_idle_time=60_000)


@broker.subscriber(stream=new, ack_policy=AckPolicy.NACK_ON_ERROR)
@broker.subscriber(stream=left_by_dead_workers, ack_policy=AckPolicy.NACK_ON_ERROR)
async def handle(event: dict[str, Any]) -> None:
    """Handle an event. It may come twice, with the same `id`; after an exception it comes again."""
    print("archived", event["subject"], event["data"]["directory"], flush=True)


if __name__ == "__main__":
    asyncio.run(app.run())
