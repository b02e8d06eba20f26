"""Digests of archived instances that the index does not know: archives of version 0.1 have none."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from itertools import islice
from uuid import UUID

from engine.profiles.profile import Profile
from storage.reservation import Reservation
from storage.stored_file import FileInStore
from storage.study_store import StudyStore
from validator.examine import FILES_AT_ONCE, Examine


async def archived_digests(
    reservations: Mapping[str, Reservation], studies: StudyStore, examine: Examine, profile: Profile
) -> dict[str, str]:
    """The digests of data set and transfer syntax, read from the files in the archive.

    Args:
        reservations: by SOP Instance UID.
        studies: where studies are stored.
        examine: examines some files.
        profile: has the limits of the examination.

    Returns:
        The digests by SOP Instance UID, without those of files that are gone or unreadable.
    """
    uids: defaultdict[UUID, list[str]] = defaultdict(list)
    for uid, reservation in reservations.items():
        uids[reservation.study_id].append(uid)
    digests: dict[str, str] = {}
    for study_id, wanted in uids.items():
        files = iter((await asyncio.to_thread(_files, studies, study_id, wanted)).items())
        while batch := dict(islice(files, FILES_AT_ONCE)):
            async with AsyncExitStack() as stack:
                local = [await stack.enter_async_context(file.local()) for file in batch.values()]
                reports = await examine(local, profile)
            found = zip(batch, (report.summary for report in reports), strict=True)
            digests |= {uid: summary.dataset_sha256 for uid, summary in found if summary}
    return digests


def _files(studies: StudyStore, study_id: UUID, uids: Iterable[str]) -> dict[str, FileInStore]:
    """The files of instances of an archived study; those that are not there are left out."""
    folder, wanted = studies.archived(study_id), set(uids)
    with suppress(FileNotFoundError, ValueError):  # it is gone, or its metadata is broken
        return {
            instance.sop_instance_uid: folder.file(instance.file)
            for instance in folder.metadata().instances
            if instance.sop_instance_uid in wanted
        }
    return {}
