"""STOW-RS: POST /studies, POST /studies/{study}: instances come in, and their outcome goes out."""

from typing import Any

from fastapi import APIRouter, Request, Response

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from contracts.model import DicomUid
from gateway.dicomweb.retrieval_routes import BINARY, DATASET, Accepted
from gateway.dicomweb.storage import Storage
from gateway.http.negotiation import DICOM, DICOM_JSON, JSON, MULTIPART
from gateway.uploads.errors import REFUSALS

BODY = {
    "requestBody": {
        "required": True,
        "description": f'Parts without names, `{MULTIPART}; type="{DICOM}"`; or one instance.',
        "content": {
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "required": ["instance"],
                    "properties": {"instance": BINARY["schema"]},
                }
            },
            DICOM: BINARY,
        },
    }
}
OUTCOMES = {
    200: "Every instance is stored; those that were there already are too",
    202: "Some instances are stored, others are not",
    409: "No instance is stored",
}


def storage_router(storage: Storage) -> APIRouter:
    """The routes that take instances in and answer with what became of them."""
    router = APIRouter(tags=["dicomweb"])
    documentation: dict[str, Any] = {
        "response_class": Response,
        "responses": {
            **documented(
                *REFUSALS,
                ProblemType.NOT_ACCEPTABLE,
                ProblemType.OUTCOME_PENDING,
                ProblemType.TOO_MANY_UPLOADS,
                ProblemType.TOO_MANY_WAITING,
                ProblemType.EVENT_BUS_UNAVAILABLE,
            ),
            **{
                status: {
                    "description": f"{description} (PS3.18 I: Store Instances Response).",
                    "content": {DICOM_JSON: {"schema": DATASET}, JSON: {"schema": DATASET}},
                }
                for status, description in OUTCOMES.items()
            },
        },
        "openapi_extra": BODY,
    }

    @router.post("/studies", summary="Store instances (STOW-RS)", **documentation)
    async def store(request: Request, accept: Accepted) -> Response:
        """Takes instances in, waits for their outcome, and tells it of each, with a reason.

        When that takes too long the answer is 503 `outcome-pending`: nothing is lost, and what is
        sent again is kept once.
        """
        return await storage.store(request, accept)

    @router.post("/studies/{study}", summary="Store a study's instances (STOW-RS)", **documentation)
    async def store_in_study(study: DicomUid, request: Request, accept: Accepted) -> Response:
        """As `POST /studies`; instances of another study are not stored."""
        return await storage.store(request, accept, study)

    return router
