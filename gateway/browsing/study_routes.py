"""GET /studies, /studies/{study}: which studies there are, what is known of one, its instances."""

import asyncio
from typing import Annotated
from uuid import UUID

import httpx
from fastapi import APIRouter, Query, Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from contracts.model import DicomUid
from gateway.browsing.studies import Study, StudyPage, StudyQuery, describe, list_studies, next_page
from gateway.browsing.study_status import known_status
from gateway.dicomweb.resources import Resource
from gateway.dicomweb.retrieval import Retrieval
from gateway.dicomweb.retrieval_routes import BINARY, Accepted
from gateway.http.negotiation import MULTIPART
from gateway.http.reading import headers, reading
from storage.study_store import StudyStore


def studies_router(
    client: httpx.AsyncClient, studies: StudyStore, retrieval: Retrieval
) -> APIRouter:
    """The routes that tell of studies.

    Args:
        client: to the status service.
        studies: where studies are stored.
        retrieval: gives out what is in the archive by DICOM UIDs.
    """
    router = APIRouter(tags=["studies"])

    @reading(
        router,
        "/studies",
        summary="Studies, page by page",
        responses={
            200: {"headers": headers({"Link": 'The next page: `rel="next"` (RFC 8288).'})},
            **documented(ProblemType.STATUS_UNAVAILABLE),
        },
    )
    async def index(query: Annotated[StudyQuery, Query()], response: Response) -> StudyPage:
        """Those first seen last come first. A filter that is not given lets all pass."""
        page = await list_studies(query, client, studies)
        if page.next_cursor:
            response.headers["Link"] = next_page(query, page.next_cursor)
        return page

    @reading(
        router,
        "/studies/{study}",
        summary="A study; by its UID, its instances (WADO-RS)",
        response_model=Study,
        responses={
            200: {"content": {MULTIPART: BINARY}},
            **documented(
                ProblemType.UNKNOWN_STUDY,
                ProblemType.NOT_ACCEPTABLE,
                ProblemType.STATUS_UNAVAILABLE,
                ProblemType.INDEX_UNAVAILABLE,
                ProblemType.INDEX_INCOMPLETE,
            ),
        },
    )
    async def show(study: UUID | DicomUid, accept: Accepted) -> Study | Response:
        """By our id: the latest record, what lies in the archive, and links to what there is.

        By the Study Instance UID (PS3.18 10.4): all instances as parts, byte for byte as they
        arrived. Nothing is transcoded: who accepts one transfer syntax only, and not the one in
        which an instance is stored, gets 406.
        """
        if isinstance(study, UUID):
            record = await known_status(study, client, studies)
            return await asyncio.to_thread(describe, record, studies)
        return await retrieval.instances(Resource(study), accept)

    return router
