"""Processes every archived study with plain redis-py; no event is lost.

    pip install redis
    REDIS_URL=redis://localhost:6379 python redis_py_consumer.py

Several of them with different WORKER names share the work.
"""

import contextlib
import json
import os
from typing import Any

import redis

STREAM, GROUP, WORKER = "study.archived", "example-redis-py", os.environ.get("WORKER", "worker-1")
client = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379"), protocol=2)


def handle(event: dict[str, Any]) -> None:
    """Handle an event. It may come twice, with the same `id`; after an exception it comes again."""
    print("archived", event["subject"], event["data"]["directory"], flush=True)


with contextlib.suppress(redis.ResponseError):  # the group is there already
    client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)  # from the oldest event on

while True:
    # Entries that a worker has held for a minute without acknowledging them: it is dead.
    _, entries, *_ = client.xautoclaim(STREAM, GROUP, WORKER, min_idle_time=60_000, count=10)
    answer: Any = client.xreadgroup(GROUP, WORKER, {STREAM: ">"}, count=10, block=2000)
    for _, new in answer:
        entries += new
    for entry_id, fields in entries:
        handle(json.loads(fields[b"__data__"]))
        client.xack(STREAM, GROUP, entry_id)
