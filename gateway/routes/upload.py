"""POST /upload: a study comes in."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from redis.exceptions import RedisError
from starlette.requests import ClientDisconnect

from chassis.logs import error_name, get_logger
from chassis.metrics import Metrics
from chassis.problem import Problem, documented, unavailable
from chassis.publishing import EventPublisher
from chassis.service import Service
from contracts.status import State
from gateway.body import limited, too_large
from gateway.form import boundary_of, read_form
from gateway.intake import take_in
from gateway.links import status_path
from gateway.refusals import Refusal, RefusedUploadError
from gateway.settings import GatewaySettings

PROBLEMS = {
    Refusal.BROKEN_MULTIPART: (400, "The multipart body is broken"),
    Refusal.NO_FILE_PART: (400, "The form has no file"),
    Refusal.UNEXPECTED_PART: (400, "The form has a part that is not known"),
    Refusal.TOO_MANY_FILES: (400, "The form has too many files"),
    Refusal.UPLOAD_STALLED: (408, "The upload came to a halt"),
    Refusal.UPLOAD_TOO_LARGE: (413, "The upload is too large"),
    Refusal.NOT_DICOM: (415, "The file is not DICOM"),
    Refusal.EMPTY_FILE: (422, "The file is empty"),
    Refusal.INSUFFICIENT_STORAGE: (507, "There is not enough storage"),
}
REDIS_TIMEOUT_SECONDS = 3.0
MOST_INSTANCES = 1_000_000
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

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


def upload_router(
    service: Service, settings: GatewaySettings, publisher: EventPublisher
) -> APIRouter:
    """The route that takes uploads in."""
    router = APIRouter(tags=["studies"])
    volumes = settings.volumes
    limits = settings.limits
    places = asyncio.Semaphore(settings.max_concurrent_uploads)

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
        with as_problems(service.metrics):
            if places.locked():
                raise unavailable("too-many-uploads", "Too many uploads at once; try again soon.")
            async with places:
                study_id = await receive(request, expected_instances)
        response.headers["Location"] = status_path(study_id)
        response.headers["Retry-After"] = str(settings.retry_after_seconds)
        return Accepted(study_id=study_id, status=State.UPLOADED, status_url=status_path(study_id))

    async def receive(request: Request, expected_instances: int | None) -> UUID:
        boundary = boundary_of(request.headers.get("content-type", ""))
        if boundary is None:
            detail = "Send multipart/form-data with the DICOM file in the part 'file'."
            raise Problem(415, "not-multipart", "The body is not multipart/form-data", detail)
        content_length = content_length_of(request)
        if content_length and content_length > limits.max_body_bytes:
            raise too_large(limits)
        # Asked first, so that nobody sends gigabytes only to be refused.
        async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
            client = await service.broker.connect()
            await client.ping()
        async with take_in(
            read_form(limited(request.stream(), limits), boundary, max_files=limits.max_files),
            volumes=volumes,
            limits=limits,
            content_length=content_length,
            traceparent=traceparent_of(request),
            expected_instances=expected_instances,
        ) as intake:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                await publisher.publish(intake.event)
        return intake.event.subject

    return router


@contextmanager
def as_problems(metrics: Metrics) -> Iterator[None]:
    """Whatever is in the way of an upload becomes a problem, after which the connection ends.

    Else the rest of a refused body would be read, only to be thrown away.
    """
    try:
        yield
    except RefusedUploadError as refused:
        metrics.error(refused.refusal)
        status, title = PROBLEMS[refused.refusal]
        problem = Problem(status, refused.refusal, title, refused.detail)
    except (RedisError, TimeoutError) as error:
        metrics.error(error_name(error))
        get_logger().error("upload.redis_away", error=error_name(error))
        detail = "The event bus does not answer; nothing of the upload was kept."
        problem = unavailable("event-bus-away", detail)
    except ClientDisconnect as error:
        metrics.error(error_name(error))
        get_logger().warning("upload.disconnected")
        problem = Problem(499, "client-disconnected", "The client went away")
    except Problem as error:
        problem = error
    else:
        return
    problem.headers = {**(problem.headers or {}), "Connection": "close"}
    raise problem from None


def content_length_of(request: Request) -> int | None:
    """Size of the body in bytes, if the client tells it."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isdecimal() else None


def traceparent_of(request: Request) -> str | None:
    """The client's trace context (W3C), if it sent one."""
    value = request.headers.get("traceparent", "")
    return value if TRACEPARENT.fullmatch(value) else None
