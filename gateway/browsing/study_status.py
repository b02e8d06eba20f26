"""The status of a study as clients see it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx2

from chassis.observability.logs import error_name, get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.status import HistoryEntry, StatusRecord, StatusUpdate, StudyFacts
from gateway.browsing.links import find_links
from gateway.browsing.models import StudyStatus
from gateway.http.paths import status_path
from storage.study_folder import StudyFolder
from storage.study_state import updates_at
from storage.study_store import StudyStore


def with_links(record: StatusRecord, here: str, studies: StudyStore) -> StudyStatus:
    """A record with links; `here` is the path that is answered. Blocks."""
    links = find_links(record.study_id, record.upload_id, here, studies)
    return StudyStatus(**dict(record), links=links)


async def known_status(
    study_id: UUID, client: httpx2.AsyncClient, studies: StudyStore
) -> StatusRecord:
    """The status record of a study.

    Raises:
        Problem: 404 if the study is unknown, 503 if the status service is unavailable.
    """
    with asking_status():
        record = await find_status(study_id, client, studies)
    if record is None:
        raise Problem(ProblemType.UNKNOWN_STUDY, f"No study {study_id} is known.")
    return record


@contextmanager
def asking_status() -> Iterator[None]:
    """Turn errors of the status service into a problem."""
    try:
        yield
    except httpx2.HTTPError as error:
        get_logger().error("status.unavailable", error=error_name(error))
        raise Problem(ProblemType.STATUS_UNAVAILABLE) from None


async def find_status(
    study_id: UUID, client: httpx2.AsyncClient, studies: StudyStore
) -> StatusRecord | None:
    """The status record of a study, from the status service or else from the store.

    The status service hears of a study over the event bus, a moment after the client has its
    202. The store has it from the beginning.

    Raises:
        httpx2.HTTPError: the status service is unavailable or fails.
    """
    record = await status_record(study_id, client)
    return record or await asyncio.to_thread(studies.find, study_id, _record_at)


async def status_record(study_id: UUID, client: httpx2.AsyncClient) -> StatusRecord | None:
    """The status record of a study, as the status service has it; None if it has none.

    Raises:
        httpx2.HTTPError: the status service is unavailable or fails.
    """
    response = await client.get(status_path(study_id))
    if response.status_code == httpx2.codes.NOT_FOUND:
        return None
    response.raise_for_status()
    return StatusRecord.model_validate_json(response.content)


def _record_at(folder: StudyFolder) -> StatusRecord:
    """The record that follows from where a study is stored."""
    updates = updates_at(folder)
    latest = updates[-1]
    facts = StudyFacts()
    for update in updates:
        facts = facts.model_copy(update=update.known())
    return StatusRecord(
        study_id=folder.study_id,
        status=latest.status,
        updated_at=latest.time,
        history=tuple(map(_entry, updates, [*updates[1:], None])),
        **facts.known(),
    )


def _entry(update: StatusUpdate, following: StatusUpdate | None) -> HistoryEntry:
    seconds = (following.time - update.time).total_seconds() if following else None
    return HistoryEntry(
        state=update.status,
        time=update.time,
        service=update.service,
        duration_seconds=seconds if seconds is None else max(seconds, 0.0),  # clocks may differ
    )
