"""GET /status/{study_id}: what has become of a study."""

import asyncio
from uuid import UUID

import httpx
from fastapi import APIRouter

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from gateway.browsing.links import status_path
from gateway.browsing.study_status import StudyStatus, known_status, with_links
from storage.study_store import StudyStore


def status_router(client: httpx.AsyncClient, studies: StudyStore) -> APIRouter:
    """The route that tells the status of a study."""
    router = APIRouter(tags=["studies"])

    @router.get(
        "/status/{study_id}",
        summary="The status of a study",
        responses=documented(ProblemType.UNKNOWN_STUDY, ProblemType.STATUS_UNAVAILABLE),
        response_model_exclude_none=True,
    )
    async def show(study_id: UUID) -> StudyStatus:
        """The latest record: state, history with durations, counts, findings without values."""
        record = await known_status(study_id, client, studies)
        return await asyncio.to_thread(with_links, record, status_path(study_id), studies)

    return router
