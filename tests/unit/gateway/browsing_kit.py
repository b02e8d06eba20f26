"""The routes that give out studies, over a status service that answers as told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from chassis.web import problem
from contracts.status import HistoryEntry, State, StatusRecord
from gateway.browsing.file_routes import study_files_router
from gateway.browsing.study_files import StudyFiles
from gateway.browsing.study_routes import studies_router
from unit.gateway.studies_on_disk import STUDY, UPLOADED, Disk

Answer = Callable[[httpx.Request], httpx.Response]


def record(state: State, **details: object) -> StatusRecord:
    entry = HistoryEntry(state=state, time=UPLOADED, service="gateway")
    known = {"study_id": STUDY, "status": state, "updated_at": UPLOADED, "history": (entry,)}
    return StatusRecord.model_validate(known | details)


def knows(state: State, **details: object) -> Answer:
    return lambda _: httpx.Response(200, content=record(state, **details).to_json())


def knows_nothing(_: httpx.Request) -> httpx.Response:
    return httpx.Response(404)


def is_away(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("http://status:8001 refused")


class Gateway:
    """What clients see of studies."""

    def __init__(self, root: Path) -> None:
        self.disk = Disk(root)
        self.answer: Answer = is_away
        self.asked: list[httpx.Request] = []

    def app(self, client: httpx.AsyncClient) -> FastAPI:
        app = FastAPI()
        problem.install(app)
        studies = self.disk.volumes.studies
        files = StudyFiles(studies, client, idle_seconds=5, retry_after_seconds=2)
        nobody: Any = None
        app.include_router(studies_router(client, studies, nobody))
        app.include_router(study_files_router(files, nobody))
        return app

    async def get(
        self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET"
    ) -> httpx.Response:
        internal = httpx.MockTransport(self._status_service)
        async with httpx.AsyncClient(transport=internal, base_url="http://status") as client:
            outside = httpx.ASGITransport(self.app(client))
            async with httpx.AsyncClient(transport=outside, base_url="http://gateway") as browser:
                return await browser.request(method, path, headers=headers)

    def _status_service(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


def is_problem(response: httpx.Response, status: int, kind: str) -> bool:
    body = response.json()
    return (
        response.status_code == body["status"] == status
        and response.headers["content-type"] == "application/problem+json"
        and body["type"] == f"urn:hdv:problem:{kind}"
    )
