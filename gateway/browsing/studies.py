"""Studies as clients find them: a listing, and what is known of one."""

import asyncio
from typing import Annotated
from urllib.parse import urlencode

import httpx
from pydantic import ConfigDict, Field

from contracts.model import Contract, Label, Modality, Sha256, Timestamp
from contracts.places import Place
from contracts.status import State, StatusRecord
from gateway.browsing.archive import Holdings, Series, find_archived, quarantined_holdings
from gateway.browsing.links import study_path
from gateway.browsing.study_status import StudyStatus, asking_status, with_links
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore

MOST_PER_PAGE = 500
_CURSOR = "^[0-9]{1,16}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""What the status service gives out: when a study was first seen, and its id."""


class StudyQuery(Contract):
    """Which studies, and how many of them."""

    model_config = ConfigDict(extra="forbid")

    status: State | None = None
    """Only studies in this state."""
    since: Timestamp | None = None
    """Only studies first seen at this time or later."""
    until: Timestamp | None = None
    """Only studies first seen before this time."""
    modality: Modality | None = None
    """Only studies with valid instances of this modality."""
    label: Label | None = None
    """Only studies with this label."""
    patient_id_hash: Sha256 | None = None
    """Only studies of the patient with this digest of the Patient ID."""
    cursor: Annotated[str, Field(pattern=_CURSOR)] | None = None
    """`next_cursor` of the page before; stay with the same filters."""
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    """The greatest number of studies on a page."""


class StudyPage(Contract):
    """A page of studies, those first seen last come first."""

    studies: tuple[StudyStatus, ...]
    next_cursor: str | None = None
    """Give it as `cursor` to get the next page; absent after the last."""


class Study(StudyStatus):
    """The latest record of a study, and what lies in the archive of it.

    Of a study that failed it is what lies in quarantine.
    """

    study_instance_uids: tuple[str, ...] | None = None
    """The Study Instance UIDs of its instances: one, as a rule."""
    series: tuple[Series, ...] | None = None
    """Its series, in the order of their first instances."""
    instance_count: int | None = None
    """Number of its instances, or of its files in quarantine."""
    size_bytes: int | None = None
    """Size of these together, in bytes."""


class _StatusPage(Contract):
    """A page as the status service has it."""

    studies: tuple[StatusRecord, ...]
    next_cursor: str | None = None


async def read_studies(
    query: StudyQuery, client: httpx.AsyncClient, studies: StudyStore
) -> StudyPage:
    """A page of studies, asked of the status service.

    Raises:
        Problem: 503 when the service is away.
    """
    with asking_status():
        response = await client.get("/status", params=_parameters(query))
        response.raise_for_status()
    page = _StatusPage.model_validate_json(response.content)
    linked = await asyncio.to_thread(_linked, page.studies, studies)
    return StudyPage(studies=linked, next_cursor=page.next_cursor)


def next_page(query: StudyQuery, cursor: str) -> str:
    """The `Link` to the page after this one (RFC 8288)."""
    parameters = _parameters(query.model_copy(update={"cursor": cursor}))
    return f'</studies?{urlencode(parameters)}>; rel="next"'


def describe(record: StatusRecord, studies: StudyStore) -> Study:
    """What is known of a study. Blocks."""
    status = with_links(record, study_path(record.study_id), studies)
    holdings = studies.find(record.study_id, _holdings)
    return Study(**dict(status), **(vars(holdings) if holdings else {}))


def _holdings(folder: StudyFolder) -> Holdings:
    match folder.place:
        case Place.ARCHIVE:
            return find_archived(folder).holdings
        case Place.QUARANTINE:
            return quarantined_holdings(folder)
        case Place.UPLOADS:
            raise FileNotFoundError  # it is not known yet what is in it


def _linked(records: tuple[StatusRecord, ...], studies: StudyStore) -> tuple[StudyStatus, ...]:
    return tuple(with_links(record, study_path(record.study_id), studies) for record in records)


def _parameters(query: StudyQuery) -> dict[str, str | int]:
    return query.model_dump(mode="json", exclude_none=True)
