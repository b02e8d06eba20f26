"""DELETE /studies/{study_id}."""

import asyncio
from typing import Annotated
from uuid import UUID

import httpx2
from fastapi import Path, Request

from chassis.web.problem import Problem, documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from contracts.events import RemovalReason
from contracts.places import Place
from contracts.status import State
from gateway.browsing.study_status import known_status
from gateway.deletion.audit_trail import requester
from gateway.deletion.deletion import Deletions
from storage.study_store import StudyStore

router = Router(tags=["studies"])


@router.delete(
    "/studies/{study_id}",
    status_code=204,
    summary="Delete a study",
    responses=documented(
        ProblemType.UNKNOWN_STUDY,
        ProblemType.STUDY_IN_PROGRESS,
        ProblemType.QUARANTINE_BUSY,
        ProblemType.STATUS_UNAVAILABLE,
        ProblemType.EVENT_BUS_UNAVAILABLE,
    ),
)
async def delete_study(
    study_id: Annotated[UUID, Path(description="The `study_id` that the upload returned.")],
    request: Request,
    client: Annotated[httpx2.AsyncClient, provided(httpx2.AsyncClient)],
    studies: Annotated[StudyStore, provided(StudyStore)],
    deletions: Annotated[Deletions, provided(Deletions)],
) -> None:
    """Deletes the study from archive and quarantine; its status becomes `deleted`.

    `removed.ndjson` in the quarantine keeps a line about each file. A study that is being processed
    cannot be deleted; one whose status is `error` can. Repeating the request does no harm. After
    `event-bus-unavailable` the deletion is finished later by itself.
    """
    places = await asyncio.to_thread(studies.locate, study_id)
    if not places or Place.UPLOADS in places:
        record = await known_status(study_id, client, studies)
        if record.status is State.DELETED:
            return
        if record.status is not State.ERROR and (places or not record.status.is_final):
            detail = f"Study {study_id} is being processed; try again when that has ended."
            raise Problem(ProblemType.STUDY_IN_PROGRESS, detail)
    await deletions.delete(study_id, RemovalReason.DELETED, requester(request))
