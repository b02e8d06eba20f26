"""The reconciler: uploads that Redis has no work for are announced again.

An upload is durable in ``uploads/`` before it is announced, and it stays there until it is in the
archive or in quarantine. So one that is there, while Redis has neither work for it nor an error,
was never announced, or Redis has lost it: then its event is sent again, from its ``intake.json``.
The event keeps its id, and every step of the work can be repeated.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.lease import Lease
from chassis.messaging.unfinished import unfinished_studies
from chassis.observability.logs import error_name, get_logger
from chassis.observability.metrics import Metrics
from contracts.intake import Intake
from contracts.places import Place
from contracts.status import State
from gateway.browsing.study_status import status_record
from gateway.settings import RecoverySettings
from gateway.uploads.announcement import announcements
from gateway.uploads.announcing import Announcer
from storage.study_store import StudyStore

PAUSE_SECONDS = 0.02
"""Pause after each upload that is announced: clients send theirs at the same time."""
RETRY_SECONDS = (0.2, 5.0)
"""First and longest pause while Redis is unavailable."""

_LEASE = "recovery:lease"
_FAILURES = (RedisError, TimeoutError, OSError, httpx2.HTTPError)


@dataclass(frozen=True)
class _Work:
    """What Redis knows of uploads.

    Attributes:
        announced: how often each was announced.
        busy: the studies that it has work for; looked up after that.
    """

    announced: Mapping[UUID, int]
    busy: set[UUID]


class Reconciler:
    """Announces uploads again.

    Args:
        connect: returns a connected client.
        studies: where studies are stored.
        announcer: announces uploads; has those of this gateway that Redis did not confirm.
        status: the client to the status service.
        settings: when uploads are looked for.
        metrics: counts what is announced again.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Redis]],
        studies: StudyStore,
        announcer: Announcer,
        *,
        status: httpx2.AsyncClient,
        settings: RecoverySettings,
        metrics: Metrics,
    ) -> None:
        self._connect = connect
        self._lease = Lease(connect, _LEASE)
        self._studies = studies
        self._announcer = announcer
        self._status = status
        self._settings = settings
        self._metrics = metrics

    async def confirm_continually(self) -> None:
        """Announce what Redis did not confirm to this gateway, until it does, for ever."""
        unconfirmed = self._announcer.unconfirmed
        while True:
            study_ids = [await unconfirmed.get()]
            while not unconfirmed.empty():
                study_ids.append(unconfirmed.get_nowait())
            await self._confirm(study_ids)
            for _ in study_ids:
                unconfirmed.task_done()

    async def reconcile_continually(self) -> None:
        """Look from time to time for uploads that were lost, for ever."""
        while True:
            period = self._settings.period_seconds
            await asyncio.sleep(period * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter
            try:
                await self.reconcile()
            except _FAILURES as error:  # it is tried again next time
                self._metrics.error(error_name(error))
                get_logger().warning("recovery.failed", error=error_name(error))

    async def reconcile(self) -> int | None:
        """Look for uploads that were lost, and announce them; only one gateway does so at a time.

        Returns:
            How many were announced; None if another process is doing it.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable.
            httpx2.HTTPError: the status service is unavailable.
        """
        if not await self._lease.take():
            return None
        announced = 0
        if waiting := await asyncio.to_thread(self._waiting_long):
            announced = await self._announce_lost(waiting)
        await self._lease.give_back()
        return announced

    async def _confirm(self, study_ids: Sequence[UUID]) -> None:
        """Announce uploads unless Redis has work for them; try until it answers."""
        pause, longest = RETRY_SECONDS
        while True:
            try:
                work = await self._look_at_redis(study_ids)
                for study_id in study_ids:
                    if study_id not in work.busy:
                        await self._announce(study_id, work)
            except _FAILURES as error:
                get_logger().warning("recovery.redis_unavailable", error=error_name(error))
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- jitter
                pause = min(pause * 2, longest)
            else:
                return

    async def _announce_lost(self, waiting: Sequence[UUID]) -> int:
        work = await self._look_at_redis(waiting)
        announced = 0
        for study_id in waiting:
            if study_id in work.busy or await self._has_failed(study_id):
                continue
            if await self._announce(study_id, work):
                announced += 1
                await asyncio.sleep(PAUSE_SECONDS)
            if not await self._lease.take():
                break
        return announced

    async def _look_at_redis(self, study_ids: Sequence[UUID]) -> _Work:
        """What Redis knows. The counts come first: what is announced after that has another one."""
        client = await self._connect()
        announced = await announcements(client, study_ids)
        return _Work(announced, await unfinished_studies(client))

    async def _announce(self, study_id: UUID, work: _Work) -> bool:
        """Announce an upload, unless it has gone on, or belongs to one that Redis has work for.

        Args:
            study_id: the upload.
            work: what Redis knows; the study that is announced is added to the busy ones.

        Returns:
            Whether it was announced.
        """
        try:
            intake = await asyncio.to_thread(self._to_announce, study_id)
        except FileNotFoundError:
            return False
        except ValueError:  # no JSON, or not an intake
            self._metrics.error("recovery.unreadable")
            get_logger().error("recovery.unreadable", study_id=str(study_id))
            return False
        if intake.upload_id in work.busy:
            return False
        is_sent = await self._announcer.send(study_id, intake, announced=work.announced[study_id])
        # If it was announced meanwhile, or Redis has said so only to a repeated command, there is
        # work as well.
        work.busy.add(intake.event.subject)
        if not is_sent:
            return False
        self._metrics.announced_again()
        get_logger().warning("upload.announced_again", study_id=str(study_id))
        return True

    def _to_announce(self, study_id: UUID) -> Intake:
        """An upload with the event that announces it. Blocks.

        For a study that was divided from another upload that is the event of the other one, so that
        the events that follow from it have the same ids as before.

        Raises:
            FileNotFoundError: it is not there any more.
            ValueError: its ``intake.json`` is broken.
        """
        intake = self._studies.uploaded(study_id).intake()
        event = intake.upload_event
        if event is None or not self._studies.locate(event.subject):
            event = intake.event.model_copy(update={"source": "urn:hdv:gateway"})
        return intake.model_copy(update={"event": event})

    async def _has_failed(self, study_id: UUID) -> bool:
        """Whether an upload could not be processed; then it waits for someone who acts."""
        record = await status_record(study_id, self._status)
        return record is not None and record.status is State.ERROR

    def _waiting_long(self) -> list[UUID]:
        """The uploads that have been here for so long that they are announced; the oldest first."""
        before = datetime.now(UTC) - timedelta(seconds=self._settings.after_seconds)
        found = []
        for folder in self._studies.all(Place.UPLOADS):
            with suppress(FileNotFoundError):  # it has gone on
                found.append((folder.since(), folder.study_id))
        return [study_id for since, study_id in sorted(found) if since < before]
