"""/quarantine: what did not validate is listed, shown, given out, removed."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field

from chassis.web.problem import documented
from chassis.web.problem_types import ProblemType
from contracts.model import Contract
from gateway.browsing.study_files import DICOM
from gateway.http.download import answer_file
from gateway.http.reading import giving_file, reading
from gateway.quarantine.contents import (
    QuarantinedStudy,
    chosen,
    describe,
    not_in_quarantine,
    read_contents,
)
from gateway.quarantine.listing import QuarantinePage, QuarantineQuery, list_page
from gateway.quarantine.marks import RemovalReason
from gateway.quarantine.removal import Purge, purge, remove
from storage.stored_file import FileInStore
from storage.study_store import StudyStore

BYTES = "application/octet-stream"

STUDY = "/quarantine/{study_id:uuid}"
"""Else `/quarantine/purge` would be a study as well, and what may be done with it another thing."""
FILE_NAME = r"^[0-9]{6}\.dcm$"
FileName = Annotated[
    str,
    Path(pattern=FILE_NAME, examples=["000001.dcm"], description="Its name here."),
]


class PurgeRequest(Contract):
    """What is to be purged."""

    model_config = ConfigDict(extra="forbid", strict=True)

    older_than_days: float = Field(ge=0, le=36_500, examples=[30])
    """How long ago the files came to quarantine, in days."""
    dry_run: bool = False
    """Only tell what would be removed."""


def quarantine_router(studies: StudyStore, *, idle_seconds: float) -> APIRouter:
    """The routes that tell of the quarantine and clear it.

    Args:
        studies: where studies are stored.
        idle_seconds: how long a client may read nothing of a file.
    """
    router = APIRouter(tags=["quarantine"])

    @reading(
        router,
        "/quarantine",
        summary="Studies in quarantine, page by page",
        responses=documented(),
    )
    async def index(query: Annotated[QuarantineQuery, Query()]) -> QuarantinePage:
        """Those that came last come first.

        With `code` a page may be short, even empty, and yet have a `next_cursor`.
        """
        return await asyncio.to_thread(list_page, studies, query)

    @reading(
        router,
        STUDY,
        summary="A study in quarantine",
        responses=documented(ProblemType.NOT_IN_QUARANTINE),
    )
    async def show(study_id: UUID) -> QuarantinedStudy:
        """The files that lie here, what is wrong with each, and what was done with them: PHI."""
        return await asyncio.to_thread(describe, studies, study_id)

    @reading(
        router,
        f"{STUDY}/files/{{file}}",
        summary="The bytes of a file in quarantine",
        **giving_file(
            DICOM, BYTES, problems=(ProblemType.NOT_IN_QUARANTINE, ProblemType.UNKNOWN_FILE)
        ),
    )
    async def download(study_id: UUID, file: FileName, request: Request) -> Response:
        """The bytes that arrived; their SHA-256 is the `ETag`. Ranges of them can be asked for."""
        return await asyncio.to_thread(answer, study_id, file, request)

    def answer(study_id: UUID, name: str, request: Request) -> Response:
        contents = read_contents(studies, study_id)
        [file] = chosen(contents, frozenset({name}))
        stored = contents.folder.file(name)
        try:
            return answer_file(
                request,
                stored,
                media_type=_media_type(stored),
                idle_seconds=idle_seconds,
                sha256=file.sha256,
                filename=f"{study_id}-{name}",
            )
        except FileNotFoundError:
            raise not_in_quarantine(study_id) from None

    @router.delete(
        STUDY,
        status_code=204,
        summary="Remove a study from quarantine",
        responses=documented(
            ProblemType.NOT_IN_QUARANTINE,
            ProblemType.STUDY_IN_PROGRESS,
            ProblemType.QUARANTINE_BUSY,
        ),
    )
    async def delete(study_id: UUID) -> None:
        """Its files are gone then; a line about each stays in `removed.ndjson`."""
        await asyncio.to_thread(remove, studies, study_id, None, RemovalReason.DELETED)

    @router.delete(
        f"{STUDY}/files/{{file}}",
        status_code=204,
        summary="Remove a file from quarantine",
        responses=documented(
            ProblemType.NOT_IN_QUARANTINE,
            ProblemType.UNKNOWN_FILE,
            ProblemType.STUDY_IN_PROGRESS,
            ProblemType.QUARANTINE_BUSY,
        ),
    )
    async def delete_file(study_id: UUID, file: FileName) -> None:
        """It is gone then; a line about it stays in `removed.ndjson`.

        With its last file a study leaves quarantine.
        """
        names = frozenset({file})
        await asyncio.to_thread(remove, studies, study_id, names, RemovalReason.DELETED)

    @router.post(
        "/quarantine/purge",
        summary="Remove what has been in quarantine for long",
        responses=documented(ProblemType.BAD_REQUEST, ProblemType.QUARANTINE_BUSY),
    )
    async def purge_old(request: PurgeRequest) -> Purge:
        """The oldest first, up to 500 studies; ask again when there are more."""
        return await purge(studies, request.older_than_days, dry_run=request.dry_run)

    return router


def _media_type(stored: FileInStore) -> str:
    """What a file is: many that lie here are no DICOM."""
    with stored.open() as file:
        return DICOM if file.read(132)[128:] == b"DICM" else BYTES
