"""Finds the label of a study, for callers that are bound to labels."""

from uuid import UUID

import httpx2

from gateway.browsing.study_status import asking_status, find_status
from gateway.http.visibility import UnknownStudyError
from storage.study_store import StudyStore


async def label_of(study_id: UUID, client: httpx2.AsyncClient, studies: StudyStore) -> str | None:
    """The label of a study; None if it has none.

    Raises:
        UnknownStudyError: there is no such study.
        Problem: 503 if the status service is unavailable.
    """
    with asking_status():
        record = await find_status(study_id, client, studies)
    if record is None:
        raise UnknownStudyError
    return record.label
