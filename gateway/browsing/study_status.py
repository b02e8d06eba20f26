"""The status of a study as clients see it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx

from chassis.observability.logs import error_name, get_logger
from chassis.web.problem import Problem
from chassis.web.problem_types import ProblemType
from contracts.intake import Intake
from contracts.report import StudyReport
from contracts.status import HistoryEntry, State, StatusRecord
from contracts.volumes import INTAKE, REPORT, Volumes
from gateway.browsing.links import Links, find_links, status_path


class StudyStatus(StatusRecord):
    """The latest record of a study, with links."""

    links: Links


def with_links(record: StatusRecord, here: str, volumes: Volumes) -> StudyStatus:
    """The record as clients see it, at a path. Blocks."""
    links = find_links(record.study_id, record.upload_id, here, volumes)
    return StudyStatus(**dict(record), links=links)


async def known_status(study_id: UUID, client: httpx.AsyncClient, volumes: Volumes) -> StatusRecord:
    """What is known of a study.

    Raises:
        Problem: 404 when nothing is, 503 when the status service is away.
    """
    with asking_status():
        record = await find_status(study_id, client, volumes)
    if record is None:
        raise Problem(ProblemType.UNKNOWN_STUDY, f"No study {study_id} is known.")
    return record


@contextmanager
def asking_status() -> Iterator[None]:
    """Whatever keeps the status service from answering becomes a problem."""
    try:
        yield
    except httpx.HTTPError as error:
        get_logger().error("status.unavailable", error=error_name(error))
        raise Problem(ProblemType.STATUS_UNAVAILABLE) from None


async def find_status(
    study_id: UUID, client: httpx.AsyncClient, volumes: Volumes
) -> StatusRecord | None:
    """What is known of a study: asked of the status service, else read off the volumes.

    The status service learns of a study from the event bus, a moment after the client has got its
    202. The volumes know it from the beginning.

    Raises:
        httpx.HTTPError: the status service is away or fails.
    """
    response = await client.get(status_path(study_id))
    if response.status_code == httpx.codes.NOT_FOUND:
        return await asyncio.to_thread(_read_off_volumes, study_id, volumes)
    response.raise_for_status()
    return StatusRecord.model_validate_json(response.content)


def _read_off_volumes(study_id: UUID, volumes: Volumes) -> StatusRecord | None:
    """The record that the study's place stands for.

    Looked for in the order in which a study moves on, so that one that moves meanwhile is found.
    """
    uploaded = volumes.uploaded(study_id) / INTAKE
    if content := _read(uploaded):
        intake = Intake.model_validate_json(content)
        record = _record(study_id, State.UPLOADED, intake.event.time, intake.event.service)
        return record.model_copy(update={"label": intake.label, "upload_id": intake.upload_id})
    archived = volumes.archived(study_id)
    if archived.is_dir():
        time = datetime.fromtimestamp(archived.stat().st_mtime, UTC)
        return _record(study_id, State.ARCHIVED, time, "descriptor")
    if content := _read(volumes.quarantined(study_id) / REPORT):
        report = StudyReport.model_validate_json(content)
        failed = _record(study_id, State.FAILED, report.validated_at, "validator")
        return failed.model_copy(update={"files": report.files, "findings": report.summaries()})
    return None


def _record(study_id: UUID, state: State, time: datetime, service: str) -> StatusRecord:
    entry = HistoryEntry(state=state, time=time, service=service)
    return StatusRecord(study_id=study_id, status=state, updated_at=time, history=(entry,))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
