"""POST /upload: the files of a study are uploaded."""

from functools import partial
from typing import Annotated

from fastapi import Request, Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from gateway.settings import GatewaySettings
from gateway.uploads.errors import REFUSALS
from gateway.uploads.fields import MOST_INSTANCES
from gateway.uploads.idempotency_key import HEADER, MOST_CHARACTERS
from gateway.uploads.models import UploadAccepted, accepted
from gateway.uploads.multipart_body import read_form
from gateway.uploads.receiver import UploadMode
from gateway.uploads.service import UploadService

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
                        "description": "The files of the study, each in a part: DICOM files "
                        "(PS3.10), and zip, tar or tar.gz files, which are extracted. DICOMDIR, "
                        "hidden files and `__MACOSX` are skipped.",
                    },
                    "expected_instances": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": MOST_INSTANCES,
                        "description": "How many instances the study has. If another number "
                        "arrives, that is a finding.",
                    },
                    "profile": {
                        "type": "string",
                        "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$",
                        "examples": ["strict"],
                        "description": "The profile to validate the study by: `default`, "
                        "`strict`, `lenient`, or one of the site's.",
                    },
                    "label": {
                        "type": "string",
                        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
                        "examples": ["trial-42"],
                        "description": "A label for finding this upload later. It is included in "
                        "events, so it must not identify the patient.",
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
    "description": "A string of the client's choice, best a UUID, new for each upload. An upload "
    "that is sent again with the same key gets the answer of the first time; it is stored once.",
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}


Settings = Annotated[GatewaySettings, provided(GatewaySettings)]

router = Router(tags=["studies"])


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
async def upload_study(
    request: Request,
    response: Response,
    uploads: Annotated[UploadService, provided(UploadService)],
    settings: Settings,
) -> UploadAccepted:
    """Receives the files of a study, also in zip and tar files. After a 202 they are not lost.

    One file that is not DICOM does not fail the others. What becomes of them is reported at
    `status_url`, which is also the header `Location`.
    """
    read = partial(read_form, max_files=settings.max_files)
    received = await uploads.receive(request, read, UploadMode.FORM)
    return accepted(received.receipt, response, settings)
