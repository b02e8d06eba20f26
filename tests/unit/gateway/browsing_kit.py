"""A gateway over studies on disk, with a status service that answers as a test says."""

from pathlib import Path

import httpx2

from contracts.status import HistoryEntry, State, StatusRecord
from kit.gateway import MemoryGateway, StatusService
from unit.gateway.studies_on_disk import STUDY, UPLOADED, Disk


def record(state: State, **details: object) -> StatusRecord:
    entry = HistoryEntry(state=state, time=UPLOADED, service="gateway")
    known = {"study_id": STUDY, "status": state, "updated_at": UPLOADED, "history": (entry,)}
    return StatusRecord.model_validate(known | details)


def knows(state: State, **details: object) -> StatusService:
    return lambda _: httpx2.Response(200, content=record(state, **details).to_json())


def knows_nothing(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(404)


class Gateway(MemoryGateway):
    """A gateway in memory with studies on its volumes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, retry_after_seconds=2, idle_timeout_seconds=5)
        self.disk = Disk(root)

    async def get(
        self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET"
    ) -> httpx2.Response:
        return await self.client.request(method, path, headers=headers)
