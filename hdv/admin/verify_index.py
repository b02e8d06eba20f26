"""Verifies the index of UIDs against the studies that are stored."""

from collections.abc import Sequence

from redis.asyncio import Redis

from contracts.places import Place
from storage.study_store import StudyStore
from storage.uid_index import UidIndex
from storage.verification import Finding, Verified

INDEX = "index"


class IndexCheck:
    """Compares the index with verified studies.

    Args:
        client: a connected client.
        studies: where studies are stored.
    """

    def __init__(self, client: Redis, studies: StudyStore) -> None:
        async def connect() -> Redis:
            return client

        self._index = UidIndex(connect)
        self._studies = studies
        self._suspects: list[Verified] = []

    async def check(self, portion: Sequence[Verified]) -> None:
        """Look up the UIDs of archived studies, unless the index is not complete."""
        if not await self._index.is_complete():
            return
        for study in portion:
            if await self._finding(study):
                self._suspects.append(study)

    async def findings(self) -> list[Finding]:
        """What is wrong with the index.

        What was found wrong before is looked up again: a study is entered a moment after it came to
        the archive.
        """
        if not await self._index.is_complete():
            return [Finding("index.incomplete", INDEX)]
        found = [await self._finding(study) for study in self._suspects]
        orphans = [
            Finding("index.orphan", INDEX, str(study_id))
            for study_id in sorted(await self._index.owners())
            if not self._studies.locate(study_id)
        ]
        return [*(finding for finding in found if finding), *orphans]

    async def _finding(self, study: Verified) -> Finding | None:
        if study.place is not Place.ARCHIVE or not self._studies.archived(study.study_id).exists():
            return None
        reserved = await self._index.reservations(uid for uid, _, _ in study.instances)
        for uid, study_instance_uid, sha256 in study.instances:
            if uid not in reserved or (
                study_instance_uid
                and study.study_id not in await self._index.studies(study_instance_uid)
            ):
                return Finding("index.missing", INDEX, str(study.study_id))
            owner = reserved[uid]
            if owner.study_id == study.study_id and owner.content.sha256 != sha256:
                return Finding("index.differs", INDEX, str(study.study_id))
        return None
