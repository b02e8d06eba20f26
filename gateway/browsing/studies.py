"""Lists studies, and describes one with what is archived of it."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import httpx2

from chassis.access.caller import Caller
from contracts.model import Contract
from contracts.places import Place
from contracts.status import StatusRecord
from gateway.browsing.archive import Holdings, find_archived, quarantined_holdings
from gateway.browsing.models import Study, StudyPage, StudyQuery, StudyStatus
from gateway.browsing.study_status import asking_status, with_links
from gateway.http.paths import study_path
from storage.study_folder import StudyFolder
from storage.study_store import StudyStore


class _StatusPage(Contract):
    """A page as the status service returns it."""

    studies: tuple[StatusRecord, ...]
    next_cursor: str | None = None


async def read_studies(
    query: StudyQuery, caller: Caller, client: httpx2.AsyncClient, studies: StudyStore
) -> StudyPage:
    """Read a page of the studies that a caller may see from the status service.

    Raises:
        Problem: 503 if the service is unavailable.
    """
    parameters: dict[str, Any] = _parameters(query)
    if query.label is None and caller.labels:
        parameters["label"] = sorted(caller.labels)
    elif not caller.sees(query.label):  # bound to no label at all, a caller sees nothing
        return StudyPage(studies=())
    with asking_status():
        response = await client.get("/status", params=parameters)
        response.raise_for_status()
    page = _StatusPage.model_validate_json(response.content)
    linked = await asyncio.to_thread(_linked, page.studies, studies)
    return StudyPage(studies=linked, next_cursor=page.next_cursor)


def next_page(query: StudyQuery, cursor: str) -> str:
    """The `Link` to the page after this one (RFC 8288)."""
    parameters = _parameters(query.model_copy(update={"cursor": cursor}))
    return f'</studies?{urlencode(parameters)}>; rel="next"'


def describe(record: StatusRecord, studies: StudyStore) -> Study:
    """A record with links and what is archived of the study, else in quarantine. Blocks."""
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
            raise FileNotFoundError  # its instances are not known yet


def _linked(records: tuple[StatusRecord, ...], studies: StudyStore) -> tuple[StudyStatus, ...]:
    return tuple(with_links(record, study_path(record.study_id), studies) for record in records)


def _parameters(query: StudyQuery) -> dict[str, str | int]:
    return query.model_dump(mode="json", exclude_none=True)
