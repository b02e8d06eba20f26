"""Archives a study: describe every valid instance, commit the study, enter it in the index."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

from chassis.messaging.errors import PermanentError
from chassis.observability.steps import Steps
from chassis.runtime.cancellation import cancel
from chassis.runtime.threads import Threads
from contracts.events import StudyArchivedData
from contracts.places import Place, study_directory
from descriptor.archive import commit_study, open_study, read_archived
from descriptor.archived import Archived
from descriptor.instance_description import InstanceDescription
from descriptor.instances import Instance, ValidatedStudy
from descriptor.isolated_description import Describe
from descriptor.metadata import StudyMetadata
from descriptor.preview import Preview, put_preview
from storage.reservation import Content, Reservation, contents_of
from storage.study_store import StudyStore

INSTANCES_AT_ONCE = 16
"""Instances that are described together, in one call of a process."""
BATCHES_AHEAD = 4
"""Batches of one study that wait for a process, or to be written."""


Batch = list[tuple[Instance, InstanceDescription]]


class Index(Protocol):
    """The part of `storage.uid_index.UidIndex` that is needed here."""

    async def reserve(
        self, study_id: UUID, instances: Mapping[str, Content]
    ) -> dict[str, Reservation]:
        """Reserve the UIDs that are free; return the reservations of all."""

    async def add_study(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        """Enter a study that is in the archive."""


@dataclass(frozen=True)
class Archiving:
    """How studies are archived.

    Attributes:
        studies: where they are stored.
        describe: describes instances.
        index: the index of the archive.
        preview: makes the picture of a study that has none.
        threads: for what blocks.
        steps: measures the steps of archiving a study.
    """

    studies: StudyStore
    describe: Describe
    index: Index
    preview: Preview
    threads: Threads = field(default_factory=Threads)
    steps: Steps = field(default_factory=Steps)


async def archive_study(study_id: UUID, archiving: Archiving) -> StudyArchivedData:
    """Describe and archive a study; once that is done, calling it again changes nothing.

    A repeated call reads from the archive what the first one has written, and announces the same.

    Raises:
        PermanentError: the study is not there, or not as it arrived.
        OSError: the store failed; try again.
    """
    index = archiving.index
    opened = await archiving.threads.run(_open, archiving.studies, study_id)
    if isinstance(opened, Archived):
        archived, has_picture = opened, False
    else:
        with opened as metadata:
            archived, has_picture = await _describe_and_commit(metadata, archiving)
    await index.add_study(study_id, archived.study_instance_uids)
    if archived.repeated:
        # The study that had these instances first may have been deleted a moment ago.
        await index.reserve(study_id, archived.repeated)
    if not has_picture:
        with archiving.steps.step("preview"):
            await archiving.preview(study_id)
    return StudyArchivedData(
        directory=study_directory(Place.ARCHIVE, study_id),
        instance_count=archived.instance_count,
        size_bytes=archived.size_bytes,
        duplicate_of=archived.duplicate_of or None,
    )


def _open(studies: StudyStore, study_id: UUID) -> StudyMetadata | Archived:
    """The metadata of a study that is to be archived, still empty; or what the archive has."""
    study = open_study(studies, study_id)
    if study is None:
        return Archived.of(read_archived(studies, study_id))
    return StudyMetadata(study, studies.store.temporary_file(Place.ARCHIVE), datetime.now(UTC))


async def _describe_and_commit(
    metadata: StudyMetadata, archiving: Archiving
) -> tuple[Archived, bool]:
    """Archive a study; returns also whether it has a picture."""
    study, studies = metadata.study, archiving.studies
    last: Batch = []
    with archiving.steps.step("describe"):
        async with aclosing(_described(study, archiving.describe)) as batches:
            async for batch in batches:
                if last:
                    await asyncio.to_thread(metadata.add, last)
                last = batch
    # Again, as the validator did: Redis may have lost the index since then.
    contents = contents_of(instance.report for instance in study.instances)
    reservations = await archiving.index.reserve(study.study_id, contents)
    _require_same_instances(study, reservations)
    owners = {uid: reservation.study_id for uid, reservation in reservations.items()}

    def commit() -> tuple[Archived, bool]:
        metadata.add(last)
        archived = commit_study(studies, metadata, owners, datetime.now(UTC))
        pictures = (description.picture for _, description in last if description.picture)
        picture = next(pictures, None)
        return archived, picture is not None and put_preview(studies, study.study_id, picture)

    with archiving.steps.step("store"):
        return await archiving.threads.run(commit)


def _require_same_instances(study: ValidatedStudy, reservations: Mapping[str, Reservation]) -> None:
    """Make sure that no other upload has got a UID of the study since it was validated.

    The validator has compared those that were reserved for others before.

    Raises:
        PermanentError: that has happened, after Redis had lost the index.
    """
    for instance in study.instances:
        reservation = reservations.get(instance.identity.sop_instance_uid)
        if reservation is None or reservation.study_id == study.study_id:
            continue
        is_same = reservation.content.is_same_instance(Content.of(instance.report))
        if not (is_same or instance.report.reserved_for):
            message = "Another instance has got one of the study's SOP Instance UIDs."
            raise PermanentError("instance.conflict", message)


async def _described(study: ValidatedStudy, describe: Describe) -> AsyncGenerator[Batch, None]:
    """The descriptions of a study's instances, in their order, a few batches made ahead."""
    instances = study.instances

    async def one(batch: Sequence[Instance]) -> Batch:
        async with AsyncExitStack() as files:
            paths = [
                await files.enter_async_context(study.folder.file(instance.stored.name).local())
                for instance in batch
            ]
            is_whole = len(batch) == len(instances)
            descriptions = await describe(paths, batch, is_whole=is_whole)
            return list(zip(batch, descriptions, strict=True))

    starts = range(0, len(instances), INSTANCES_AT_ONCE)
    batches = (instances[start : start + INSTANCES_AT_ONCE] for start in starts)
    tasks: deque[asyncio.Task[Batch]] = deque()
    try:
        while True:
            coming = islice(batches, BATCHES_AHEAD - len(tasks))
            tasks += [asyncio.create_task(one(batch)) for batch in coming]
            if not tasks:
                return
            yield await tasks[0]
            tasks.popleft()
    finally:
        await cancel(*tasks)
        await asyncio.gather(*tasks, return_exceptions=True)  # one error is enough
