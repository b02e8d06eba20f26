"""GET /status/{study_id}, /studies, /studies/{study_id}/…: studies, their reports and files."""

import asyncio
from typing import Annotated
from uuid import UUID

import httpx2
from fastapi import Path, Query, Request, Response

from chassis.web.guard import caller_of
from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from contracts.model import DicomUid
from gateway.browsing.models import Report, Study, StudyPage, StudyQuery, StudyStatus
from gateway.browsing.studies import describe, next_page, read_studies
from gateway.browsing.study_files import CSV, DICOM, JSON, PNG, ZIP, StudyFiles
from gateway.browsing.study_status import known_status, with_links
from gateway.http.documentation import BINARY, file_download, headers
from gateway.http.paths import status_path
from storage.study_store import StudyStore

StudyId = Annotated[UUID, Path(description="The `study_id` that the upload returned.")]
StatusClient = Annotated[httpx2.AsyncClient, provided(httpx2.AsyncClient)]
Store = Annotated[StudyStore, provided(StudyStore)]
Files = Annotated[StudyFiles, provided(StudyFiles)]

_KNOWN = (ProblemType.UNKNOWN_STUDY, ProblemType.STATUS_UNAVAILABLE)
_ARCHIVED = (*_KNOWN, ProblemType.NOT_ARCHIVED)

router = Router(tags=["studies"])


@router.get(
    "/status/{study_id}", summary="Get the status of a study", responses=documented(*_KNOWN)
)
async def get_study_status(study_id: StudyId, client: StatusClient, studies: Store) -> StudyStatus:
    """Returns the latest record: status, history with durations, counts, findings without values.

    The status is known as soon as the upload is answered.
    """
    record = await known_status(study_id, client, studies)
    return await asyncio.to_thread(with_links, record, status_path(study_id), studies)


@router.get(
    "/studies",
    summary="List studies",
    responses={
        200: {"headers": headers({"Link": 'The next page: `rel="next"` (RFC 8288).'})},
        **documented(ProblemType.STATUS_UNAVAILABLE),
    },
)
async def list_studies(
    query: Annotated[StudyQuery, Query()],
    client: StatusClient,
    studies: Store,
    request: Request,
    response: Response,
) -> StudyPage:
    """Returns studies page by page, the newest first, if they match all filters.

    A page can have fewer studies than `limit`, or none, and still be followed by another.
    """
    page = await read_studies(query, caller_of(request), client, studies)
    if page.next_cursor:
        response.headers["Link"] = next_page(query, page.next_cursor)
    return page


@router.get("/studies/{study_id}", summary="Get a study", responses=documented(*_KNOWN))
async def get_study(study_id: StudyId, client: StatusClient, studies: Store) -> Study:
    """Returns the latest record, what is archived of the study, and links to what is available.

    For a study that failed it is what is in quarantine.
    """
    record = await known_status(study_id, client, studies)
    return await asyncio.to_thread(describe, record, studies)


@router.get(
    "/studies/{study_id}/report",
    summary="Get the report of a study",
    response_model=Report,
    responses={
        200: {
            "content": {CSV: {"schema": {"type": "string"}}},
            "headers": headers({"Vary": "`Accept`"}),
        },
        **documented(
            *_KNOWN,
            ProblemType.REPORT_NOT_READY,
            ProblemType.NO_REPORT,
            ProblemType.NOT_ACCEPTABLE,
        ),
    },
)
async def get_study_report(study_id: StudyId, request: Request, files: Files) -> Response:
    """Returns the outcome and the findings of each file. May contain PHI.

    As JSON, or with `Accept: text/csv` as a table for spreadsheets: a row for each file, then a
    row for each finding that concerns several files. Cells that look like formulas begin with an
    apostrophe.
    """
    return await files.report(study_id, request)


@router.get(
    "/studies/{study_id}/metadata",
    summary="Get the metadata of an archived study",
    **file_download(JSON, schema={}, problems=_ARCHIVED),
)
async def get_study_metadata(study_id: StudyId, request: Request, files: Files) -> Response:
    """Returns `metadata.json`: data sets without bulk data, validation and provenance. PHI."""
    return await files.metadata(study_id, request)


@router.get(
    "/studies/{study_id}/instances/{sop_instance_uid}",
    summary="Download an archived instance",
    **file_download(DICOM, problems=(*_ARCHIVED, ProblemType.UNKNOWN_INSTANCE)),
)
async def get_instance(
    study_id: StudyId,
    sop_instance_uid: Annotated[DicomUid, Path(description="The SOP Instance UID.")],
    request: Request,
    files: Files,
) -> Response:
    """Returns the file byte for byte as it was uploaded; `ETag` is the SHA-256 of its bytes."""
    return await files.instance(study_id, sop_instance_uid, request)


@router.get(
    "/studies/{study_id}/archive.zip",
    summary="Download all archived instances as a zip file",
    response_class=Response,
    responses={
        200: {
            "content": {ZIP: {"schema": BINARY}},
            "headers": headers({"Content-Disposition": "Has a name for the file."}),
        },
        **documented(*_ARCHIVED),
    },
)
async def get_study_archive(study_id: StudyId, files: Files) -> Response:
    """Returns the instances, under their names in the archive, and `metadata.json`.

    The zip file is created while it is sent, without compression; its length is not known before.
    """
    return await files.archive(study_id)


@router.get(
    "/studies/{study_id}/preview.png",
    summary="Get a preview image of a study",
    **file_download(PNG, problems=(*_ARCHIVED, ProblemType.NO_PREVIEW)),
)
async def get_study_preview(study_id: StudyId, request: Request, files: Files) -> Response:
    """Returns one frame, rendered with its VOI window when the study was archived. May show PHI."""
    return await files.preview(study_id, request)
