"""The index of UIDs in dictionaries."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from storage.reservation import Content, Reservation
from storage.study_store import StudyStore


class MemoryUidIndex:
    """What `storage.uid_index.UidIndex` offers to validator and descriptor."""

    def __init__(self) -> None:
        self.instances: dict[str, Reservation] = {}
        self.studies: dict[str, set[UUID]] = {}

    async def reservations(self, uids: Iterable[str]) -> dict[str, Reservation]:
        """The reservations of UIDs; those that are free are left out."""
        return {uid: self.instances[uid] for uid in uids if uid in self.instances}

    async def reserve(
        self, study_id: UUID, instances: Mapping[str, Content]
    ) -> dict[str, Reservation]:
        """Reserve the UIDs that are free; return the reservations of all."""
        return {
            uid: self.instances.setdefault(uid, Reservation(study_id, content))
            for uid, content in instances.items()
        }

    async def forget(
        self,
        study_id: UUID,
        uids: Iterable[str],
        study_instance_uids: Iterable[str],
        studies: StudyStore,
    ) -> None:
        """Free the UIDs that are reserved for a study."""
        del studies
        for uid in uids:
            if uid in self.instances and self.instances[uid].study_id == study_id:
                del self.instances[uid]
        for uid in study_instance_uids:
            self.studies.get(uid, set()).discard(study_id)

    async def add_study(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        """Enter a study that is in the archive."""
        for uid in study_instance_uids:
            self.studies.setdefault(uid, set()).add(study_id)
