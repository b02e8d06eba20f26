"""Deletes studies, so that a deletion that has begun is finished whatever dies in between.

The order of the steps:

1. A line about each file goes to the audit trail.
2. The deletion is noted in the store, with its event. From here on it will be finished.
3. The UIDs of the study become free.
4. Its files are removed. Bytes that other studies share are hard links; those stay.
5. The event is sent, and the note is removed.

Each step may be repeated; the event keeps its id.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.messaging.lease import Lease
from chassis.messaging.publishing import EventPublisher
from chassis.observability.logs import error_name, get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.events import RemovalReason, StudyDeleted, StudyDeletedData
from contracts.model import Contract
from contracts.places import Place
from gateway.deletion.audit_trail import Removal, Requester, locked
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore
from storage.uid_index import UidIndex

REDIS_TIMEOUT_SECONDS = 10.0
PERIOD_SECONDS = 60.0
"""How often interrupted deletions are looked for, and how old they are then at least."""


class Deletion(Contract):
    """A deletion that has begun, as it is noted in the store."""

    event: StudyDeleted
    requested_by: Requester


class Deletions:
    """Deletes studies.

    Args:
        studies: where studies are stored.
        index: the UIDs of the studies in the archive.
        publisher: announces that studies were deleted.
        connect: returns a connected client of Redis.
    """

    def __init__(
        self,
        studies: StudyStore,
        index: UidIndex,
        publisher: EventPublisher,
        connect: Callable[[], Awaitable[Redis]],
    ) -> None:
        self._studies = studies
        self._index = index
        self._publisher = publisher
        self._lease = Lease(connect, "deletions:lease")

    async def delete(
        self, study_id: UUID, reason: RemovalReason, requested_by: str, *, if_stored: bool = False
    ) -> None:
        """Delete a study from every place. No service may be processing it.

        Args:
            study_id: the study; it may have no files any more.
            reason: why.
            requested_by: who wants it, for the audit trail.
            if_stored: do nothing if it has no files any more.

        Raises:
            Problem: 503 if other removals take too long, or if Redis is unavailable. Like after a
                crash, the deletion is finished later then.
        """
        deletion = await asyncio.to_thread(
            self._begin, study_id, reason, requested_by, if_stored=if_stored
        )
        if deletion is None:
            return
        try:
            await self._finish(deletion)
        except (RedisError, TimeoutError) as error:
            get_logger().error("deletion.redis_unavailable", error=error_name(error))
            detail = "The event bus does not answer; the deletion is finished later."
            raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE, detail) from None

    async def finish_continually(self) -> None:
        """Finish deletions that were interrupted, until cancelled. One gateway does it."""
        while True:
            try:
                if await self._lease.take():
                    await self.finish_interrupted()
            except (RedisError, TimeoutError, OSError, Problem) as error:  # it is tried again
                get_logger().warning("deletion.delayed", error=error_name(error))
            await asyncio.sleep(PERIOD_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 -- jitter

    async def finish_interrupted(self) -> None:
        """Finish the deletions that began some time ago.

        Raises:
            redis.exceptions.RedisError: as `delete`.
        """
        for deletion in await asyncio.to_thread(lambda: list(self._interrupted())):
            get_logger().warning("deletion.resumed", study_id=str(deletion.event.study_id))
            await self._finish(deletion)

    def _begin(
        self, study_id: UUID, reason: RemovalReason, requested_by: str, *, if_stored: bool
    ) -> Deletion | None:
        """Write the audit trail and the note; None if there is nothing to delete."""
        note = self._studies.deletion(study_id)
        # One at a time, or two requests would both record the files.
        with locked(self._studies.removals) as trail:
            if note.exists():
                return Deletion.model_validate_json(note.read())
            places = self._studies.locate(study_id)
            if if_stored and not places:
                return None
            removals, size_bytes = [], 0
            for place in places:
                folder = self._studies.at(place, study_id)
                for name, sha256, size in _files(folder):
                    size_bytes += size
                    removals.append(
                        Removal(
                            study_id=study_id,
                            place=place,
                            file=name,
                            sha256=sha256,
                            reason=reason,
                            requested_by=requested_by,
                        )
                    )
            data = StudyDeletedData(removal=reason, file_count=len(removals), size_bytes=size_bytes)
            event = StudyDeleted.new(source="gateway", subject=study_id, data=data)
            deletion = Deletion(event=event, requested_by=requested_by)
            trail.append(removals)
            note.put(deletion.to_json())
        return deletion

    async def _finish(self, deletion: Deletion) -> None:
        study_id = deletion.event.study_id
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            await self._free_uids(study_id)
        await asyncio.to_thread(self._remove, study_id)
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            await self._publisher.publish(deletion.event)
        await asyncio.to_thread(self._studies.deletion(study_id).remove)

    async def _free_uids(self, study_id: UUID) -> None:
        """Free the UIDs of a study, except those of instances that other studies have too."""
        uids, study_instance_uids = await asyncio.to_thread(self._uids, study_id)
        await self._index.forget(study_id, uids, study_instance_uids, self._studies)

    def _uids(self, study_id: UUID) -> tuple[set[str], set[str]]:
        """The SOP Instance UIDs and the Study Instance UIDs that a study has in the index."""
        identities: list[tuple[str, str]] = []
        # A study without readable documents has no UIDs that could be found.
        with suppress(FileNotFoundError, ValueError):
            study = self._studies.archived(study_id).metadata()
            identities += [(i.sop_instance_uid, i.study_instance_uid) for i in study.instances]
        with suppress(FileNotFoundError, ValueError):
            report = self._studies.uploaded(study_id).report()
            own = [instance.identity for instance in report.own]
            identities += [(i.sop_instance_uid, i.study_instance_uid) for i in own]
        return {uid for uid, _ in identities} - {""}, {uid for _, uid in identities} - {""}

    def _remove(self, study_id: UUID) -> None:
        self._studies.preview(study_id).remove()
        for place in (Place.UPLOADS, Place.QUARANTINE, Place.ARCHIVE):
            self._studies.remove(self._studies.at(place, study_id))

    def _interrupted(self) -> Iterator[Deletion]:
        for note in self._studies.deletions():
            with suppress(FileNotFoundError):  # it has been finished meanwhile
                if time.time() - note.stat().modified_ns / 1e9 > PERIOD_SECONDS:
                    yield Deletion.model_validate_json(note.read())


def _files(folder: StudyFolder) -> Iterator[tuple[str, str, int]]:
    """Name, SHA-256 and size in bytes of each DICOM file of a study."""
    try:
        if folder.place is Place.ARCHIVE:
            known = {file.file: file.sha256 for file in folder.metadata().instances}
        else:
            known = {file.name: file.sha256 for file in folder.intake().files}
    except (FileNotFoundError, ValueError):
        known = {}
    for name in sorted(folder.names()):
        if name.endswith(".dcm"):
            file = folder.file(name)
            yield name, known.get(name) or file.sha256(), file.stat().size_bytes
