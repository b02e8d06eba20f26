"""Whether there is room for new uploads: on the disks, and among the studies that wait."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.unfinished import count_waiting
from chassis.observability.logs import error_name, get_logger
from chassis.service.lifecycle import Service
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.places import Place
from gateway.settings import GatewaySettings
from storage.study_store import StudyStore

PERIOD_SECONDS = 2.0
"""How often waiting studies and free space are looked at; no upload has to ask."""


class Capacity:
    """What there is room for, looked at in the background.

    New uploads are refused while the validators and descriptors have too much to do already, or
    while a volume is nearly full. Twice `min_free_bytes` is where new uploads end, and once is
    where those end that are being received: what is stored already can then be archived.

    Args:
        connect: returns a connected client.
        studies: where studies are stored.
        settings: the limits.
        service: its metrics have the numbers, and its readiness shows why uploads are refused.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Redis]],
        studies: StudyStore,
        settings: GatewaySettings,
        service: Service,
    ) -> None:
        self._connect = connect
        self._studies = studies
        self._most_waiting = settings.max_waiting_studies
        self._least_free_bytes = 2 * settings.min_free_bytes
        self._metrics = service.metrics
        self._limited = service.limited
        self._waiting = 0
        self._full: Place | None = None

    def require(self) -> None:
        """Refuse a new upload if there is no room for it.

        Raises:
            Problem: 503 if too many studies wait, 507 if a volume is nearly full.
        """
        if problem := self._problem():
            raise problem

    async def watch_continually(self) -> None:
        """Look at what there is room for, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(PERIOD_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter

    async def look(self) -> None:
        """Look at what there is room for."""
        self._full = await asyncio.to_thread(self._nearly_full)
        try:
            self._waiting = await count_waiting(await self._connect())
        except RedisError as error:  # uploads are refused for that
            get_logger().warning("capacity.redis_unavailable", error=error_name(error))
        self._metrics.waiting(self._waiting)
        self._limited.pop("uploads", None)
        if problem := self._problem():
            self._limited["uploads"] = problem.kind.slug

    def _problem(self) -> Problem | None:
        if self._full:
            detail = f"The volume of {self._full} is nearly full."
            return Problem(ProblemType.INSUFFICIENT_STORAGE, detail)
        if self._waiting > self._most_waiting:
            detail = f"{self._waiting} studies wait; {self._most_waiting} may."
            return Problem(ProblemType.TOO_MANY_WAITING_STUDIES, detail)
        return None

    def _nearly_full(self) -> Place | None:
        """A place on a volume that is nearly full, if there is one. Blocks."""
        full = None
        for place in Place:
            with suppress(OSError):  # not there yet, or not mounted: readiness says so
                if space := self._studies.store.space(place):
                    self._metrics.space(place, **space._asdict())
                    if space.free_bytes < self._least_free_bytes:
                        full = place
        return full
