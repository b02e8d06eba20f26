"""GET /studies/{study_id}/…: report, metadata, instances, all of them, a picture."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis.problem import documented
from contracts.model import DicomUid
from gateway.report import Report
from gateway.routes.reading import BINARY, giving_file, headers, reading
from gateway.study_files import CSV, DICOM, JSON, PNG, ZIP, StudyFiles


def study_files_router(files: StudyFiles) -> APIRouter:
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
            **documented(404, 406, 422, 503),
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
        "/studies/{study_id}/metadata",
        summary="metadata.json",
        **giving_file(JSON, schema={}),
    )
    async def metadata(study_id: UUID, request: Request) -> Response:
        """Everything that the archive says of the study: PHI."""
        return await files.metadata(study_id, request)

    @reading(
        router,
        "/studies/{study_id}/instances/{sop_instance_uid}",
        summary="The file of an archived instance",
        **giving_file(DICOM),
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
            **documented(404, 422, 503),
        },
    )
    async def archive(study_id: UUID, request: Request) -> Response:
        """The instances under their names in the archive, and `metadata.json`; uncompressed.

        It is made while it is sent, so that its length is not known before.
        """
        return await files.archive(study_id, request)

    @reading(
        router,
        "/studies/{study_id}/preview.png",
        summary="A picture of a study",
        **giving_file(PNG),
    )
    async def preview(study_id: UUID, request: Request) -> Response:
        """A frame with its VOI window, made when the study was archived. It may show PHI."""
        return await files.preview(study_id, request)

    return router
