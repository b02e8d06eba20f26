"""Watches the event bus for the metrics: backlog, dead letters, studies by state, Redis itself."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.backlog import read_backlogs
from chassis.observability.instruments import Instruments
from chassis.observability.logs import error_name, get_logger
from contracts.channels import DEAD_LETTER
from status.store import count_studies

PERIOD_SECONDS = 5.0


class Watch:
    """Looks at the event bus from time to time; a scrape of the metrics asks Redis nothing.

    Args:
        connect: returns a connected client.
        instruments: those of the service.
    """

    def __init__(self, connect: Callable[[], Awaitable[Redis]], instruments: Instruments) -> None:
        self._connect = connect
        self._service = instruments.service
        gauge = instruments.gauge
        self._backlog = gauge(
            "hdv_backlog_messages",
            "Messages that a consumer group has not finished: undelivered, or pending.",
            *("stream", "group", "state"),
        )
        self._oldest = gauge(
            "hdv_backlog_oldest_seconds",
            "Age of the oldest message that a consumer group has not finished; 0 if there is none.",
            *("stream", "group"),
        )
        self._dead_letters = gauge(
            "hdv_dead_letters_kept", "Dead letters that were neither replayed nor dropped."
        )
        self._studies = gauge(
            "hdv_studies", "Studies by state; unfinished ones are on their way.", "state"
        )
        self._answers = gauge("hdv_redis_up", "1 while Redis answers, else 0.")
        self._used = gauge("hdv_redis_used_bytes", "Memory that Redis uses.")
        self._limit = gauge(
            "hdv_redis_limit_bytes", "Memory that Redis may use: maxmemory, else the machine's."
        )
        self._durable = gauge(
            "hdv_redis_durable", "1 while Redis keeps an append-only file and can write it."
        )

    async def run(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
            try:
                await self.look()
            except (RedisError, TimeoutError) as error:
                self._answers.labels(self._service).set(0)
                get_logger().warning("watch.delayed", error=error_name(error))

    async def look(self) -> None:
        """Look once.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; likewise `TimeoutError`.
        """
        client = await self._connect()
        for backlog in await read_backlogs(client):
            place = (self._service, backlog.stream, backlog.group)
            self._backlog.labels(*place, "undelivered").set(backlog.undelivered)
            self._backlog.labels(*place, "pending").set(backlog.pending)
            self._oldest.labels(*place).set(backlog.oldest_seconds)
        for state, count in (await count_studies(client)).items():
            self._studies.labels(self._service, state).set(count)
        self._dead_letters.labels(self._service).set(await client.xlen(DEAD_LETTER))
        memory: Any = await client.info("memory")
        self._used.labels(self._service).set(memory["used_memory"])
        limit = memory["maxmemory"] or memory["total_system_memory"]
        self._limit.labels(self._service).set(limit)
        self._durable.labels(self._service).set(is_durable(await client.info("persistence")))
        self._answers.labels(self._service).set(1)


def is_durable(persistence: Any) -> bool:  # noqa: ANN401 -- redis-py's answer
    """Whether Redis keeps an append-only file and could write it the last time.

    Args:
        persistence: the section of INFO.
    """
    return bool(persistence["aof_enabled"]) and persistence["aof_last_write_status"] == "ok"
