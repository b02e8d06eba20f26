"""Progress marks ("validating", "archiving") of studies that take long, sent in the background.

A study that is done before its mark is sent needs none: its event says when the work began.
"""

import asyncio
import contextlib
import random
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import httpx2

from chassis.observability.logs import error_name, get_logger
from chassis.runtime.settings import StatusClientSettings
from chassis.web.status_client import status_client
from contracts.status import State, StudyFacts, StudyStatusUpdate, StudyStatusUpdates

MOST_WAITING = 10_000
"""Marks kept while the status service is unavailable; then the oldest are dropped. Results are in
events and are never lost."""
MOST_AT_ONCE = 500
PERIOD_SECONDS = 1.0
"""How often marks are sent."""
RETRY_SECONDS = (0.5, 10.0)
"""First and longest pause after a failure."""


class Progress:
    """Collects marks and sends them in bulk, in the background."""

    def __init__(self, settings: StatusClientSettings) -> None:
        self._service = settings.service
        self._client = status_client(settings)
        self._waiting: OrderedDict[tuple[UUID, State], StudyStatusUpdate] = OrderedDict()
        self._work = asyncio.Event()

    def mark(self, study_id: UUID, state: State, facts: StudyFacts | None = None) -> None:
        """Note that a study has come to a state now, or how far it is in it. Returns at once.

        Args:
            study_id: the study.
            state: the state.
            facts: what has been found out about the study so far.
        """
        waiting = self._waiting.get((study_id, state))
        known = waiting.known() if waiting else {}
        self._waiting[study_id, state] = StudyStatusUpdate(
            study_id=study_id,
            status=state,
            service=self._service,
            time=waiting.time if waiting else datetime.now(UTC),
            **known | (facts.known() if facts else {}),
        )
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        self._work.set()

    def withdraw(self, study_id: UUID) -> None:
        """Forget the marks of a study that still wait, because its event says the same."""
        for state in State:
            self._waiting.pop((study_id, state), None)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the connection while the context lasts; at its end send the waiting marks."""
        async with self._client:
            yield
            try:
                await self._send()
            except httpx2.HTTPError as error:  # the events have the results
                get_logger().warning("progress.lost", error=error_name(error))

    async def send_continually(self) -> None:
        """Send marks from time to time, for ever; later if the status service is unavailable."""
        pause, longest = RETRY_SECONDS
        while True:
            await self._work.wait()
            self._work.clear()
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self._send()
                pause = RETRY_SECONDS[0]
            except httpx2.HTTPError as error:
                get_logger().warning("progress.delayed", error=error_name(error))
                self._work.set()
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
                pause = min(pause * 2, longest)

    async def _send(self) -> None:
        """Send the waiting marks.

        Raises:
            httpx2.HTTPError: the status service is unavailable or fails.
        """
        while batch := dict(list(self._waiting.items())[:MOST_AT_ONCE]):
            updates = StudyStatusUpdates(updates=tuple(batch.values()))
            response = await self._client.post("/status", content=updates.to_json())
            if response.is_client_error:  # it would be refused again; the events have the results
                get_logger().error("progress.refused", status=response.status_code)
            else:
                response.raise_for_status()
            for key, update in batch.items():
                # A mark made meanwhile waits for its turn.
                if self._waiting.get(key) is update:
                    del self._waiting[key]
