"""An outage of the environment, as a service sees it: how long it lasts, and when to try again."""

import asyncio
import random
import time
from contextlib import suppress

from chassis.messaging.errors import EnvironmentFault
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics

SHORTEST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
FORGOTTEN_SECONDS = 4 * LONGEST_PAUSE_SECONDS
"""Without a failure for so long the service no longer counts as disturbed."""


class Outage:
    """Holds back the messages of a service while its environment fails: disk, Redis, processes.

    The pauses grow with the outage, up to a bound; the first message that succeeds ends it. It is
    in the metrics, it makes the service not ready, and the log has a line after each pause at most.

    Args:
        metrics: shows whether there is an outage.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._over = asyncio.Event()
        self._over.set()
        self._began = self._failed = self._due = 0.0

    async def passed(self) -> None:
        """Wait until it is time to try again; returns at once when there is no outage."""
        while not self._over.is_set() and (seconds := self._due - time.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)

    def note(self, error: BaseException) -> None:
        """Note that the environment has failed a message."""
        now = self._failed = time.monotonic()
        self._metrics.error(error_name(error))
        if self._over.is_set():
            self._over.clear()
            self._began = self._due = now
            self._metrics.outage(lasts=True)
        if now < self._due:  # another message has failed just before
            return
        lasted = now - self._began
        pause = min(max(lasted / 2, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        self._due = now + pause * random.uniform(0.8, 1.2)  # noqa: S311 -- jitter
        get_logger().warning(
            "environment.failing",
            error=error_name(error),
            errno=getattr(error, "errno", None),
            lasted_seconds=round(lasted, 1),
            pause_seconds=round(pause, 1),
        )

    def end(self) -> None:
        """Note that a message came through."""
        if not self._over.is_set():
            self._over.set()
            self._metrics.outage(lasts=False)
            lasted = round(time.monotonic() - self._began, 1)
            get_logger().info("environment.recovered", lasted_seconds=lasted)

    async def check(self) -> None:
        """A check of the service's readiness.

        Raises:
            EnvironmentFault: there is an outage.
        """
        if not self._over.is_set() and time.monotonic() - self._failed < FORGOTTEN_SECONDS:
            raise EnvironmentFault
