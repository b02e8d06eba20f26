"""The internal HTTP API: progress marks in, status records out."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Query
from pydantic import AwareDatetime, BaseModel

from chassis.access.caller import MOST_LABELS
from chassis.web.problem import Problem, documented
from chassis.web.problem_types import ProblemType
from chassis.web.routing import Router, include, provide, provided
from contracts.model import Label, Modality, Sha256
from contracts.status import State, StatusRecord, StatusUpdate, StudyStatusUpdates
from status.handlers import Store
from status.store import StudyUpdates, Wanted

MOST_PER_PAGE = 500

router = Router(prefix="/status", tags=["status"])


class Applied(BaseModel):
    """The response to a bulk update."""

    studies: int
    """Number of studies whose records were updated."""


class StatusPage(BaseModel):
    """A page of status records."""

    studies: tuple[StatusRecord, ...]
    """The records; studies first seen last come first."""
    next_cursor: str | None = None
    """Pass it as `cursor` to get the next page; absent on the last page."""


@dataclass(frozen=True)
class Records:
    """The status records, wherever they are kept."""

    store: Store


Provided = Annotated[Records, provided(Records)]


def add_routes(app: FastAPI, store: Store) -> None:
    """Add the routes under `/status` to an application.

    Args:
        app: the application.
        store: the records.
    """
    provide(app, Records(store))
    include(app, router)


async def _wanted(  # a function that is not async would be called in a thread
    *,
    status: Annotated[State | None, Query(description="Only studies in this state")] = None,
    since: Annotated[
        AwareDatetime | None, Query(description="Only studies first seen then or later")
    ] = None,
    until: Annotated[
        AwareDatetime | None, Query(description="Only studies first seen before")
    ] = None,
    modality: Annotated[
        Modality | None, Query(description="Only studies with instances of this modality")
    ] = None,
    label: Annotated[
        list[Label] | None,
        Query(max_length=MOST_LABELS, description="Only studies with one of these labels"),
    ] = None,
    patient_id_hash: Annotated[
        Sha256 | None, Query(description="Only studies of this patient")
    ] = None,
    duplicate: Annotated[
        bool | None, Query(description="Only studies that were sent again, or only the others")
    ] = None,
) -> Wanted:
    return Wanted(
        status=status,
        since=since,
        until=until,
        modality=modality,
        labels=frozenset(label) if label else None,
        patient_id_hash=patient_id_hash,
        duplicate=duplicate,
    )


@router.post(
    "/{study_id}",
    summary="Note that a study has come to a state",
    responses=documented(),
)
async def update(study_id: UUID, body: StatusUpdate, records: Provided) -> StatusRecord:
    """Returns the record as it is now: an update of a lower rank does not move it back."""
    return await records.store.apply(study_id, [body])


@router.post("", summary="Note the states of many studies", responses=documented())
async def update_many(body: StudyStatusUpdates, records: Provided) -> Applied:
    """Updates of one study are applied in the order given."""
    results = await records.store.apply_all(
        [StudyUpdates(update.study_id, [update]) for update in body.updates]
    )
    for result in results:
        if isinstance(result, Exception):
            raise result
    return Applied(studies=len({update.study_id for update in body.updates}))


@router.get(
    "/{study_id}",
    summary="The latest record of a study",
    responses=documented(ProblemType.UNKNOWN_STUDY),
)
async def show(study_id: UUID, records: Provided) -> StatusRecord:
    """Returns the record as it was after the last update."""
    if (record := await records.store.get(study_id)) is None:
        raise Problem(ProblemType.UNKNOWN_STUDY, f"No study {study_id} is known.")
    return record


@router.get(
    "",
    summary="All studies, page by page",
    responses=documented(),
)
async def list_studies(
    records: Provided,
    wanted: Annotated[Wanted, Depends(_wanted)],
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = 50,
) -> StatusPage:
    """All conditions have to hold. A page may be short or empty although others follow."""
    try:
        page = await records.store.page(wanted, cursor, limit)
    except ValueError:
        detail = "query.cursor: not a cursor of this listing"
        raise Problem(ProblemType.INVALID_REQUEST, detail) from None
    return StatusPage(studies=page.records, next_cursor=page.next_cursor)
