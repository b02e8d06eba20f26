"""POST /quarantine/{study_id}/resubmit: files in quarantine go on their way again."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import ConfigDict, Field

from chassis.web.problem import Problem, documented
from chassis.web.problem_types import ProblemType
from contracts.model import Contract, ProfileName
from contracts.status import State
from gateway.browsing.links import status_path
from gateway.quarantine.resubmission import resubmit
from gateway.quarantine.routes import FILE_NAME, STUDY, FileName
from gateway.settings import GatewaySettings
from gateway.uploads.errors import REFUSALS
from gateway.uploads.form import boundary_of, read_form
from gateway.uploads.parts import Parts
from gateway.uploads.routes import Accepted
from gateway.uploads.service import Reception, content_length_of, traceparent_of

MOST_FILES = 100_000
PROBLEMS = (
    ProblemType.NOT_IN_QUARANTINE,
    ProblemType.UNKNOWN_FILE,
    ProblemType.STUDY_IN_PROGRESS,
    ProblemType.UNKNOWN_PROFILE,
    ProblemType.FILE_DAMAGED,
    ProblemType.INSUFFICIENT_STORAGE,
    ProblemType.QUARANTINE_BUSY,
    ProblemType.TOO_MANY_UPLOADS,
    ProblemType.EVENT_BUS_UNAVAILABLE,
)

FIXED = {
    "required": False,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "The fixed DICOM file (PS3.10), in place of the one here.",
                    }
                },
            }
        }
    },
}


class ResubmitRequest(Contract):
    """What is to be resubmitted, and how."""

    model_config = ConfigDict(extra="forbid")

    files: frozenset[Annotated[str, Field(pattern=FILE_NAME)]] | None = Field(
        default=None, min_length=1, max_length=MOST_FILES, examples=[["000001.dcm"]]
    )
    """The names of the files; all when not given."""
    profile: ProfileName | None = None
    """The validation profile to apply; that of the upload they came with when not given."""


def resubmission_router(reception: Reception, settings: GatewaySettings) -> APIRouter:
    """The routes that send files in quarantine on their way again."""
    router = APIRouter(tags=["quarantine"])

    @router.post(
        f"{STUDY}/resubmit",
        status_code=202,
        summary="Resubmit a study in quarantine, or some of its files",
        responses=documented(ProblemType.BAD_REQUEST, *PROBLEMS),
    )
    async def resubmit_study(
        study_id: UUID,
        request: Request,
        response: Response,
        asked: Annotated[ResubmitRequest | None, Body()] = None,
    ) -> Accepted:
        """The files become a new upload, as if they had just arrived; those here stay.

        It has an id of its own, and the label of the upload that they came with.
        """
        asked = asked or ResubmitRequest()
        return await accept(request, response, study_id, asked.files, asked.profile)

    @router.post(
        f"{STUDY}/files/{{file}}/resubmit",
        status_code=202,
        summary="Resubmit a file in quarantine, perhaps fixed",
        responses=documented(*REFUSALS, ProblemType.NOT_MULTIPART, *PROBLEMS),
        openapi_extra={"requestBody": FIXED},
    )
    async def resubmit_file(
        study_id: UUID,
        file: FileName,
        request: Request,
        response: Response,
        profile: Annotated[
            ProfileName | None,
            Query(description="The validation profile to apply; else that of the upload."),
        ] = None,
    ) -> Accepted:
        """The file becomes a new upload, as if it had just arrived; the one here stays.

        With a body it is the file of that form that is uploaded, under the name of the one here.
        """
        return await accept(request, response, study_id, frozenset({file}), profile, mendable=True)

    async def accept(
        request: Request,
        response: Response,
        study_id: UUID,
        names: frozenset[str] | None,
        profile: str | None,
        *,
        mendable: bool = False,
    ) -> Accepted:
        intake = await reception.admit(
            lambda: resubmit(
                study_id,
                names,
                profile,
                fixed=reception.parts(request, _read) if mendable and _has_body(request) else None,
                content_length=content_length_of(request) if mendable else None,
                studies=reception.studies,
                profiles_dir=settings.profiles_dir,
                limits=settings,
                traceparent=traceparent_of(request),
            )
        )
        url = status_path(intake.event.subject)
        response.headers["Location"] = url
        response.headers["Retry-After"] = str(settings.retry_after_seconds)
        return Accepted(
            study_id=intake.event.subject,
            status=State.UPLOADED,
            status_url=url,
            files=len(intake.files),
            skipped=0,
        )

    return router


def _has_body(request: Request) -> bool:
    headers = request.headers
    return bool(
        content_length_of(request) or "content-type" in headers or "transfer-encoding" in headers
    )


def _read(content_type: str, body: AsyncGenerator[bytes, None]) -> Parts:
    boundary = boundary_of(content_type)
    if boundary is None:
        detail = "Send multipart/form-data with the fixed DICOM file in the part 'file'."
        raise Problem(ProblemType.NOT_MULTIPART, detail)
    return read_form(body, boundary, max_files=1)
