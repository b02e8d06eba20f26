"""GET /studies/{study_id}/…: report, metadata, instances, all of them, a picture."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from contracts.model import DicomUid
from gateway.browsing.report import Report
from gateway.browsing.study_files import CSV, DICOM, JSON, PNG, ZIP, StudyFiles
from gateway.dicomweb.resources import Resource
from gateway.dicomweb.retrieval import Retrieval
from gateway.dicomweb.retrieval_routes import DATASETS, Accepted
from gateway.http.negotiation import DICOM_JSON
from gateway.http.reading import BINARY, giving_file, headers, reading


def study_files_router(files: StudyFiles, retrieval: Retrieval) -> APIRouter:
    """The routes that give out what there is of a study as a file."""
    router = APIRouter(tags=["studies"])

    @reading(
        router,
        "/studies/{study_id}/report",
        summary="What became of each file, and why",
        response_model=Report,
        responses={
            200: {
                "content": {CSV: {"schema": {"type": "string"}}},
                "headers": headers({"Vary": "`Accept`"}),
            },
            **documented(
                ProblemType.UNKNOWN_STUDY,
                ProblemType.REPORT_NOT_READY,
                ProblemType.NO_REPORT,
                ProblemType.NOT_ACCEPTABLE,
                ProblemType.STATUS_UNAVAILABLE,
            ),
        },
    )
    async def report(study_id: UUID, request: Request) -> Response:
        """JSON, or a table for spreadsheets with `Accept: text/csv`. It may contain PHI.

        The table has a row for each file, and after them one for each finding across files. Cells
        that look like formulas begin with an apostrophe.
        """
        return await files.report(study_id, request)

    @reading(
        router,
        "/studies/{study}/metadata",
        summary="metadata.json; by the study's UID, its data sets (WADO-RS)",
        **_metadata(),
    )
    async def metadata(study: UUID | DicomUid, request: Request, accept: Accepted) -> Response:
        """By our id: everything that the archive says of the study.

        By the Study Instance UID: the data sets of all instances (PS3.18 10.4.1.1.2), their bulk
        data left out. PHI, both.
        """
        if isinstance(study, UUID):
            return await files.metadata(study, request)
        return await retrieval.metadata(Resource(study), accept)

    @reading(
        router,
        "/studies/{study_id}/instances/{sop_instance_uid}",
        summary="The file of an archived instance",
        **giving_file(
            DICOM,
            problems=(
                ProblemType.UNKNOWN_STUDY,
                ProblemType.NOT_ARCHIVED,
                ProblemType.UNKNOWN_INSTANCE,
                ProblemType.STATUS_UNAVAILABLE,
            ),
        ),
    )
    async def instance(study_id: UUID, sop_instance_uid: DicomUid, request: Request) -> Response:
        """The bytes that arrived; their SHA-256 is the `ETag`. Ranges of them can be asked for."""
        return await files.instance(study_id, sop_instance_uid, request)

    @reading(
        router,
        "/studies/{study_id}/archive.zip",
        summary="All archived instances in a zip file",
        response_class=Response,
        responses={
            200: {
                "content": {ZIP: {"schema": BINARY}},
                "headers": headers({"Content-Disposition": "With a name for the file."}),
            },
            **documented(
                ProblemType.UNKNOWN_STUDY,
                ProblemType.NOT_ARCHIVED,
                ProblemType.STATUS_UNAVAILABLE,
            ),
        },
    )
    async def archive(study_id: UUID) -> Response:
        """The instances under their names in the archive, and `metadata.json`; uncompressed.

        It is made while it is sent, so that its length is not known before.
        """
        return await files.archive(study_id)

    @reading(
        router,
        "/studies/{study_id}/preview.png",
        summary="A picture of a study",
        **giving_file(
            PNG,
            problems=(
                ProblemType.UNKNOWN_STUDY,
                ProblemType.NOT_ARCHIVED,
                ProblemType.NO_PREVIEW,
                ProblemType.STATUS_UNAVAILABLE,
            ),
        ),
    )
    async def preview(study_id: UUID, request: Request) -> Response:
        """A frame with its VOI window, made when the study was archived. It may show PHI."""
        return await files.preview(study_id, request)

    return router


def _metadata() -> dict[str, Any]:
    documentation = giving_file(
        JSON,
        schema={},
        problems=(
            ProblemType.UNKNOWN_STUDY,
            ProblemType.NOT_ARCHIVED,
            ProblemType.STATUS_UNAVAILABLE,
            ProblemType.INDEX_UNAVAILABLE,
            ProblemType.INDEX_INCOMPLETE,
        ),
    )
    documentation["responses"][200]["content"] |= {DICOM_JSON: DATASETS}
    documentation["responses"] |= documented(ProblemType.NOT_ACCEPTABLE)
    return documentation
