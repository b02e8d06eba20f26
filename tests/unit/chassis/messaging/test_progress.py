"""Progress marks: sent in bulk, without waiting, kept for a while, and never in the way."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from chassis.messaging import progress
from chassis.messaging.progress import Progress
from chassis.runtime.settings import StatusClientSettings
from contracts.report import FileCounts
from contracts.status import State, StudyFacts

STUDIES = [UUID(int=number) for number in range(1, 2001)]
STUDY = STUDIES[0]


class ExampleSettings(StatusClientSettings):
    """Settings of a service that exists in these tests only."""

    service: ClassVar[str] = "validator"


SETTINGS = ExampleSettings.model_construct(
    status_url="http://status:8001",
    status_timeout_seconds=2.0,
    internal_token=SecretStr("open sesame"),
)


class StatusService:
    """Takes marks as the status service does, unless it is to fail."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.batches: list[list[dict[str, Any]]] = []
        self.failures: list[int | Exception] = []
        self.heard = asyncio.Event()
        self.failed = asyncio.Event()

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.failures:
            self.failed.set()
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return httpx2.Response(failure)
        self.batches.append(json.loads(request.content)["updates"])
        self.heard.set()
        return httpx2.Response(200, json={"studies": 1})

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Study and state of every mark that was taken."""
        return [(mark["study_id"], mark["status"]) for batch in self.batches for mark in batch]


@pytest.fixture
def status() -> StatusService:
    return StatusService()


@pytest.fixture
def marks(status: StatusService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Progress]:
    monkeypatch.setattr(progress, "RETRY_SECONDS", (0.001, 0.002))
    monkeypatch.setattr(progress, "PERIOD_SECONDS", 0.0)

    def client(settings: StatusClientSettings) -> httpx2.AsyncClient:
        made = real_client(settings)
        made._transport = httpx2.MockTransport(status)
        return made

    real_client = progress.status_client
    monkeypatch.setattr(progress, "status_client", client)
    with capture_logs():
        yield Progress(SETTINGS)


@asynccontextmanager
async def sending(marks: Progress) -> AsyncIterator[None]:
    """Marks are sent, as in a running service."""
    async with marks.running():
        task = asyncio.create_task(marks.send_continually())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_mark_is_sent_with_time_service_and_token(
    marks: Progress, status: StatusService
) -> None:
    async with sending(marks):
        marks.mark(STUDY, State.VALIDATING)
        await status.heard.wait()
    [request] = status.requests
    assert (request.method, str(request.url)) == ("POST", "http://status:8001/status")
    assert request.headers["authorization"] == "Bearer open sesame"
    assert request.headers["content-type"] == "application/json"
    [[mark]] = status.batches
    assert (mark["study_id"], mark["status"]) == (str(STUDY), "validating")
    assert (mark["service"], "time" in mark) == ("validator", True)


async def test_marks_that_come_together_are_sent_together(
    marks: Progress, status: StatusService
) -> None:
    async with sending(marks):
        for study in STUDIES[:10]:
            marks.mark(study, State.VALIDATING)
        await status.heard.wait()
    assert len(status.batches) == 1
    assert status.marks == [(str(study), "validating") for study in STUDIES[:10]]


async def test_a_mark_that_still_waits_is_not_doubled_and_keeps_its_time(
    marks: Progress, status: StatusService
) -> None:
    marks.mark(STUDY, State.VALIDATING)
    [first] = marks._waiting.values()
    marks.mark(STUDY, State.VALIDATING)
    marks.mark(STUDY, State.ARCHIVING)
    async with sending(marks):
        await status.heard.wait()
    assert status.marks == [(str(STUDY), "validating"), (str(STUDY), "archiving")]
    assert status.batches[0][0]["time"] == first.model_dump(mode="json")["time"]


async def test_the_latest_counts_of_a_state_are_sent_and_no_earlier_fact_is_lost(
    marks: Progress, status: StatusService
) -> None:
    marks.mark(STUDY, State.VALIDATING, StudyFacts(patient_id_hash="0a" * 32))
    for examined in (1, 2, 3):
        files = FileCounts(received=9, examined=examined, accepted=examined, rejected=0)
        marks.mark(STUDY, State.VALIDATING, StudyFacts(files=files))
    async with sending(marks):
        await status.heard.wait()
    [[mark]] = status.batches
    assert mark["files"]["examined"] == 3
    assert mark["patient_id_hash"] == "0a" * 32


async def test_a_study_that_is_done_before_its_mark_is_sent_needs_none(
    marks: Progress, status: StatusService
) -> None:
    marks.mark(STUDY, State.VALIDATING)
    marks.mark(STUDIES[1], State.VALIDATING)
    marks.withdraw(STUDY)
    async with sending(marks):
        await status.heard.wait()
    assert status.marks == [(str(STUDIES[1]), "validating")]


async def test_many_marks_are_sent_in_portions_that_the_status_service_takes(
    marks: Progress, status: StatusService
) -> None:
    for study in STUDIES[:1200]:
        marks.mark(study, State.VALIDATING)
    async with sending(marks):
        pass
    assert [len(batch) for batch in status.batches] == [500, 500, 200]


@pytest.mark.parametrize(
    "failure", [httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow"), 500, 503], ids=str
)
async def test_while_the_status_service_is_unavailable_marks_wait_and_are_sent_later(
    marks: Progress, status: StatusService, failure: int | Exception
) -> None:
    status.failures = [failure, failure, failure]
    async with sending(marks):
        marks.mark(STUDY, State.VALIDATING)
        await status.failed.wait()
        marks.mark(STUDIES[1], State.VALIDATING)
        await status.heard.wait()
    assert sorted(status.marks) == [(str(study), "validating") for study in STUDIES[:2]]


def test_marking_does_not_wait_and_the_oldest_marks_go_when_too_many_wait(
    marks: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOST_WAITING", 3)
    for study in STUDIES[:5]:
        marks.mark(study, State.VALIDATING)
    assert [study for study, _ in marks._waiting] == STUDIES[2:5]


async def test_what_still_waits_at_the_end_is_sent_once_more(
    marks: Progress, status: StatusService
) -> None:
    async with sending(marks):
        marks.mark(STUDY, State.VALIDATING)
    assert status.marks == [(str(STUDY), "validating")]


async def test_marks_that_are_refused_are_not_sent_for_ever(
    marks: Progress, status: StatusService
) -> None:
    status.failures = [422]
    async with sending(marks):
        marks.mark(STUDY, State.VALIDATING)
        await status.failed.wait()
        marks.mark(STUDIES[1], State.VALIDATING)
        await status.heard.wait()
    assert status.marks == [(str(STUDIES[1]), "validating")]


async def test_an_unavailable_status_service_does_not_keep_a_service_from_ending(
    marks: Progress, status: StatusService
) -> None:
    status.failures = [httpx2.ConnectError("refused")] * 100
    async with sending(marks):
        marks.mark(STUDY, State.VALIDATING)
        await status.failed.wait()
    assert not status.batches


async def test_a_mark_that_comes_while_others_are_under_way_is_not_lost(
    marks: Progress, status: StatusService
) -> None:
    async with sending(marks):
        marks.mark(STUDY, State.VALIDATING)
        await status.heard.wait()
        status.heard.clear()
        marks.mark(STUDY, State.ARCHIVING)
        await status.heard.wait()
    assert status.marks == [(str(STUDY), "validating"), (str(STUDY), "archiving")]
