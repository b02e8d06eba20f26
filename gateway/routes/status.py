"""GET /status/{study_id}: what has become of a study."""

from uuid import UUID

import httpx
from fastapi import APIRouter

from chassis.logs import error_name, get_logger
from chassis.problem import Problem, documented, unavailable
from contracts.volumes import Volumes
from gateway.study_status import StudyStatus, find_status, with_links


def status_router(client: httpx.AsyncClient, volumes: Volumes) -> APIRouter:
    """The route that tells the status of a study."""
    router = APIRouter(tags=["studies"])

    @router.get(
        "/status/{study_id}",
        summary="The status of a study",
        responses=documented(404, 422, 503),
        response_model_exclude_none=True,
    )
    async def show(study_id: UUID) -> StudyStatus:
        """The latest record: state, history with durations, counts, findings without values."""
        try:
            record = await find_status(study_id, client, volumes)
        except httpx.HTTPError as error:
            get_logger().error("status.away", error=error_name(error))
            raise unavailable("status-away", "The status service does not answer.") from None
        if record is None:
            raise Problem(404, "unknown-study", "No such study", f"No study {study_id} is known.")
        return with_links(record)

    return router
