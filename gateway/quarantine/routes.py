"""/quarantine: invalid files are listed, shown, downloaded, resubmitted and removed."""

import asyncio
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Query, Request, Response

from chassis.web.guard import caller_of
from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, provided
from contracts.events import RemovalReason
from contracts.model import ProfileName
from gateway.browsing.study_files import DICOM
from gateway.deletion.audit_trail import requester
from gateway.deletion.deletion import Deletions
from gateway.http.documentation import file_download
from gateway.http.download import answer_file
from gateway.quarantine.contents import chosen, describe, not_in_quarantine, read_contents
from gateway.quarantine.listing import list_page
from gateway.quarantine.models import (
    FileName,
    Purge,
    PurgeRequest,
    QuarantinedStudy,
    QuarantinePage,
    QuarantineQuery,
    ResubmitRequest,
)
from gateway.quarantine.removal import purge, remove
from gateway.quarantine.resubmission import resubmit
from gateway.settings import GatewaySettings
from gateway.uploads.errors import REFUSALS
from gateway.uploads.idempotency import Receipt
from gateway.uploads.models import UploadAccepted, accepted
from gateway.uploads.multipart_body import read_form
from gateway.uploads.service import UploadService, content_length_of, traceparent_of
from storage.stored_file import FileInStore
from storage.study_store import StudyStore

BYTES = "application/octet-stream"
STUDY = "/quarantine/{study_id:uuid}"
"""The converter keeps `/quarantine/purge` from being taken for a study."""
FILE = f"{STUDY}/files/{{file}}"

StudyId = Annotated[UUID, Path(description="The `study_id` that the upload returned.")]
Store = Annotated[StudyStore, provided(StudyStore)]
Deleting = Annotated[Deletions, provided(Deletions)]
Settings = Annotated[GatewaySettings, provided(GatewaySettings)]
Uploads = Annotated[UploadService, provided(UploadService)]

_REMOVAL = (
    ProblemType.NOT_IN_QUARANTINE,
    ProblemType.STUDY_IN_PROGRESS,
    ProblemType.QUARANTINE_BUSY,
)
_RESUBMISSION = (
    *_REMOVAL,
    ProblemType.UNKNOWN_FILE,
    ProblemType.UNKNOWN_PROFILE,
    ProblemType.FILE_DAMAGED,
    ProblemType.TOO_MANY_UPLOADS,
    ProblemType.EVENT_BUS_UNAVAILABLE,
)
_FIXED_FILE = {
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
                        "description": "The fixed DICOM file (PS3.10).",
                    }
                },
            }
        }
    },
}

router = Router(tags=["quarantine"])


@router.get("/quarantine", summary="List studies in quarantine", responses=documented())
async def list_quarantine(
    query: Annotated[QuarantineQuery, Query()], request: Request, studies: Store
) -> QuarantinePage:
    """Returns studies page by page, those that came last first.

    With `code` a page can have fewer studies than `limit`, or none, and still have a
    `next_cursor`.
    """
    return await asyncio.to_thread(list_page, studies, query, caller_of(request))


@router.get(
    STUDY,
    summary="Get a study in quarantine",
    responses=documented(ProblemType.NOT_IN_QUARANTINE),
)
async def get_quarantined_study(study_id: StudyId, studies: Store) -> QuarantinedStudy:
    """Returns the files in quarantine, their findings, and their resubmissions. PHI."""
    return await asyncio.to_thread(describe, studies, study_id)


@router.get(
    FILE,
    summary="Download a file from quarantine",
    **file_download(
        DICOM, BYTES, problems=(ProblemType.NOT_IN_QUARANTINE, ProblemType.UNKNOWN_FILE)
    ),
)
async def get_quarantined_file(
    study_id: StudyId, file: FileName, request: Request, studies: Store, settings: Settings
) -> Response:
    """Returns the file byte for byte as it was uploaded; `ETag` is the SHA-256 of its bytes."""

    def answer() -> Response:
        contents = read_contents(studies, study_id)
        [intake] = chosen(contents, frozenset({file}))
        stored = contents.folder.file(file)
        try:
            return answer_file(
                request,
                stored,
                media_type=_media_type(stored),
                idle_seconds=settings.idle_timeout_seconds,
                sha256=intake.sha256,
                filename=f"{study_id}-{file}",
            )
        except FileNotFoundError:
            raise not_in_quarantine(study_id) from None

    return await asyncio.to_thread(answer)


@router.delete(
    STUDY,
    status_code=204,
    summary="Delete a study from quarantine",
    responses=documented(*_REMOVAL, ProblemType.EVENT_BUS_UNAVAILABLE),
)
async def delete_quarantined_study(
    study_id: StudyId, request: Request, studies: Store, deletions: Deleting
) -> None:
    """Deletes the files of the study. `removed.ndjson` keeps a line about each of them.

    If nothing of it is archived, the event `study.deleted` follows, and the status becomes
    `deleted`. After `event-bus-unavailable` the deletion is finished later by itself.
    """
    await remove(
        studies,
        deletions,
        study_id,
        None,
        reason=RemovalReason.DELETED,
        requested_by=requester(request),
    )


@router.delete(
    FILE,
    status_code=204,
    summary="Delete a file from quarantine",
    responses=documented(*_REMOVAL, ProblemType.UNKNOWN_FILE, ProblemType.EVENT_BUS_UNAVAILABLE),
)
async def delete_quarantined_file(
    study_id: StudyId, file: FileName, request: Request, studies: Store, deletions: Deleting
) -> None:
    """Deletes the file. `removed.ndjson` keeps a line about it.

    To delete the last file is to delete the study from quarantine.
    """
    await remove(
        studies,
        deletions,
        study_id,
        frozenset({file}),
        reason=RemovalReason.DELETED,
        requested_by=requester(request),
    )


@router.post(
    "/quarantine/purge",
    summary="Delete old studies from quarantine",
    responses=documented(
        ProblemType.BAD_REQUEST, ProblemType.QUARANTINE_BUSY, ProblemType.EVENT_BUS_UNAVAILABLE
    ),
)
async def purge_quarantine(
    asked: PurgeRequest, request: Request, studies: Store, deletions: Deleting
) -> Purge:
    """Deletes up to 500 studies, the oldest first. `remaining` says how many are left.

    The event `study.deleted` follows for each of which nothing is archived.
    """
    return await purge(
        studies,
        deletions,
        asked.older_than_days,
        requester(request),
        caller_of(request),
        dry_run=asked.dry_run,
    )


@router.post(
    f"{STUDY}/resubmit",
    status_code=202,
    summary="Resubmit a study in quarantine, or some of its files",
    responses=documented(*_RESUBMISSION, ProblemType.BAD_REQUEST, ProblemType.INSUFFICIENT_STORAGE),
)
async def resubmit_study(
    *,
    study_id: StudyId,
    request: Request,
    response: Response,
    uploads: Uploads,
    settings: Settings,
    asked: Annotated[ResubmitRequest | None, Body()] = None,
) -> UploadAccepted:
    """Makes a new upload of the files, with the label of the original one.

    It has an id of its own. The files also stay in quarantine.
    """
    asked = asked or ResubmitRequest()
    async with uploads.admitted():
        await uploads.require_redis()
        intake = await resubmit(
            uploads,
            study_id,
            asked.files,
            asked.profile,
            traceparent=traceparent_of(request),
        )
    return accepted(Receipt.of(intake), response, settings)


@router.post(
    f"{FILE}/resubmit",
    status_code=202,
    summary="Resubmit a file in quarantine, possibly fixed",
    responses=documented(*REFUSALS, *_RESUBMISSION, ProblemType.NOT_MULTIPART),
    openapi_extra={"requestBody": _FIXED_FILE},
)
async def resubmit_file(
    *,
    study_id: StudyId,
    file: FileName,
    request: Request,
    response: Response,
    uploads: Uploads,
    settings: Settings,
    profile: Annotated[
        ProfileName | None,
        Query(description="The validation profile to apply; that of the original upload if absent"),
    ] = None,
) -> UploadAccepted:
    """Makes a new upload of the file, with the label of the original one.

    With a body, the file of that form is uploaded, under the name of the one in quarantine. The
    file in quarantine stays.
    """
    async with uploads.admitted():
        read = partial(read_form, max_files=1)
        fixed = uploads.parts(request, read) if _has_body(request) else None
        await uploads.require_redis()
        intake = await resubmit(
            uploads,
            study_id,
            frozenset({file}),
            profile,
            fixed=fixed,
            content_length=content_length_of(request),
            traceparent=traceparent_of(request),
        )
    return accepted(Receipt.of(intake), response, settings)


def _has_body(request: Request) -> bool:
    headers = request.headers
    return bool(
        content_length_of(request) or "content-type" in headers or "transfer-encoding" in headers
    )


def _media_type(stored: FileInStore) -> str:
    """The media type of a file in quarantine, which often is not DICOM."""
    with stored.open() as file:
        return DICOM if file.read(132)[128:] == b"DICM" else BYTES
