"""Finds the study, series or instance of a DICOMweb URL in the archive (PS3.18 10.4.1).

A DICOM study that was uploaded in several requests is archived under several ids. An instance that
is archived under two of them is returned once.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from redis.exceptions import RedisError

from chassis.access.caller import Caller
from chassis.observability.logs import error_name, get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.model import is_uid
from gateway.http.paths import DICOMWEB
from storage.metadata import ArchivedInstance, ArchivedStudy
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore
from storage.uid_index import UidIndex

INDEX_TIMEOUT_SECONDS = 3.0


@dataclass(frozen=True)
class Resource:
    """A study, series or instance, by its UIDs."""

    study: str
    series: str | None = None
    instance: str | None = None

    @property
    def path(self) -> str:
        """The path of the resource."""
        path = f"{DICOMWEB}/studies/{self.study}"
        if self.series:
            path += f"/series/{self.series}"
        if self.instance:
            path += f"/instances/{self.instance}"
        return path

    @property
    def is_valid(self) -> bool:
        """Whether its UIDs are valid."""
        return all(uid is None or is_uid(uid) for uid in (self.study, self.series, self.instance))

    def holds(self, instance: ArchivedInstance) -> bool:
        """Whether an instance belongs to it."""
        return (
            instance.study_instance_uid == self.study
            and self.series in {instance.series_instance_uid, None}
            and self.instance in {instance.sop_instance_uid, None}
        )


@dataclass(frozen=True)
class Found:
    """The instances of a resource that are archived under one id."""

    folder: StudyFolder
    instances: tuple[ArchivedInstance | None, ...]
    """In the order of the metadata; None for instances that are not part of the resource."""

    @property
    def wanted(self) -> Iterable[ArchivedInstance]:
        """The instances of the resource."""
        return filter(None, self.instances)


async def find(
    resource: Resource, caller: Caller, index: UidIndex, studies: StudyStore
) -> list[Found]:
    """Find the instances of a resource that a caller may see, in the order of archival.

    Raises:
        Problem: there are none, or the index does not answer.
    """
    try:
        async with asyncio.timeout(INDEX_TIMEOUT_SECONDS):
            study_ids = await index.studies(resource.study)
            complete = bool(study_ids) or await index.is_complete()
    except (RedisError, TimeoutError) as error:
        get_logger().error("dicomweb.index_unavailable", error=error_name(error))
        raise Problem(ProblemType.INDEX_UNAVAILABLE) from None
    if not complete:
        raise Problem(ProblemType.INDEX_INCOMPLETE)
    found = await asyncio.to_thread(_look_up, resource, caller, study_ids, studies)
    if not any(chain.from_iterable(place.wanted for place in found)):
        raise _unknown(resource)
    return found


def _look_up(
    resource: Resource, caller: Caller, study_ids: Iterable[UUID], studies: StudyStore
) -> list[Found]:
    archived: list[tuple[StudyFolder, ArchivedStudy]] = []
    for study_id in study_ids:
        folder = studies.archived(study_id)
        try:
            study = folder.metadata()
        except FileNotFoundError:
            get_logger().warning("dicomweb.not_in_archive", study_id=str(study_id))
            continue
        if caller.sees(study.provenance.label):
            archived.append((folder, study))
    archived.sort(key=lambda entry: entry[1].provenance.archived_at)
    given: set[str] = set()
    found = []
    for folder, study in archived:
        wanted = []
        for instance in study.instances:
            take = resource.holds(instance) and instance.sop_instance_uid not in given
            wanted.append(instance if take else None)
            if take and instance.sop_instance_uid:
                given.add(instance.sop_instance_uid)
        found.append(Found(folder, tuple(wanted)))
    return found


def _unknown(resource: Resource) -> Problem:
    if resource.instance:
        detail = "The series has no instance with this UID."
        return Problem(ProblemType.UNKNOWN_INSTANCE, detail)
    if resource.series:
        return Problem(ProblemType.UNKNOWN_SERIES, "The study has no series with this UID.")
    detail = "No study with this Study Instance UID is archived."
    return Problem(ProblemType.UNKNOWN_STUDY, detail)
