"""GET /studies, /studies/{study_id}: which studies there are, and what is known of one."""

import asyncio
from typing import Annotated
from uuid import UUID

import httpx
from fastapi import APIRouter, Query, Response

from chassis.problem import documented
from contracts.volumes import Volumes
from gateway.routes.reading import headers, reading
from gateway.studies import Study, StudyPage, StudyQuery, describe, list_studies, next_page
from gateway.study_status import known_status


def studies_router(client: httpx.AsyncClient, volumes: Volumes) -> APIRouter:
    """The routes that tell of studies.

    Args:
        client: to the status service.
        volumes: where studies lie.
    """
    router = APIRouter(tags=["studies"])

    @reading(
        router,
        "/studies",
        summary="Studies, page by page",
        responses={
            200: {"headers": headers({"Link": 'The next page: `rel="next"` (RFC 8288).'})},
            **documented(422, 503),
        },
    )
    async def index(query: Annotated[StudyQuery, Query()], response: Response) -> StudyPage:
        """Those first seen last come first. A filter that is not given lets all pass."""
        page = await list_studies(query, client, volumes)
        if page.next_cursor:
            response.headers["Link"] = next_page(query, page.next_cursor)
        return page

    @reading(router, "/studies/{study_id}", summary="A study", responses=documented(404, 422, 503))
    async def show(study_id: UUID) -> Study:
        """The latest record, what lies in the archive, and links to what there is."""
        record = await known_status(study_id, client, volumes)
        return await asyncio.to_thread(describe, record, volumes)

    return router
