"""STOW-RS over HTTP: instances come in, and what became of each is the answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from chassis.messaging.cursor import EntryId
from contracts.channels import UPLOADS
from contracts.events import ANY_EVENT, CloudEvent
from contracts.intake import Intake
from contracts.report import (
    FileCounts,
    Finding,
    Identity,
    InstanceReport,
    Outcome,
    Severity,
    StudyReport,
)
from gateway.dicomweb.stow_results import results
from kit.events import archived, failed, not_processed, validated
from kit.gateway import MemoryGateway, running
from kit.problems import assert_problem
from storage.layout import INTAKE, REPORT

CONTENT = bytes(128) + b"DICM" + bytes(range(256)) * 8
RELATED = 'multipart/related; type="application/dicom"; boundary=xYzZY'
CT = "1.2.840.10008.5.1.4.1.1.2"


class Pipeline(MemoryGateway):
    """A gateway in memory, and workers that do what a test says with each upload."""

    def __init__(self, root: Path, **changes: Any) -> None:
        super().__init__(root, **changes)
        self.work: Callable[[UUID], None] = lambda _: None
        append = self.redis.append

        def announce(address: str, body: bytes, at: EntryId | None = None) -> EntryId:
            entry = append(address, body, at)
            if address == UPLOADS.address:
                self.work(ANY_EVENT.validate_json(body).subject)
            return entry

        self.redis.append = announce  # type: ignore[method-assign]

    def say(self, *events: CloudEvent) -> None:
        for event in events:
            self.redis.send(event)

    def report(self, study_id: UUID, *instances: InstanceReport) -> None:
        accepted = sum(instance.outcome is Outcome.ACCEPTED for instance in instances)
        report = StudyReport(
            study_id=study_id,
            profile="default",
            validator_version="1",
            validated_at=datetime.now(UTC),
            duration_seconds=1,
            outcome=Outcome.ACCEPTED if accepted else Outcome.REJECTED,
            files=FileCounts(accepted=accepted, rejected=len(instances) - accepted),
            instances=instances,
        )
        (self.volumes.uploaded(study_id) / REPORT).write_bytes(report.to_json())

    def archives(self, *instances: InstanceReport) -> None:
        """Have the workers report this of an upload, and archive it."""

        def work(study_id: UUID) -> None:
            self.report(study_id, *instances)
            self.say(validated(study_id), archived(study_id))

        self.work = work

    async def post(
        self,
        *contents: bytes,
        path: str = "/dicom-web/studies",
        content_type: str = RELATED,
        body: bytes | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Send instances as parts."""
        part = b"--xYzZY\r\nContent-Type: application/dicom\r\n\r\n%b\r\n"
        parts = b"".join(part % content for content in contents) + b"--xYzZY--"
        return await self.client.post(
            path,
            content=parts if body is None else body,
            headers={"Content-Type": content_type, **headers},
        )

    @property
    def intake(self) -> Intake:
        [event] = self.published
        path = self.volumes.uploaded(event.subject) / INTAKE
        return Intake.model_validate_json(path.read_bytes())


def instance(
    number: int = 1, outcome: Outcome = Outcome.ACCEPTED, *findings: Finding
) -> InstanceReport:
    return InstanceReport(
        file=f"{number:06d}.dcm",
        size_bytes=7,
        sha256="ab" * 32,
        outcome=outcome,
        identity=Identity(
            sop_class_uid=CT,
            sop_instance_uid=f"1.{number}",
            study_instance_uid="1.2.3",
            series_instance_uid="1.2.3.1",
        ),
        findings=findings,
    )


def finding(code: str, severity: Severity = Severity.ERROR, **fields: Any) -> Finding:
    return Finding(code=code, severity=severity, message="It says DOE^JANE.", **fields)


@pytest_asyncio.fixture
async def pipeline(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with running(Pipeline(tmp_path)) as made:
        yield made


async def test_instances_are_taken_in_and_their_outcome_is_the_answer(pipeline: Pipeline) -> None:
    pipeline.archives(
        instance(1),
        instance(2, Outcome.REJECTED, finding("structure.truncated")),
        instance(3, Outcome.DUPLICATE),
    )
    response = await pipeline.post(CONTENT, CONTENT + b"12", CONTENT)
    assert response.status_code == 202
    assert response.headers["content-type"] == "application/dicom+json"
    answer = response.json()
    stored = [item["00081155"]["Value"] for item in answer["00081199"]["Value"]]
    assert stored == [["1.1"], ["1.3"]]
    [item] = answer["00081198"]["Value"]
    assert item["00081197"] == {"vr": "US", "Value": [0xC000]}
    assert answer["00081190"]["Value"] == ["http://gateway/dicom-web/studies/1.2.3"]
    assert "DOE" not in response.text
    sizes = [file.size_bytes for file in pipeline.intake.files]
    assert sizes == [len(CONTENT), len(CONTENT) + 2, len(CONTENT)]


async def test_urls_are_those_under_which_clients_reach_the_gateway(tmp_path: Path) -> None:
    async with running(Pipeline(tmp_path, public_url="https://pacs.example/hdv")) as pipeline:
        pipeline.archives(instance())
        answer = (await pipeline.post(CONTENT)).json()
        assert answer["00081190"]["Value"] == ["https://pacs.example/hdv/dicom-web/studies/1.2.3"]


async def test_a_single_instance_may_be_sent_by_itself(pipeline: Pipeline) -> None:
    pipeline.archives(instance())
    response = await pipeline.post(content_type="application/dicom", body=CONTENT)
    assert response.status_code == 200
    [file] = pipeline.intake.files
    directory = pipeline.volumes.uploaded(pipeline.intake.event.subject)
    assert (directory / file.name).read_bytes() == CONTENT


async def test_nothing_valid_is_a_conflict_that_says_why(pipeline: Pipeline) -> None:
    def work(study_id: UUID) -> None:
        error = finding("iod.type-1-missing")
        pipeline.report(study_id, instance(1, Outcome.REJECTED, error))
        pipeline.say(failed(study_id))

    pipeline.work = work
    response = await pipeline.post(CONTENT)
    assert response.status_code == 409
    [item] = response.json()["00081198"]["Value"]
    assert item["00081197"]["Value"] == [0xA900]


async def test_the_study_that_the_url_names_is_handed_on(pipeline: Pipeline) -> None:
    pipeline.archives(instance())
    assert (await pipeline.post(CONTENT, path="/dicom-web/studies/1.2.3")).status_code == 200
    assert pipeline.intake.study_instance_uid == "1.2.3"


async def test_a_study_that_cannot_be_processed_fails_even_without_a_report(
    pipeline: Pipeline,
) -> None:
    pipeline.work = lambda study_id: pipeline.say(not_processed(study_id))
    response = await pipeline.post(CONTENT, CONTENT)
    assert response.status_code == 409
    reasons = [item["00081197"]["Value"] for item in response.json()["0008119A"]["Value"]]
    assert reasons == [[0x0110], [0x0110]]


async def test_a_study_that_cannot_be_archived_fails(
    pipeline: Pipeline,
) -> None:
    def work(study_id: UUID) -> None:
        pipeline.report(study_id, instance())
        pipeline.say(validated(study_id), not_processed(study_id))

    pipeline.work = work
    response = await pipeline.post(CONTENT)
    assert response.status_code == 409
    [item] = response.json()["00081198"]["Value"]
    assert item["00081197"]["Value"] == [0x0110]


async def test_errors_across_files_are_reasons_too(pipeline: Pipeline) -> None:
    pipeline.work = lambda study_id: pipeline.say(failed(study_id))
    await pipeline.post(CONTENT)
    one = instance(1, Outcome.REJECTED)
    pipeline.report(pipeline.intake.event.subject, one)
    path = pipeline.volumes.uploaded(pipeline.intake.event.subject) / REPORT
    report = json.loads(path.read_bytes())
    across = finding("study.instance-conflict", files=(one.file,))
    elsewhere = finding("meta.encoding", files=("000002.dcm",))
    report["findings"] = [json.loads(across.to_json()), json.loads(elsewhere.to_json())]
    path.write_text(json.dumps(report))
    [result] = results(pipeline.intake, set(), pipeline.volumes.studies)
    assert result.failure == 0x0111


async def test_a_file_that_went_to_another_study_is_stored_if_that_is_archived(
    pipeline: Pipeline,
) -> None:
    pipeline.work = lambda study_id: pipeline.say(failed(study_id))
    await pipeline.post(CONTENT)
    upload = pipeline.intake.event.subject
    other = UUID(int=7)
    pipeline.report(upload, instance(1).model_copy(update={"study_id": other}))
    assert results(pipeline.intake, {other}, pipeline.volumes.studies)[0].failure is None
    assert results(pipeline.intake, {upload}, pipeline.volumes.studies)[0].failure == 0x0110


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", b"PK\x03\x04" + bytes(60)]
)
async def test_a_part_that_is_plainly_no_dicom_does_not_sink_the_rest(
    pipeline: Pipeline, content: bytes
) -> None:
    no_dicom = instance(2, Outcome.REJECTED, finding("file.not-dicom"))
    nameless = no_dicom.model_copy(update={"identity": Identity()})
    pipeline.archives(instance(1), nameless)
    response = await pipeline.post(CONTENT, content)
    assert response.status_code == 202
    [item] = response.json()["0008119A"]["Value"]
    assert item["00081197"]["Value"] == [0xC000]


async def test_a_warning_goes_with_what_is_stored(pipeline: Pipeline) -> None:
    warning = finding("iod.type-2-missing", Severity.WARNING)
    pipeline.archives(instance(1, Outcome.ACCEPTED, warning))
    response = await pipeline.post(CONTENT)
    assert response.status_code == 200
    [item] = response.json()["00081199"]["Value"]
    assert item["00081196"]["Value"] == [0xB007]


@pytest.mark.parametrize(
    "content_type",
    [
        'Multipart/Related; Type=application/dicom; Boundary="xYzZY"',
        "multipart/related; boundary=xYzZY",
        f"{RELATED}; start=x",
    ],
)
async def test_the_content_type_is_read_as_clients_write_it(
    pipeline: Pipeline, content_type: str
) -> None:
    pipeline.archives(instance())
    assert (await pipeline.post(CONTENT, content_type=content_type)).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body", "status", "kind"),
    [
        ("multipart/form-data; boundary=xYzZY", None, 415, "not-dicom"),
        ('multipart/related; type="application/dicom+json"; boundary=x', None, 415, "not-dicom"),
        ("", None, 415, "not-dicom"),
        ('multipart/related; type="application/dicom"', None, 400, "broken-multipart"),
        (RELATED, b"garbage", 400, "broken-multipart"),
        (RELATED, b"--xYzZY\r\n\r\n" + CONTENT, 400, "broken-multipart"),
        (RELATED, b"--xYzZY--", 400, "no-file-part"),
        (RELATED, b"--xYzZY\r\n\r\n" + bytes(200_000), 413, "upload-too-large"),
    ],
)
async def test_a_request_that_cannot_be_read_says_why_and_leaves_nothing(
    pipeline: Pipeline, content_type: str, body: bytes | None, status: int, kind: str
) -> None:
    response = await pipeline.post(content_type=content_type, body=body)
    assert_problem(response, status, kind)
    assert response.headers["connection"] == "close"
    assert pipeline.is_empty
    assert not pipeline.published


async def test_a_client_that_does_not_accept_json_is_refused_before_anything_is_stored(
    pipeline: Pipeline,
) -> None:
    response = await pipeline.post(CONTENT, accept="application/dicom+xml")
    assert_problem(response, 406, "not-acceptable")
    assert not pipeline.published


@pytest.mark.parametrize("path", ["/dicom-web/studies/1..2", "/dicom-web/studies/x"])
async def test_what_is_no_study_instance_uid_is_refused(pipeline: Pipeline, path: str) -> None:
    assert_problem(await pipeline.post(CONTENT, path=path), 422, "invalid-request")


async def test_an_outcome_that_takes_too_long_is_pending_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    stow = {"wait_seconds": 0.05, "max_waiting": 2}
    async with running(Pipeline(tmp_path, stow=stow)) as pipeline:
        response = await pipeline.post(CONTENT)
        assert_problem(response, 503, "outcome-pending")
        study_id = pipeline.intake.event.subject
        assert response.headers["location"] == f"/status/{study_id}"
        assert response.headers["retry-after"] == "3"
        assert "connection" not in response.headers
        assert pipeline.volumes.uploaded(study_id).is_dir()


async def test_further_clients_get_retry_after(tmp_path: Path) -> None:
    stow = {"wait_seconds": 30, "max_waiting": 1}
    async with running(Pipeline(tmp_path, stow=stow)) as pipeline:
        taken = asyncio.Event()
        pipeline.work = lambda _: taken.set()
        first = asyncio.create_task(pipeline.post(CONTENT))
        await taken.wait()
        assert_problem(await pipeline.post(CONTENT), 503, "too-many-waiting")
        study_id = pipeline.intake.event.subject
        pipeline.archives(instance())
        pipeline.work(study_id)
        assert (await first).status_code == 200
        assert (await pipeline.post(CONTENT)).status_code == 200


async def test_a_service_that_stops_lets_its_clients_go(pipeline: Pipeline) -> None:
    pipeline.work = lambda _: pipeline.service.stopping()
    assert_problem(await pipeline.post(CONTENT), 503, "outcome-pending")


async def test_nothing_is_taken_in_before_the_feed_has_begun(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    async with pipeline.client:
        assert_problem(await pipeline.post(CONTENT), 503, "event-bus-unavailable")
    assert not pipeline.published


async def test_a_disconnected_client_ends_the_wait_for_its_outcome(
    pipeline: Pipeline,
) -> None:
    body = b"--xYzZY\r\n\r\n" + CONTENT + b"\r\n--xYzZY--"
    messages = [
        {"type": "http.request", "body": body, "more_body": False},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/dicom-web/studies",
        "raw_path": b"/dicom-web/studies",
        "query_string": b"",
        "headers": [(b"content-type", RELATED.encode())],
        "http_version": "1.1",
        "scheme": "http",
        "client": ("client", 1),
        "server": ("gateway", 80),
        "root_path": "",
    }
    transport: Any = pipeline.client._transport
    async with asyncio.timeout(10):
        await transport.app(scope, receive, send)
    assert not messages
    assert pipeline.volumes.uploaded(pipeline.intake.event.subject).is_dir()
