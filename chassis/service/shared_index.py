"""The index of the archive, as a service uses it: entries of tasks that run together are one go."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from chassis.runtime.batches import Together
from storage.reservation import Content, Reservation
from storage.uid_index import Connect, UidIndex

_Reserved = tuple[UUID, Mapping[str, Content]]
_Archived = tuple[UUID, Iterable[str]]


class SharedIndex(UidIndex):
    """The index; what several tasks enter at the same time goes to Redis together."""

    def __init__(self, connect: Connect) -> None:
        super().__init__(connect)
        self._reserving: Together[_Reserved, dict[str, Reservation]] = Together(self.reserve_all)
        self._adding: Together[_Archived, None] = Together(self._add_all)

    async def reserve(
        self, study_id: UUID, instances: Mapping[str, Content]
    ) -> dict[str, Reservation]:
        """Reserve UIDs; see `UidIndex.reserve`."""
        return await self._reserving.add((study_id, instances))

    async def add_study(self, study_id: UUID, study_instance_uids: Iterable[str]) -> None:
        """Enter a study that is in the archive."""
        await self._adding.add((study_id, study_instance_uids))

    async def _add_all(self, studies: Sequence[_Archived]) -> list[None]:
        await self.add_studies(studies)
        return [None] * len(studies)
