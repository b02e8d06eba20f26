"""Archives a study: every valid instance described, all of it filed, entered in the index."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

from chassis.instance_index import Kept
from chassis.runtime.cancellation import cancel
from contracts.events import StudyArchivedData
from contracts.volumes import INCOMING, Volumes, archive_path
from descriptor.archive import file_study, open_study, read_archived
from descriptor.describer import Describe
from descriptor.description import InstanceDescription
from descriptor.instances import Instance, is_uid
from descriptor.metadata import StudyMetadata
from descriptor.preview import Preview

INSTANCES_AT_ONCE = 16
"""Instances that are described in one go."""
BATCHES_AHEAD = 4
"""Such goes of one study that wait for a process, or to be written down."""


class Index(Protocol):
    """What is needed of `chassis.instance_index.InstanceIndex`."""

    async def claim(self, study_id: UUID, instances: Mapping[str, str]) -> dict[str, Kept]:
        """Enter instances; tell which study has brought each first."""

    async def file(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        """Enter that a study is in the archive."""


async def archive_study(
    study_id: UUID, volumes: Volumes, describe: Describe, index: Index, preview: Preview
) -> StudyArchivedData:
    """Describe and file a study; once that is done, calling it again changes nothing.

    Raises:
        PermanentError: the study is not there, or not as it arrived.
        OSError: whatever the file system says; try again.
    """
    await _file(study_id, volumes, describe, index)
    archived = await asyncio.to_thread(read_archived, volumes, study_id)
    await index.file(study_id, archived.study["study_instance_uids"])
    await preview(study_id, archived)
    return StudyArchivedData(
        directory=archive_path(study_id),
        instance_count=len(archived.instances),
        size_bytes=sum(instance.size_bytes for instance in archived.instances),
    )


async def _file(study_id: UUID, volumes: Volumes, describe: Describe, index: Index) -> None:
    study = await asyncio.to_thread(open_study, volumes, study_id)
    if study is None:
        return
    metadata = await asyncio.to_thread(StudyMetadata, study, volumes.archive / INCOMING)
    with metadata:
        async with aclosing(_described(study.instances, describe)) as batches:
            async for batch in batches:
                await asyncio.to_thread(metadata.add, batch)
        # All of them again: the index may have been made again since the validator entered them.
        instances = {
            instance.identity.sop_instance_uid: instance.stored.sha256
            for instance in study.instances
            if is_uid(instance.identity.sop_instance_uid)
        }
        kept = await index.claim(study_id, instances)
        owners = {uid: entry.study_id for uid, entry in kept.items()}
        await asyncio.to_thread(file_study, volumes, study, metadata, owners, datetime.now(UTC))


async def _described(
    instances: Sequence[Instance], describe: Describe
) -> AsyncGenerator[list[tuple[Instance, InstanceDescription]], None]:
    """The descriptions of instances, in their order, a few batches made ahead."""

    async def one(batch: Sequence[Instance]) -> list[tuple[Instance, InstanceDescription]]:
        return list(zip(batch, await describe(batch), strict=True))

    starts = range(0, len(instances), INSTANCES_AT_ONCE)
    batches = (instances[start : start + INSTANCES_AT_ONCE] for start in starts)
    tasks: deque[asyncio.Task[list[tuple[Instance, InstanceDescription]]]] = deque()
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
