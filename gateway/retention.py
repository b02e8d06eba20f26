"""Retention: studies are deleted from archive and quarantine because of their age.

By default nothing is. A deletion by age is a deletion like any other, with its trail and its event;
of a study that is archived, only the files in quarantine are removed when their time is over.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.lease import Lease
from chassis.observability.logs import error_name, get_logger
from chassis.web.problem import Problem
from contracts.events import RemovalReason
from contracts.places import Place
from gateway.deletion.deletion import Deletions
from gateway.quarantine.removal import remove
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore

PERIOD_SECONDS = 3600.0
"""How often old studies are looked for."""
REQUESTED_BY = "retention"


@dataclass(frozen=True)
class Ages:
    """The age at which the studies of a place are deleted.

    Args:
        days: the age in days; None for never.
        by_label: the age for uploads with a label, in place of `days`.
    """

    days: float | None
    by_label: Mapping[str, float]

    @property
    def shortest(self) -> float | None:
        """The shortest age of all; None if nothing is deleted."""
        return min([*self.by_label.values(), *([self.days] if self.days else [])], default=None)

    def of(self, label: str | None) -> float | None:
        """The age for uploads with a label; None for never."""
        return self.by_label.get(label, self.days) if label else self.days


class Retention:
    """Deletes old studies, as background work of one gateway at a time.

    Args:
        studies: where studies are stored.
        deletions: deletes a study.
        archive: the age at which archived studies are deleted.
        quarantine: the age at which files in quarantine are deleted.
        connect: returns a connected client of Redis.
    """

    def __init__(
        self,
        studies: StudyStore,
        deletions: Deletions,
        archive: Ages,
        quarantine: Ages,
        connect: Callable[[], Awaitable[Redis]],
    ) -> None:
        self._studies = studies
        self._deletions = deletions
        self._ages = {Place.ARCHIVE: archive, Place.QUARANTINE: quarantine}
        self._lease = Lease(connect, "retention:lease")

    async def run(self) -> None:
        """Delete old studies from time to time, until cancelled."""
        while True:
            # Several gateways should not begin at the same moment.
            await asyncio.sleep(PERIOD_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 -- jitter
            try:
                if await self._lease.take():
                    await self.apply(datetime.now(UTC))
            except (RedisError, TimeoutError, OSError, Problem) as error:  # it is tried again
                get_logger().error("retention.delayed", error=error_name(error))

    async def apply(self, now: datetime) -> None:
        """Delete the studies that are too old. It rests for as long as it works.

        Raises:
            redis.exceptions.RedisError: Redis is unavailable; likewise `OSError` for the store, and
                `Problem` if other removals take too long.
        """
        for place, ages in self._ages.items():
            due = self._due(place, ages, now)
            began = time.monotonic()
            while folder := await asyncio.to_thread(next, due, None):
                await self._delete(folder)
                await asyncio.sleep(time.monotonic() - began)
                began = time.monotonic()
                if not await self._lease.take():
                    return

    def _due(self, place: Place, ages: Ages, now: datetime) -> Iterator[StudyFolder]:
        """The studies at a place that are too old. Blocks."""
        if ages.shortest is None:
            return
        for folder in self._studies.all(place):
            try:
                age = now - folder.since()
                if age > timedelta(days=ages.shortest):
                    days = ages.of(_label(folder))
                    if days is not None and age > timedelta(days=days):
                        yield folder
            except FileNotFoundError:  # it has been deleted meanwhile, or is still being moved
                continue
            except (ValidationError, ValueError):  # `hdv verify` finds it
                get_logger().error("retention.unreadable", study_id=str(folder.study_id))

    async def _delete(self, folder: StudyFolder) -> None:
        study_id = folder.study_id
        places = await asyncio.to_thread(self._studies.locate, study_id)
        if Place.UPLOADS in places:
            return  # it is being processed
        if folder.place is Place.QUARANTINE and Place.ARCHIVE in places:
            await remove(
                self._studies,
                self._deletions,
                study_id,
                None,
                reason=RemovalReason.PURGED,
                requested_by=REQUESTED_BY,
            )
        else:
            await self._deletions.delete(study_id, RemovalReason.PURGED, REQUESTED_BY)


def _label(folder: StudyFolder) -> str | None:
    if folder.place is Place.ARCHIVE:
        return folder.metadata().provenance.label
    return folder.intake().label
