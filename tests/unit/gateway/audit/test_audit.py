"""Every request that reads, changes or is refused is recorded, in one place and without PHI."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from fastapi.routing import APIRoute

from chassis.access.caller import Scope
from chassis.observability.metrics import Metrics
from gateway.audit.audited_routes import AUDITED, NOT_AUDITED, kind_of
from gateway.audit.dicom import audit_message
from gateway.audit.files import AuditFiles, read_records
from gateway.audit.record import AuditRecord, Kind, Outcome
from gateway.audit.syslog import framed
from gateway.audit.trail import Trail
from hdv.admin.audit import is_by
from kit.gateway import MemoryGateway, running
from kit.keys import make_key
from kit.problems import assert_problem

STUDY = "0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"
FILE = ("image.dcm", b"not DICOM")


def written(gateway: MemoryGateway) -> list[AuditRecord]:
    """The records of requests, once the gateway has stopped."""
    records = list(read_records(gateway.settings.audit_dir))
    assert [records[0].kind, records[-1].kind] == [Kind.START, Kind.STOP]
    return records[1:-1]


def test_every_route_is_audited_or_listed_with_the_reason_why_not(tmp_path: Path) -> None:
    app = MemoryGateway(tmp_path).service.http
    routes = {
        (getattr(route, "path_format", ""), method)
        for route in app.routes
        for method in getattr(route, "methods", None) or {"GET"}
        if method not in {"HEAD", "OPTIONS"}
    }
    audited = {(path, method) for path, methods in AUDITED.items() for method in methods}
    listed = {(path, "GET") for path in NOT_AUDITED}
    assert not audited & listed
    assert routes == audited | listed
    assert any(isinstance(route, APIRoute) for route in app.routes)


def test_head_is_recorded_as_get() -> None:
    assert kind_of("/studies/{study_id}/report", "HEAD") is Kind.READ


async def test_an_upload_is_recorded_with_its_study_and_its_client(tmp_path: Path) -> None:
    async with running(MemoryGateway(tmp_path)) as gateway:
        answer = await gateway.client.post("/upload", files={"file": FILE})
        assert answer.status_code == 202
    [record] = written(gateway)
    assert record.kind is Kind.UPLOAD
    assert record.outcome is Outcome.SUCCESS
    assert record.caller == "anonymous"
    assert (record.address, record.method, record.route) == ("127.0.0.1", "POST", "/upload")
    assert record.study_ids == (answer.json()["study_id"],)
    assert record.request_id == answer.headers["x-request-id"]
    assert record.instance


@pytest.mark.parametrize(
    ("method", "path", "kind", "detail"),
    [
        ("GET", f"/studies/{STUDY}/report", Kind.READ, None),
        ("GET", f"/studies/{STUDY}/instances/1.2.3", Kind.EXPORT, "1.2.3"),
        ("HEAD", f"/studies/{STUDY}/archive.zip", Kind.EXPORT, None),
        ("DELETE", f"/quarantine/{STUDY}/files/000001.dcm", Kind.DELETE, "000001.dcm"),
    ],
)
async def test_what_is_not_there_or_fails_is_recorded_too(
    tmp_path: Path, method: str, path: str, kind: Kind, detail: str | None
) -> None:
    async with running(MemoryGateway(tmp_path)) as gateway:
        answer = await gateway.client.request(method, path)
        assert answer.status_code >= 400
    [record] = written(gateway)
    assert (record.kind, record.study_ids, record.detail) == (kind, (STUDY,), detail)
    assert record.outcome is Outcome.of(answer.status_code)


async def test_a_refusal_is_recorded_with_the_key_that_was_not_enough(tmp_path: Path) -> None:
    key = make_key(tmp_path / "keys.json", Scope.READ)
    async with running(MemoryGateway(tmp_path)) as gateway:
        await gateway.client.post("/upload", files={"file": FILE})
        await gateway.client.get("/status/" + STUDY, headers={"Authorization": "Bearer no"})
        await gateway.client.post("/upload", files={"file": FILE}, headers=key.header)
        await gateway.client.get("/studies", headers={**key.header, "Host": "evil.example"})
        await gateway.client.get("/dead-letters", headers=key.header)
    records = [(r.kind.value, r.route, r.status, r.caller) for r in written(gateway)]
    assert records == [
        ("upload", "/upload", 401, "anonymous"),
        ("refusal", "/status/{study_id}", 401, "anonymous"),
        ("upload", "/upload", 403, f"key {key.id} test"),
        ("refusal", None, 421, "anonymous"),
        ("refusal", "/dead-letters", 403, f"key {key.id} test"),
    ]


async def test_what_a_client_has_made_up_is_not_recorded(tmp_path: Path) -> None:
    async with running(MemoryGateway(tmp_path)) as gateway:
        await gateway.client.get("/studies/DOE%5EJANE/report?name=DOE")
        await gateway.client.get("/dicom-web/studies/DOE%5EJANE")
    records = written(gateway)
    assert [record.study_ids for record in records] == [(), ()]
    assert "DOE" not in "".join(file.read_text() for file in gateway.settings.audit_dir.iterdir())


async def test_what_is_the_same_for_everyone_is_not_recorded(tmp_path: Path) -> None:
    async with running(MemoryGateway(tmp_path)) as gateway:
        for path in ("/", "/health/live", "/metrics", "/events", "/nowhere"):
            await gateway.client.get(path)
    assert written(gateway) == []


class Disk:
    """Files that can be written, or not."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.is_full = False

    def write(self, records: Any) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.records += records

    def close(self) -> None:
        """Nothing is open."""


async def test_while_the_log_cannot_be_written_what_it_must_record_is_refused_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr("gateway.audit.trail.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("gateway.audited.AuditFiles", lambda *_, **__: disk)
    async with running(MemoryGateway(tmp_path)) as gateway:
        disk.is_full = True
        await gateway.client.get("/studies")  # recorded in memory; the write fails

        async def readiness(status: str) -> None:
            while True:
                answer = await gateway.client.get("/health/ready")
                if answer.json()["checks"]["audit"] == status:
                    return

        await asyncio.wait_for(readiness("failed: OSError"), 10)
        refused = await gateway.client.post("/upload", files={"file": FILE})
        assert_problem(refused, 503, "audit-unavailable")
        assert gateway.is_empty
        assert (await gateway.client.get("/health/live")).status_code == 200
        assert "hdv_audit_unwritten" in gateway.metrics.exposition().decode()

        disk.is_full = False
        await asyncio.wait_for(readiness("ok"), 10)
        assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202
    assert [r.kind for r in disk.records] == [Kind.START, Kind.QUERY, Kind.UPLOAD, Kind.STOP]


async def test_a_full_queue_refuses_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.audit.trail.MOST_WAITING", 2)
    trail = Trail(Disk(), "one", Metrics("gateway").instruments)
    assert trail.accepts
    for _ in range(2):
        trail.add(record())
    assert not trail.accepts


def record(**changes: Any) -> AuditRecord:
    values: dict[str, Any] = {
        "kind": Kind.EXPORT,
        "outcome": Outcome.SUCCESS,
        "caller": "pacs",
        "address": "10.0.0.7",
        "method": "GET",
        "route": "/studies/{study_id}/archive.zip",
        "status": 200,
        "study_ids": (STUDY,),
        "instance": "host-1",
        **changes,
    }
    return AuditRecord(**values)


class TestFiles:
    def files(self, directory: Path, **changes: Any) -> AuditFiles:
        return AuditFiles(directory, "host-1", **{"max_bytes": 10**6, "days": None, **changes})

    def test_others_cannot_read_them(self, tmp_path: Path) -> None:
        self.files(tmp_path / "audit").write([record()])
        [file] = (tmp_path / "audit").iterdir()
        assert (tmp_path / "audit").stat().st_mode & 0o027 == 0
        assert file.stat().st_mode & 0o137 == 0

    def test_a_process_adds_to_no_file_of_another(self, tmp_path: Path) -> None:
        for _ in range(2):
            self.files(tmp_path).write([record()])
        assert len(list(tmp_path.iterdir())) == 2
        assert len(list(read_records(tmp_path))) == 2

    def test_a_file_that_has_grown_is_continued_in_another(self, tmp_path: Path) -> None:
        files = self.files(tmp_path, max_bytes=1)
        for number in range(3):
            files.write([record(detail=str(number))])
        assert len(list(tmp_path.iterdir())) == 3
        assert [one.detail for one in read_records(tmp_path)] == ["0", "1", "2"]

    def test_a_line_that_a_full_disk_has_cut_off_harms_no_other(self, tmp_path: Path) -> None:
        files = self.files(tmp_path)
        files.write([record(detail="1")])
        [file] = tmp_path.iterdir()
        with file.open("ab") as half:
            half.write(b'{"time":')
        files.close()
        files.write([record(detail="2")])
        assert [one.detail for one in read_records(tmp_path)] == ["1", "2"]

    def test_old_files_are_deleted_and_others_stay(self, tmp_path: Path) -> None:
        for name in ("2020-01-01.host-1.000.ndjson", "2020-01-01.txt"):
            (tmp_path / name).write_bytes(b"")
        self.files(tmp_path, days=30).write([record()])
        assert not (tmp_path / "2020-01-01.host-1.000.ndjson").exists()
        assert (tmp_path / "2020-01-01.txt").exists()


def message(**changes: Any) -> Any:
    """The audit message of a record; what its elements have is asked for without type checks."""
    return fromstring(audit_message(record(**changes)))  # noqa: S314 -- our own


class TestDicom:
    """Records as audit messages of PS3.15 A.5."""

    def test_an_export_is_a_transfer_of_instances_to_the_client(self) -> None:
        root = message()
        event = root.find("EventIdentification")
        assert event.attrib["EventActionCode"] == "R"
        assert event.attrib["EventOutcomeIndicator"] == "0"
        assert event.find("EventID").attrib == {
            "csd-code": "110104",
            "codeSystemName": "DCM",
            "originalText": "DICOM Instances Transferred",
        }
        client, gateway = root.findall("ActiveParticipant")
        assert (client.attrib["UserID"], client.attrib["UserIsRequestor"]) == ("pacs", "true")
        assert client.attrib["NetworkAccessPointID"] == "10.0.0.7"
        assert client.find("RoleIDCode").attrib["csd-code"] == "110152"
        assert gateway.attrib["UserID"] == "host-1"
        study = root.find("ParticipantObjectIdentification")
        assert study.attrib["ParticipantObjectID"] == STUDY
        assert study.find("ParticipantObjectIDTypeCode").attrib["csd-code"] == "study_id"

    def test_a_study_of_dicomweb_has_its_uid(self) -> None:
        code = message(study_ids=("1.2.3",)).find(".//ParticipantObjectIDTypeCode")
        assert code.attrib["csd-code"] == "110180"

    @pytest.mark.parametrize(("status", "type_code"), [(401, "110126"), (403, "110132")])
    def test_a_refusal_is_a_security_alert(self, status: int, type_code: str) -> None:
        root = message(status=status, outcome=Outcome.REFUSED)
        assert root.find(".//EventID").attrib["csd-code"] == "110113"
        assert root.find(".//EventTypeCode").attrib["csd-code"] == type_code
        assert root.find("EventIdentification").attrib["EventOutcomeIndicator"] == "4"

    @pytest.mark.parametrize("kind", Kind)
    def test_every_kind_has_a_message(self, kind: Kind) -> None:
        assert message(kind=kind).tag == "AuditMessage"

    def test_a_name_cannot_break_out_of_the_message(self) -> None:
        root = message(caller='"><x/>&')
        assert root.find("ActiveParticipant").attrib["UserID"] == '"><x/>&'

    def test_a_syslog_message_says_how_long_it_is(self) -> None:
        length, _, sent = framed(record()).partition(b" ")
        assert int(length) == len(sent)
        header = rb"<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ hdv \d+ DICOM\+RFC3881 - "
        assert re.match(header + b"\xef\xbb\xbf<\\?xml", sent)


def test_a_line_has_what_is_known_and_nothing_else() -> None:
    line = json.loads(record().to_json())
    assert line.keys() == {
        "time", "kind", "outcome", "caller", "address", "method", "route", "status", "study_ids",
        "instance",
    }  # fmt: skip


async def test_refusals_do_not_wait_in_memory_while_the_log_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.audit.trail.MOST_WAITING", 5)
    monkeypatch.setattr("gateway.audit.trail.GATHER_SECONDS", 60)
    disk = Disk()
    monkeypatch.setattr("gateway.audited.AuditFiles", lambda *_, **__: disk)
    async with running(MemoryGateway(tmp_path)) as gateway:
        for _ in range(50):
            response = await gateway.client.get("/nothing", headers={"Host": "evil.example"})
            assert_problem(response, 421, "unknown-host")
        text = gateway.metrics.exposition().decode()
    assert len([r for r in disk.records if r.kind is Kind.REFUSAL]) < 20
    [count] = [line for line in text.splitlines() if line.startswith("hdv_audit_unrecorded_total")]
    assert float(count.split()[-1]) > 30


@pytest.mark.parametrize(
    ("caller", "wanted"),
    [
        ("key 4f1d2a9c trial pacs", "4f1d2a9c"),
        ("key 4f1d2a9c trial pacs", "trial pacs"),
        ("key 4f1d2a9c trial pacs", "key 4f1d2a9c trial pacs"),
        ("token of alice", "alice"),
        ("anonymous", "anonymous"),
    ],
)
def test_a_caller_is_found_by_what_people_call_it(caller: str, wanted: str) -> None:
    assert is_by(caller, wanted)
    assert not is_by(caller, wanted + "x")
    assert not is_by(caller, "key")
