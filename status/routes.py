"""The internal HTTP API: progress marks in, status records out."""

import hmac
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import AwareDatetime, BaseModel, SecretStr

from chassis.web.problem import Problem, documented
from chassis.web.problem_types import ProblemType
from contracts.model import Label, Modality, Sha256
from contracts.status import State, StatusRecord, StatusUpdate, StudyStatusUpdates
from status.handlers import Store
from status.store import Wanted

MOST_PER_PAGE = 500


class Applied(BaseModel):
    """The answer to a bulk update."""

    studies: int
    """Studies whose records were updated."""


class StatusPage(BaseModel):
    """A page of status records."""

    studies: tuple[StatusRecord, ...]
    """The records, studies first seen last come first."""
    next_cursor: str | None = None
    """Give it as `cursor` to get the next page; absent after the last."""


def status_router(store: Store, token: SecretStr | None) -> APIRouter:
    """The routes under `/status`.

    Args:
        store: the records.
        token: what callers must send as bearer token, when set.
    """
    router = APIRouter(
        prefix="/status",
        tags=["status"],
        dependencies=[Depends(_bearer(token))] if token else [],
        responses=documented(ProblemType.UNAUTHORIZED) if token else {},
    )

    @router.post(
        "/{study_id}",
        summary="Note that a study has come to a state",
        responses=documented(),
        response_model_exclude_none=True,
    )
    async def update(study_id: UUID, body: StatusUpdate) -> StatusRecord:
        """Answers the record as it is now: an update of a lower rank does not move it back."""
        return await store.apply(study_id, [body])

    @router.post(
        "",
        summary="Note the states of many studies",
        responses=documented(),
    )
    async def update_many(body: StudyStatusUpdates) -> Applied:
        by_study: dict[UUID, list[StatusUpdate]] = {}
        for entry in body.updates:
            by_study.setdefault(entry.study_id, []).append(entry)
        for study_id, updates in by_study.items():
            await store.apply(study_id, updates)
        return Applied(studies=len(by_study))

    @router.get(
        "/{study_id}",
        summary="The latest record of a study",
        responses=documented(ProblemType.UNKNOWN_STUDY),
        response_model_exclude_none=True,
    )
    async def show(study_id: UUID) -> StatusRecord:
        if (record := await store.get(study_id)) is None:
            raise Problem(ProblemType.UNKNOWN_STUDY, f"No study {study_id} is known.")
        return record

    @router.get(
        "",
        summary="All studies, page by page",
        responses=documented(),
        response_model_exclude_none=True,
    )
    async def index(
        *,
        status: Annotated[State | None, Query(description="Only studies in this state")] = None,
        since: Annotated[
            AwareDatetime | None, Query(description="Only those first seen then or later")
        ] = None,
        until: Annotated[
            AwareDatetime | None, Query(description="Only those first seen before")
        ] = None,
        modality: Annotated[
            Modality | None, Query(description="Only those with instances of this modality")
        ] = None,
        label: Annotated[Label | None, Query(description="Only those of this label")] = None,
        patient_id_hash: Annotated[
            Sha256 | None, Query(description="Only those of this patient")
        ] = None,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = 50,
    ) -> StatusPage:
        """All conditions have to hold. A page may be short, or empty, and others follow."""
        wanted = Wanted(
            status=status,
            since=since,
            until=until,
            modality=modality,
            label=label,
            patient_id_hash=patient_id_hash,
        )
        try:
            page = await store.page(wanted, cursor, limit)
        except ValueError:
            detail = "query.cursor: not a cursor that this listing has given out"
            raise Problem(ProblemType.INVALID_REQUEST, detail) from None
        return StatusPage(studies=page.records, next_cursor=page.next_cursor)

    return router


class _bearer:  # noqa: N801 -- reads as the function it is
    """A dependency that lets only callers with the token pass."""

    def __init__(self, token: SecretStr) -> None:
        self._expected = f"Bearer {token.get_secret_value()}".encode()

    def __call__(self, authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), self._expected):
            raise Problem(ProblemType.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
