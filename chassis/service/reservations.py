"""A study that ends in `error` no longer keeps others from its SOP Instance UIDs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from pydantic import ValidationError

from chassis.service.lifecycle import Service
from contracts.report import Identity, Outcome
from storage.study_store import StudyStore

Forget = Callable[[UUID, Iterable[str], Iterable[str], StudyStore], Awaitable[None]]
"""`storage.uid_index.UidIndex.forget`."""


def release_when_failed(service: Service, forget: Forget, studies: StudyStore) -> None:
    """Free the UIDs of the studies that the service could not process.

    If one of them is replayed, it reserves them again.
    """

    async def release(study_id: UUID) -> None:
        if identities := await asyncio.to_thread(_reserved, studies, study_id):
            uids = {identity.sop_instance_uid for identity in identities} - {""}
            study_instance_uids = {identity.study_instance_uid for identity in identities} - {""}
            await forget(study_id, uids, study_instance_uids, studies)

    service.when_failed(release)


def _reserved(studies: StudyStore, study_id: UUID) -> list[Identity]:
    """The UIDs that an upload has reserved; none if it is archived, or was not validated."""
    if studies.archived(study_id).exists():
        return []
    try:
        report = studies.uploaded(study_id).report()
    except (FileNotFoundError, ValidationError):
        return []
    return [
        instance.identity
        for instance in report.instances
        if instance.outcome is not Outcome.REJECTED
    ]
