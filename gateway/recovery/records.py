"""Rebuilds status records that Redis has lost, and corrects those that are behind the store.

A record is rebuilt from the folder of its study. Status records advance by rank, so it does no harm
to rebuild one that is there, or to do so while the study is being processed.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

import httpx2
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.lease import Lease
from chassis.observability.logs import error_name, get_logger
from contracts.model import Contract
from contracts.places import Place
from contracts.status import (
    RECORDS_COMPLETE,
    State,
    StatusRecord,
    StudyStatusUpdate,
    StudyStatusUpdates,
)
from gateway.recovery.deleted import deleted_studies
from storage.study_folder import StudyFolder
from storage.study_state import stored_studies, updates_at
from storage.study_store import StudyStore

PERIOD_SECONDS = 30.0
"""How often the gateway looks whether Redis still has the records."""
CORRECTION_PERIOD_SECONDS = 60.0
"""How often unfinished records are compared with the store."""
OVERDUE = timedelta(minutes=2)
"""Younger records are not compared: their studies are being processed."""
AT_ONCE = 100
"""Studies that are read, and records that are written, at a time."""
PROGRESS_SECONDS = 10.0
_LEASE = "status-index:lease"
_MAY_BE_BEHIND = [state for state in State if state.rank <= State.ERROR.rank]


class _Page(Contract):
    """A page as the status service returns it."""

    studies: tuple[StatusRecord, ...]
    next_cursor: str | None = None


class RecordRecovery:
    """Keeps the status records in agreement with the store, as background work of the gateway.

    Args:
        studies: where studies are stored.
        client: the client of the status service.
        connect: returns a connected client of Redis.
    """

    def __init__(
        self,
        studies: StudyStore,
        client: httpx2.AsyncClient,
        connect: Callable[[], Awaitable[Redis]],
    ) -> None:
        self._studies = studies
        self._client = client
        self._connect = connect
        self._lease = Lease(connect, _LEASE)

    async def run(self) -> None:
        """Restore and correct records, until cancelled."""
        corrected = time.monotonic()
        await asyncio.sleep(random.uniform(1.0, 2.0))  # noqa: S311 -- jitter
        while True:
            try:
                await self.restore_if_lost()
                if time.monotonic() - corrected > CORRECTION_PERIOD_SECONDS:
                    await self.correct()
                    corrected = time.monotonic()
            except (RedisError, httpx2.HTTPError, OSError) as error:  # it is tried again
                get_logger().warning("records.recovery_delayed", error=error_name(error))
            await asyncio.sleep(PERIOD_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter

    async def restore_if_lost(self) -> None:
        """Rebuild the record of every study in the store, unless Redis has had them all.

        Raises:
            redis.exceptions.RedisError: as `restore`.
        """
        client = await self._connect()
        if not await client.exists(RECORDS_COMPLETE):
            await self.restore()

    async def restore(self, on_progress: Callable[[int], None] | None = None) -> int | None:
        """Rebuild the record of every study in the store, unless another process is doing it.

        Studies that were deleted get one, too, from the trail of removed files.

        It rests for as long as it works, so that it takes at most half of a core and of the disk.

        Args:
            on_progress: is called with the number of studies so far; else that is logged.

        Returns:
            The number of studies; None if another process rebuilds the records.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; likewise `httpx2.HTTPError` for the
                status service, and `OSError` for the store.
        """
        if not await self._lease.take():
            return None
        report = on_progress or _log_now_and_then()
        started, count = time.monotonic(), 0
        async for folders in _in_portions(stored_studies(self._studies)):
            began = time.monotonic()
            await self._send(await asyncio.to_thread(_updates, folders))
            count += len(folders)
            if not await self._lease.take():
                return None
            report(count)
            await asyncio.sleep(time.monotonic() - began)
        deleted = await asyncio.to_thread(deleted_studies, self._studies)
        for first in range(0, len(deleted), AT_ONCE):
            await self._send(deleted[first : first + AT_ONCE])
            if not await self._lease.take():
                return None
        client = await self._connect()
        await client.set(RECORDS_COMPLETE, 1)
        await self._lease.give_back()
        seconds = round(time.monotonic() - started, 3)
        get_logger().info("records.restored", studies=count, duration_seconds=seconds)
        return count

    async def correct(self) -> None:
        """Correct the unfinished records of studies that are in the archive or in quarantine.

        The event that said so was lost together with a part of Redis.

        Raises:
            redis.exceptions.RedisError: as `restore_if_lost`.
        """
        if not await self._lease.take():
            return
        async for records in self._unfinished():
            updates = await asyncio.to_thread(self._missed, records)
            for study_id in {update.study_id for update in updates}:
                get_logger().warning("records.corrected", study_id=str(study_id))
            await self._send(updates)
            if not await self._lease.take():
                return
            await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311 -- a bounded rate
        await self._lease.give_back()

    async def _unfinished(self) -> AsyncIterator[Sequence[StatusRecord]]:
        """The records that may be behind, page by page."""
        until = (datetime.now(UTC) - OVERDUE).isoformat()
        for state in _MAY_BE_BEHIND:
            cursor: str | None = ""
            while cursor is not None:
                parameters = {"status": state.value, "until": until, "limit": str(AT_ONCE)}
                if cursor:
                    parameters["cursor"] = cursor
                response = await self._client.get("/status", params=parameters)
                response.raise_for_status()
                page = _Page.model_validate_json(response.content)
                yield page.studies
                cursor = page.next_cursor

    def _missed(self, records: Sequence[StatusRecord]) -> list[StudyStatusUpdate]:
        """The updates that records of studies at their last place have missed. Blocks."""
        folders = []
        for record in records:
            places = self._studies.locate(record.study_id)
            if places and places[0] is not Place.UPLOADS:
                folders.append(self._studies.at(places[0], record.study_id))
        return _updates(folders)

    async def _send(self, updates: Sequence[StudyStatusUpdate]) -> None:
        if updates:
            content = StudyStatusUpdates(updates=tuple(updates)).to_json()
            response = await self._client.post("/status", content=content)
            response.raise_for_status()


def _log_now_and_then() -> Callable[[int], None]:
    reported = time.monotonic()

    def report(studies: int) -> None:
        nonlocal reported
        if time.monotonic() - reported > PROGRESS_SECONDS:
            reported = time.monotonic()
            get_logger().info("records.restoring", studies=studies)

    return report


def _updates(folders: Sequence[StudyFolder]) -> list[StudyStatusUpdate]:
    """What the store shows of some studies; those that are gone by now are left out. Blocks."""
    updates = []
    for folder in folders:
        with suppress(FileNotFoundError):
            updates += [
                StudyStatusUpdate(study_id=folder.study_id, **dict(update))
                for update in updates_at(folder)
            ]
    return updates


async def _in_portions(folders: Iterator[StudyFolder]) -> AsyncIterator[Sequence[StudyFolder]]:
    while portion := await asyncio.to_thread(lambda: list(islice(folders, AT_ONCE))):
        yield portion
