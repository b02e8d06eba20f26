"""POST /upload: a study comes in."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from chassis.problem import Problem, documented
from contracts.status import State
from gateway.form import boundary_of, read_form
from gateway.links import status_path
from gateway.parts import Parts
from gateway.reception import Reception
from gateway.settings import GatewaySettings

MOST_INSTANCES = 1_000_000

REQUEST_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "One DICOM file (PS3.10).",
                    }
                },
            }
        }
    },
}


ExpectedInstances = Annotated[
    int | None,
    Query(
        ge=1,
        le=MOST_INSTANCES,
        description="How many instances the study has. Another number than arrives is a finding.",
    ),
]


class Accepted(BaseModel):
    """The study has arrived and lies safely on disk; it is not validated yet."""

    study_id: UUID
    status: State
    status_url: str
    """Where to ask what has become of it."""


def upload_router(reception: Reception, settings: GatewaySettings) -> APIRouter:
    """The route that takes uploads in."""
    router = APIRouter(tags=["studies"])

    def read(content_type: str, body: AsyncGenerator[bytes, None]) -> Parts:
        boundary = boundary_of(content_type)
        if boundary is None:
            detail = "Send multipart/form-data with the DICOM file in the part 'file'."
            raise Problem(415, "not-multipart", "The body is not multipart/form-data", detail)
        return read_form(body, boundary, max_files=settings.max_files)

    @router.post(
        "/upload",
        status_code=202,
        summary="Upload a study",
        responses=documented(400, 408, 413, 415, 422, 503, 507),
        openapi_extra={"requestBody": REQUEST_BODY},
    )
    async def upload(
        request: Request, response: Response, expected_instances: ExpectedInstances = None
    ) -> Accepted:
        """Takes a DICOM file in. Once answered with 202, it is not lost.

        What becomes of it is told at `status_url`, also given as `Location`.
        """
        intake = await reception.receive(request, read, expected_instances=expected_instances)
        study_id = intake.event.subject
        response.headers["Location"] = status_path(study_id)
        response.headers["Retry-After"] = str(settings.retry_after_seconds)
        return Accepted(study_id=study_id, status=State.UPLOADED, status_url=status_path(study_id))

    return router
