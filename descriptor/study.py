"""Archives a study: every sound instance described, then all of it filed."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from contracts.events import StudyArchivedData
from contracts.volumes import Volumes
from descriptor.archive import file_study, open_study
from descriptor.describer import Describe
from descriptor.instances import Instance
from descriptor.metadata import InstanceDescription

MOST_DESCRIBED_AT_ONCE = 8
"""Instances of one study that wait for their description at the same time."""


async def archive_study(study_id: UUID, volumes: Volumes, describe: Describe) -> StudyArchivedData:
    """Describe and file a study; once that is done, calling it again changes nothing.

    Raises:
        PermanentError: the study is not there, or not as it arrived.
        OSError: whatever the file system says; try again.
    """
    study = await asyncio.to_thread(open_study, volumes, study_id)
    if isinstance(study, StudyArchivedData):
        return study
    places = asyncio.Semaphore(MOST_DESCRIBED_AT_ONCE)

    async def describe_one(instance: Instance) -> InstanceDescription:
        async with places:
            return await describe(instance)

    descriptions = await asyncio.gather(*(describe_one(instance) for instance in study.instances))
    return await asyncio.to_thread(file_study, volumes, study, descriptions, datetime.now(UTC))
