"""Answers STOW-RS requests (PS3.18 10.5): stores instances and waits for their outcome."""

import asyncio
from functools import partial
from uuid import uuid4

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from chassis.observability.logs import get_logger
from chassis.runtime.cancellation import cancel
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.dicomweb.outcome_wait import AwaitedUpload, OutcomeWaiters
from gateway.dicomweb.retrieval import not_acceptable
from gateway.dicomweb.stow_request import read_instances
from gateway.dicomweb.stow_response import store_response
from gateway.dicomweb.stow_results import results
from gateway.events.live_feed import LiveFeed
from gateway.http.negotiation import DICOM_JSON, JSON, Accept
from gateway.http.paths import status_path
from gateway.settings import GatewaySettings
from gateway.uploads.receiver import UploadMode
from gateway.uploads.service import UploadService, closing_connection
from storage.study_store import StudyStore


class StowService:
    """Stores instances and returns their outcome.

    Args:
        uploads: receives instances.
        live: says what happens to them.
        settings: how long requests wait, and how many.
        studies: where studies are stored.
    """

    def __init__(
        self, uploads: UploadService, live: LiveFeed, settings: GatewaySettings, studies: StudyStore
    ) -> None:
        self._uploads = uploads
        self._live = live
        self._studies = studies
        self._public_url = settings.public_url
        self._wait_seconds = settings.stow.wait_seconds
        self._retry_after_seconds = settings.retry_after_seconds
        self._read = partial(read_instances, max_files=settings.max_files)
        self._places = asyncio.Semaphore(settings.stow.max_waiting)
        self._waiters = OutcomeWaiters()
        live.observe(self._waiters.hear)

    def close(self) -> None:
        """End the wait of all requests."""
        self._waiters.close()

    async def store(
        self, request: Request, accept: Accept, study_instance_uid: str | None = None
    ) -> Response:
        """Store instances and return their outcome.

        Args:
            request: has the instances as its body.
            accept: what the client accepts.
            study_instance_uid: the Study Instance UID that all instances must have; None for any.

        Raises:
            Problem: the request is refused and nothing is stored, or the outcome is pending.
        """
        with closing_connection():
            media_type = accept.preferred((DICOM_JSON, JSON))
            if media_type is None:
                raise not_acceptable(f"The response is {DICOM_JSON}.")
            if not self._live.ready.is_set():
                raise Problem(ProblemType.EVENT_BUS_UNAVAILABLE, "Redis has not answered yet.")
            if self._places.locked():
                raise Problem(ProblemType.TOO_MANY_WAITING)
        upload_id = uuid4()
        async with self._places:
            with self._live.awaited(), self._waiters.awaiting(upload_id) as awaited:
                received = await self._uploads.receive(
                    request,
                    self._read,
                    UploadMode.STOW,
                    study_id=upload_id,
                    study_instance_uid=study_instance_uid,
                )
                await self._wait(awaited, request)
            if not awaited.is_over:
                get_logger().warning("stow.outcome_pending", study_id=str(upload_id))
                raise Problem(
                    ProblemType.OUTCOME_PENDING,
                    retry_after_seconds=self._retry_after_seconds,
                    headers={"Location": status_path(upload_id)},
                )
            found = await asyncio.to_thread(
                results, received.intake, awaited.archived, self._studies
            )
        base_url = self._public_url or str(request.base_url).rstrip("/")
        status, attributes = store_response(found, base_url)
        return JSONResponse(attributes, status, media_type=media_type)

    async def _wait(self, awaited: AwaitedUpload, request: Request) -> None:
        """Wait until the upload is processed, the client disconnects, or it takes too long."""
        over = asyncio.create_task(awaited.wake.wait())
        gone = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait(
                (over, gone), timeout=self._wait_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            await cancel(over, gone)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
