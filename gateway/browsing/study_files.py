"""Answers requests for files of studies: report, metadata, instances, zip file, preview."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import httpx2
from starlette.requests import Request
from starlette.responses import Response

from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from gateway.browsing.archive import find_archived
from gateway.browsing.report import find_report
from gateway.browsing.report_csv import report_csv
from gateway.browsing.study_status import known_status
from gateway.http.download import OWNERS, StreamDownload, answer_file
from gateway.http.negotiation import Accept
from gateway.http.zip_stream import zip_pieces
from storage.stored_file import FileInStore
from storage.study_store import StudyStore

JSON = "application/json"
CSV = "text/csv"
DICOM = "application/dicom"
PNG = "image/png"
ZIP = "application/zip"


REPORTS_AT_ONCE = 2
"""Reports that are made at the same time; that of 100,000 files takes some hundred megabytes."""


class StudyFiles:
    """Answers requests for the files of studies.

    For a file that does not exist, all methods raise a `Problem`, 404 with the study's status.

    Args:
        studies: where studies are stored.
        client: to the status service; asked only if a file does not exist.
        idle_seconds: how long a client may stop reading a response.
        retry_after_seconds: when to repeat a request for a report that is not ready.
    """

    def __init__(
        self,
        studies: StudyStore,
        client: httpx2.AsyncClient,
        *,
        idle_seconds: float,
        retry_after_seconds: int,
    ) -> None:
        self._studies = studies
        self._client = client
        self._idle_seconds = idle_seconds
        self._retry_after_seconds = retry_after_seconds
        self._reports = asyncio.Semaphore(REPORTS_AT_ONCE)

    async def report(self, study_id: UUID, request: Request) -> Response:
        """The report: JSON, or CSV if the client prefers it."""
        media_type = Accept(request.headers.getlist("accept")).preferred((JSON, CSV))
        if media_type is None:
            detail = f"The report is available as {JSON} and {CSV}."
            raise Problem(ProblemType.NOT_ACCEPTABLE, detail)

        def write() -> bytes | None:
            report = find_report(study_id, self._studies)
            if report is None:
                return None
            return report_csv(report).encode() if media_type == CSV else report.to_json()

        async with self._reports:
            body = await asyncio.to_thread(write)
        if body is None:
            raise await self._no_report(study_id)
        headers = {"Cache-Control": OWNERS, "Vary": "Accept"}
        if media_type == CSV:
            headers["Content-Disposition"] = f'attachment; filename="{study_id}.csv"'
            media_type = f"{CSV}; charset=utf-8; header=present"
        return Response(body, headers=headers, media_type=media_type)

    async def metadata(self, study_id: UUID, request: Request) -> Response:
        """``metadata.json``."""
        folder = self._studies.archived(study_id)
        return await self._archived(study_id, lambda: self._file(request, folder.marker, JSON))

    async def instance(self, study_id: UUID, sop_instance_uid: str, request: Request) -> Response:
        """The file of an instance, as it was uploaded."""
        folder = self._studies.archived(study_id)

        def answer() -> Response:
            file = find_archived(folder).instances.get(sop_instance_uid)
            if file is None:
                detail = f"Study {study_id} has no instance {sop_instance_uid}."
                raise Problem(ProblemType.UNKNOWN_INSTANCE, detail)
            return self._file(
                request,
                folder.file(file.name),
                DICOM,
                sha256=file.sha256,
                filename=f"{sop_instance_uid}.dcm",
            )

        return await self._archived(study_id, answer)

    async def archive(self, study_id: UUID) -> Response:
        """All instances and the metadata in a zip file, created while it is sent."""
        folder = self._studies.archived(study_id)

        def answer() -> Response:
            archived = find_archived(folder)
            pieces = zip_pieces(folder, archived.files, archived.archived_at)
            return StreamDownload(
                pieces,
                idle_seconds=self._idle_seconds,
                headers={
                    "Cache-Control": OWNERS,
                    "Content-Disposition": f'attachment; filename="{study_id}.zip"',
                },
                media_type=ZIP,
            )

        return await self._archived(study_id, answer)

    async def preview(self, study_id: UUID, request: Request) -> Response:
        """A preview image."""
        folder = self._studies.archived(study_id)

        def answer() -> Response:
            folder.marker.stat()
            if not self._studies.has_preview(study_id):
                detail = f"No preview of study {study_id} could be rendered, or none has been yet."
                raise Problem(ProblemType.NO_PREVIEW, detail)
            return self._file(request, self._studies.preview(study_id), PNG)

        return await self._archived(study_id, answer)

    def _file(
        self,
        request: Request,
        file: FileInStore,
        media_type: str,
        *,
        sha256: str | None = None,
        filename: str | None = None,
    ) -> Response:
        return answer_file(
            request,
            file,
            media_type=media_type,
            idle_seconds=self._idle_seconds,
            sha256=sha256,
            filename=filename,
        )

    async def _archived(self, study_id: UUID, answer: Callable[[], Response]) -> Response:
        """Answer from the archive, in a thread; a missing file is 404 with the study's status."""
        try:
            return await asyncio.to_thread(answer)
        except FileNotFoundError:
            record = await known_status(study_id, self._client, self._studies)
            detail = f"Study {study_id} is not in the archive; its status is '{record.status}'."
            raise Problem(ProblemType.NOT_ARCHIVED, detail) from None

    async def _no_report(self, study_id: UUID) -> Problem:
        record = await known_status(study_id, self._client, self._studies)
        if record.status.is_final:
            detail = f"Study {study_id} has no report; its status is '{record.status}'."
            return Problem(ProblemType.NO_REPORT, detail)
        return Problem(
            ProblemType.REPORT_NOT_READY,
            f"Study {study_id} is not validated yet; its status is '{record.status}'.",
            retry_after_seconds=self._retry_after_seconds,
        )
