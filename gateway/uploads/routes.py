"""POST /upload: a study comes in."""

from collections.abc import AsyncGenerator

from fastapi import APIRouter, Request, Response

from chassis.web.problem import Problem, documented
from chassis.web.problem_types import ProblemType
from contracts.status import State
from gateway.browsing.links import status_path
from gateway.settings import GatewaySettings
from gateway.uploads.errors import REFUSALS
from gateway.uploads.fields import MOST_INSTANCES
from gateway.uploads.form import boundary_of, read_form
from gateway.uploads.idempotency import HEADER, MOST_CHARACTERS
from gateway.uploads.models import UploadAccepted
from gateway.uploads.parts import Parts
from gateway.uploads.service import Reception

REQUEST_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                        "description": "The files of the study, each a part: DICOM files (PS3.10), "
                        "and archives (zip, tar, tar.gz), which are unpacked. DICOMDIR, hidden "
                        "files and `__MACOSX` are skipped.",
                    },
                    "expected_instances": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": MOST_INSTANCES,
                        "description": "How many instances the study has. Another number than "
                        "arrives is a finding.",
                    },
                    "profile": {
                        "type": "string",
                        "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$",
                        "examples": ["strict"],
                        "description": "By which profile the study is validated: `default`, "
                        "`strict`, `lenient`, or one of the site's.",
                    },
                    "label": {
                        "type": "string",
                        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
                        "examples": ["trial-42"],
                        "description": "A word to find the upload again with. It goes into events, "
                        "so it must not tell who the patient is.",
                    },
                },
            },
            "encoding": {"file": {"contentType": "application/dicom, application/zip, */*"}},
        }
    },
}


IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS + 2},
    "description": "A string of the client's choice, best a UUID, new for each upload. Sent again "
    "with the same content, it is answered as the first time, and nothing is taken in twice.",
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}


def upload_router(reception: Reception, settings: GatewaySettings) -> APIRouter:
    """The route that takes uploads in."""
    router = APIRouter(tags=["studies"])

    def read(content_type: str, body: AsyncGenerator[bytes, None]) -> Parts:
        boundary = boundary_of(content_type)
        if boundary is None:
            detail = "Send multipart/form-data with the DICOM files in parts named 'file'."
            raise Problem(ProblemType.NOT_MULTIPART, detail)
        return read_form(body, boundary, max_files=settings.max_files)

    @router.post(
        "/upload",
        status_code=202,
        summary="Upload a study",
        responses=documented(
            *REFUSALS,
            ProblemType.INVALID_IDEMPOTENCY_KEY,
            ProblemType.IDEMPOTENCY_KEY_IN_FLIGHT,
            ProblemType.IDEMPOTENCY_KEY_REUSED,
            ProblemType.NOT_MULTIPART,
            ProblemType.TOO_MANY_UPLOADS,
            ProblemType.EVENT_BUS_UNAVAILABLE,
        ),
        openapi_extra={"requestBody": REQUEST_BODY, "parameters": [IDEMPOTENCY_KEY]},
    )
    async def upload_study(request: Request, response: Response) -> UploadAccepted:
        """Takes DICOM files in, also in archives. Once answered with 202, they are not lost.

        A file that is not DICOM does not sink the others. What becomes of them is told at
        `status_url`, also given as `Location`.
        """
        receipt = await reception.receive_once(request, read)
        study_id = receipt.study_id
        response.headers["Location"] = status_path(study_id)
        response.headers["Retry-After"] = str(settings.retry_after_seconds)
        return UploadAccepted(
            study_id=study_id,
            status=State.UPLOADED,
            status_url=status_path(study_id),
            files=receipt.files,
            skipped=receipt.skipped,
        )

    return router
