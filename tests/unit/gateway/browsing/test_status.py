"""GET /status/{study_id}: asked of the status service, else read off the volumes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from structlog.testing import capture_logs

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.places import Place, study_directory
from contracts.report import (
    FileCounts,
    Finding,
    Identity,
    InstanceReport,
    Outcome,
    Severity,
    StudyReport,
)
from contracts.status import HistoryEntry, Reason, State, StatusRecord
from kit.gateway import MemoryGateway
from kit.problems import assert_problem
from storage.layout import INTAKE, METADATA, REPORT

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
TIME = datetime(2024, 1, 1, tzinfo=UTC)
PATIENT = "DOE^JANE"
ERROR = StatusRecord(
    study_id=STUDY,
    status=State.ERROR,
    updated_at=TIME,
    history=(
        HistoryEntry(state=State.UPLOADED, time=TIME, service="gateway", duration_seconds=1.5),
        HistoryEntry(state=State.ERROR, time=TIME, service="validator"),
    ),
    files=FileCounts(accepted=1, rejected=0),
    reason=Reason(code="study.missing", message="The study's files are gone."),
)


def knows_nothing(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(404, json={"type": "urn:hdv:problem:unknown-study"})


class Gateway(MemoryGateway):
    """A gateway in memory; its status service knows nothing at first."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.answer = knows_nothing

    async def status(self, study: object = STUDY) -> httpx2.Response:
        return await self.client.get(f"/status/{study}")

    def put_upload(self) -> None:
        self._put_intake(self.volumes.uploaded(STUDY))

    def _put_intake(self, directory: Path) -> None:
        event = StudyUploaded.new(
            source="gateway",
            subject=STUDY,
            time=TIME,
            data=StudyUploadedData(
                directory=study_directory(Place.UPLOADS, STUDY), file_count=1, size_bytes=1
            ),
        )
        file = StoredFile(name="000001.dcm", sent_as=PATIENT, size_bytes=1, sha256="0" * 64)
        directory.mkdir(parents=True)
        intake = Intake(event=event, files=(file,), label="trial-42")
        (directory / INTAKE).write_bytes(intake.to_json())

    def put_archive(self) -> None:
        self.volumes.archived(STUDY).mkdir(parents=True)
        (self.volumes.archived(STUDY) / METADATA).write_bytes(b"{}")

    def put_quarantine(self) -> None:
        finding = Finding(
            code="uid.invalid", severity=Severity.ERROR, message="Not a UID.", found=PATIENT
        )
        instance = InstanceReport(
            file="000001.dcm",
            size_bytes=1,
            sha256="0" * 64,
            outcome=Outcome.REJECTED,
            identity=Identity(),
            findings=(finding,),
        )
        report = StudyReport(
            study_id=STUDY,
            profile="default",
            validator_version="1",
            validated_at=TIME,
            duration_seconds=0.5,
            outcome=Outcome.REJECTED,
            files=FileCounts(accepted=0, rejected=1),
            instances=(instance,),
        )
        self._put_intake(self.volumes.quarantined(STUDY))
        (self.volumes.quarantined(STUDY) / REPORT).write_bytes(report.to_json())


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


async def test_the_record_is_the_status_services_with_links(gateway: Gateway) -> None:
    gateway.answer = lambda _: httpx2.Response(200, content=ERROR.to_json())
    response = await gateway.status()
    assert response.status_code == 200
    assert response.json() == {
        "study_id": str(STUDY),
        "status": "error",
        "updated_at": "2024-01-01T00:00:00Z",
        "history": [
            {
                "state": "uploaded",
                "time": "2024-01-01T00:00:00Z",
                "service": "gateway",
                "duration_seconds": 1.5,
            },
            {"state": "error", "time": "2024-01-01T00:00:00Z", "service": "validator"},
        ],
        "files": {"accepted": 1, "rejected": 0},
        "findings": [],
        "reason": {"code": "study.missing", "message": "The study's files are gone."},
        "links": {
            "self": f"/status/{STUDY}",
            "status": f"/status/{STUDY}",
            "study": f"/studies/{STUDY}",
        },
    }
    [request] = gateway.asked
    assert (request.method, request.url.path) == ("GET", f"/status/{STUDY}")


async def test_the_record_of_the_status_service_takes_precedence_over_the_store(
    gateway: Gateway,
) -> None:
    gateway.put_upload()
    gateway.answer = lambda _: httpx2.Response(200, content=ERROR.to_json())
    assert (await gateway.status()).json()["status"] == "error"


async def test_right_after_the_202_the_volume_knows_what_the_status_service_does_not(
    gateway: Gateway,
) -> None:
    gateway.put_upload()
    response = await gateway.status()
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["updated_at"]) == ("uploaded", "2024-01-01T00:00:00Z")
    assert body["label"] == "trial-42"
    assert [(entry["state"], entry["service"]) for entry in body["history"]] == [
        ("uploaded", "gateway")
    ]
    assert PATIENT not in response.text


async def test_a_study_without_a_record_in_the_archive_is_archived(
    gateway: Gateway,
) -> None:
    gateway.put_archive()
    body = (await gateway.status()).json()
    assert (body["status"], body["history"][0]["service"]) == ("archived", "descriptor")


async def test_a_study_without_a_record_in_quarantine_has_failed_and_says_why(
    gateway: Gateway,
) -> None:
    gateway.put_quarantine()
    response = await gateway.status()
    body = response.json()
    assert (body["status"], body["updated_at"]) == ("failed", "2024-01-01T00:00:00Z")
    assert body["files"] == {"accepted": 0, "rejected": 1}
    assert [finding["code"] for finding in body["findings"]] == ["uid.invalid"]
    assert PATIENT not in response.text


async def test_an_unknown_study_is_not_found(gateway: Gateway) -> None:
    assert_problem(await gateway.status(), 404, "unknown-study")


@pytest.mark.parametrize("study", ["CT_small", "1.2.840.113619.2", "0b1c9c5e", PATIENT])
async def test_an_id_that_is_not_a_uuid_is_refused_without_asking_the_status_service(
    gateway: Gateway, study: str
) -> None:
    assert_problem(await gateway.status(study), 422, "invalid-request")
    assert not gateway.asked


def refuses(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("http://status:8001 refused")


def is_silent(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadTimeout("")


@pytest.mark.parametrize(
    "answer",
    [
        refuses,
        is_silent,
        lambda _: httpx2.Response(503),
        lambda _: httpx2.Response(500),
        lambda _: httpx2.Response(401),
    ],
)
async def test_while_the_status_service_is_unavailable_the_client_gets_retry_after(
    gateway: Gateway, answer: Any
) -> None:
    gateway.put_upload()
    gateway.answer = answer
    with capture_logs() as lines:
        response = await gateway.status()
    assert_problem(response, 503, "status-unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert "8001" not in response.text
    assert [line["event"] for line in lines] == ["status.unavailable", "request"]
