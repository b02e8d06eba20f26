"""The main job, on real input, through real processes."""

import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from contracts.channels import CHANNELS
from contracts.events import StudyUploaded, StudyUploadedData
from integration.recording import Recorder
from kit.pipeline import Pipeline, RedisServer, until
from kit.volumes import being_written


@pytest.fixture(scope="module", autouse=True)
def recorder(running: tuple[Pipeline, RedisServer]) -> Iterator[Recorder]:
    """Hears everything that the tests of this module make the services say."""
    _, server = running
    with Recorder(server) as recorder:
        yield recorder


def test_a_valid_file_is_archived_byte_for_byte_with_its_metadata(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, _ = running

    study_id = pipeline.upload(ct, "CT_small.dcm")
    record = pipeline.wait_for(study_id, "archived")

    directory = pipeline.archive / study_id
    assert sorted(path.name for path in directory.iterdir()) == ["metadata.json", "original.dcm"]
    assert (directory / "original.dcm").read_bytes() == ct
    metadata = json.loads((directory / "metadata.json").read_text())
    assert metadata["study_id"] == study_id
    assert hashlib.sha256(ct).hexdigest() in (directory / "metadata.json").read_text()
    assert not (pipeline.uploads / study_id).exists()
    assert record["files"] == {
        "received": 1,
        "examined": 1,
        "accepted": 1,
        "rejected": 0,
        "duplicates": 0,
        "skipped": 0,
    }
    assert record["links"]["self"] == f"/status/{study_id}"
    assert pipeline.http.get(record["links"]["study"]).json()["instance_count"] == 1


def test_an_archived_study_has_its_preview_when_it_is_announced(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, _ = running

    study_id = pipeline.upload(ct, "CT_small.dcm")
    pipeline.wait_for(study_id, "archived")

    preview = pipeline.archive / ".previews" / f"{study_id}.png"
    assert preview.read_bytes().startswith(b"\x89PNG")


def test_the_history_has_every_state_with_service_and_duration(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, _ = running
    study_id = pipeline.upload(ct)
    pipeline.wait_for(study_id, "archived")

    def complete() -> list[dict[str, Any]] | None:
        history = pipeline.status(study_id)["history"]
        return history if len(history) == 5 else None

    history = until(complete, "the progress marks")
    assert [(entry["state"], entry["service"]) for entry in history] == [
        ("uploaded", "gateway"),
        ("validating", "validator"),
        ("validated", "validator"),
        ("archiving", "descriptor"),
        ("archived", "descriptor"),
    ]
    assert all(entry["duration_seconds"] >= 0 for entry in history[:-1])
    assert "duration_seconds" not in history[-1]


def test_a_text_file_renamed_to_dcm_ends_as_failed_with_the_reason_in_its_status(
    running: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, _ = running
    text = b"Dear colleague,\nplease find the images attached.\n" * 20

    study_id = pipeline.upload(text, "letter.dcm")
    record = pipeline.wait_for(study_id, "failed")

    assert record["findings"][0]["code"] == "file.not-dicom"
    assert record["findings"][0]["severity"] == "error"
    assert (record["files"]["accepted"], record["files"]["rejected"]) == (0, 1)
    quarantined = pipeline.quarantine / study_id
    assert (quarantined / "000001.dcm").read_bytes() == text
    assert (quarantined / "report.json").exists()
    assert not (pipeline.archive / study_id).exists()


def test_the_status_is_known_right_after_the_upload(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, _ = running
    for _attempt in range(20):
        study_id = pipeline.upload(ct)
        answer = pipeline.http.get(f"/status/{study_id}")
        assert answer.status_code == 200
    pipeline.wait_for(study_id, "archived")


def test_a_subscriber_to_uploads_sees_every_event(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, server = running
    listener = server.client.pubsub()
    listener.subscribe("uploads")
    assert listener.get_message(timeout=5)["type"] == "subscribe"

    sent = [pipeline.upload(ct) for _ in range(10)]

    heard: list[dict[str, Any]] = []
    while len(heard) < len(sent):
        message = listener.get_message(timeout=5)
        assert message, "an event is missing"
        heard.append(json.loads(message["data"]))
    assert [event["subject"] for event in heard] == sent
    assert {event["type"] for event in heard} == {"study.uploaded"}
    listener.close()


def test_the_message_is_exactly_the_cloud_event(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, server = running
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = pipeline.http.post("/upload", files={"file": ct}, headers={"traceparent": traceparent})
    study_id = answer.json()["study_id"]
    pipeline.wait_for(study_id, "archived")

    for address in ("uploads", "study.validated", "study.archived"):
        events = [json.loads(fields["__data__"]) for _, fields in server.client.xrange(address)]
        [event] = [event for event in events if event["subject"] == study_id]
        assert event["specversion"] == "1.0"
        assert event["traceparent"] == traceparent
        assert str(UUID(event["id"])) == event["id"]


def test_a_file_of_hundreds_of_megabytes_passes_with_flat_memory(
    running: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, _ = running
    pid = pipeline.processes["gateway"].pid
    before = _resident_megabytes(pid)
    _forget_peak(pid)
    chunk = bytes(1 << 20)

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
        for _ in range(300):
            yield chunk
        yield b"\r\n--x--\r\n"

    answer = pipeline.http.post(
        "/upload",
        content=body(),
        headers={"content-type": "multipart/form-data; boundary=x"},
        timeout=60,
    )

    assert answer.status_code == 202
    assert _peak_megabytes(pid) - before < 60
    record = pipeline.wait_for(answer.json()["study_id"], "failed")
    assert record["findings"][0]["code"] == "file.not-dicom"


def test_a_zip_of_hundreds_of_megabytes_is_unpacked_with_flat_memory(
    running: tuple[Pipeline, RedisServer], tmp_path: Path
) -> None:
    pipeline, _ = running
    pid = pipeline.processes["gateway"].pid
    before = _resident_megabytes(pid)
    _forget_peak(pid)
    chunk = bytes(256) + os.urandom((1 << 20) - 256)
    with zipfile.ZipFile(tmp_path / "big.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as big:
        for name in ("CT/1", "CT/2", "__MACOSX/CT/._1"):
            with big.open(name, "w") as entry:
                for _ in range(100):
                    entry.write(chunk)

    with (tmp_path / "big.zip").open("rb") as file:
        answer = pipeline.http.post("/upload", files={"file": file}, timeout=60)

    assert answer.status_code == 202
    assert (answer.json()["files"], answer.json()["skipped"]) == (2, 1)
    assert _peak_megabytes(pid) - before < 60
    record = pipeline.wait_for(answer.json()["study_id"], "failed")
    assert record["findings"][0]["code"] == "file.not-dicom"


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_a_study_in_an_archive_file_of_any_kind_is_archived(
    running: tuple[Pipeline, RedisServer], ct: bytes, tmp_path: Path, ending: str
) -> None:
    pipeline, _ = running
    (tmp_path / "study" / "CT").mkdir(parents=True)
    (tmp_path / "study" / "CT" / "IM0001").write_bytes(ct)
    (tmp_path / "study" / "DICOMDIR").write_bytes(ct)
    kind = {"zip": "zip", "tar": "tar", "tar.gz": "gztar"}[ending]
    archive = Path(shutil.make_archive(str(tmp_path / "sent"), kind, tmp_path / "study"))

    study_id = pipeline.upload(archive.read_bytes(), archive.name)
    pipeline.wait_for(study_id, "archived")

    assert (pipeline.archive / study_id / "original.dcm").read_bytes() == ct


def test_an_upload_repeated_with_its_key_is_accepted_once(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, server = running
    headers = {"Idempotency-Key": f'"{uuid4()}"'}

    def send(content: bytes) -> httpx2.Response:
        return pipeline.http.post("/upload", files={"file": content}, headers=headers)

    refused = send(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    first, again, other = send(ct), send(ct), send(ct + b"x")

    assert refused.status_code == 415
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert other.status_code == 422
    assert other.json()["type"] == "urn:hdv:problem:idempotency-key-reused"
    study_id = first.json()["study_id"]
    pipeline.wait_for(study_id, "archived")
    assert send(ct).json() == first.json()
    [key] = server.client.keys("idempotency:*")
    assert 86_000 < server.client.ttl(key) <= 86_400
    uploads = [fields["__data__"] for _, fields in server.client.xrange("uploads")]
    assert sum(study_id in event for event in uploads) == 1


def test_one_of_several_simultaneous_uploads_with_one_key_is_accepted(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, _ = running
    headers = {"Idempotency-Key": str(uuid4())}

    def send(_: int) -> httpx2.Response:
        return pipeline.http.post("/upload", files={"file": ct}, headers=headers)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(12)))

    assert {answer.status_code for answer in answers} <= {202, 409}
    [study_id] = {answer.json()["study_id"] for answer in answers if answer.status_code == 202}
    pipeline.wait_for(study_id, "archived")


def test_an_upload_past_the_limit_without_a_length_is_stopped_while_streaming(
    running: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, _ = running
    taken = 0

    def body() -> Iterator[bytes]:
        nonlocal taken
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
        for _ in range(2000):
            taken += 1
            yield bytes(1 << 20)

    before = set(pipeline.uploads.iterdir())
    try:
        answer = pipeline.http.post(
            "/upload",
            content=body(),
            headers={"content-type": "multipart/form-data; boundary=x"},
            timeout=60,
        )
    except httpx2.TransportError:
        pass  # the gateway answered and hung up before the client had sent everything
    else:
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:hdv:problem:upload-too-large"
    assert taken < 1000
    assert set(pipeline.uploads.iterdir()) == before
    assert not being_written(pipeline.uploads)


def test_unknown_studies_and_malformed_ids_get_different_errors(
    running: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, _ = running
    unknown = pipeline.http.get(f"/status/{uuid4()}")
    malformed = pipeline.http.get("/status/42")
    assert (unknown.status_code, malformed.status_code) == (404, 422)
    for answer in (unknown, malformed):
        assert answer.headers["content-type"] == "application/problem+json"


def test_every_service_shows_health_and_metrics(running: tuple[Pipeline, RedisServer]) -> None:
    pipeline, _ = running
    for name in ("gateway", "status", "validator", "descriptor"):
        assert pipeline.metric(name, r"hdv_http_request_duration_seconds_count\{.*/health") > 0
        assert pipeline.metric(name, r"process_resident_memory_bytes") > 0


def test_no_patient_data_is_in_logs_events_or_metrics(
    running: tuple[Pipeline, RedisServer], ct: bytes
) -> None:
    pipeline, server = running
    study_id = pipeline.upload(ct, "Doe^Jane 1970-01-01.dcm")
    pipeline.wait_for(study_id, "archived")

    logs = "".join(pipeline.log(name) for name in pipeline.processes)
    streams = "".join(
        str(server.client.xrange(key)) for key in server.client.scan_iter(_type="stream")
    )
    records = "".join(str(server.client.get(key)) for key in server.client.scan_iter("status:*"))
    for secret in ("CompressedSamples", "1CT1", "Doe^Jane"):
        assert secret not in logs
        assert secret not in streams
        assert secret not in records
    assert all(re.match(r"\{.*\}$", line) for line in logs.splitlines())


def test_all_messages_are_as_documented_and_every_event_occurred(
    running: tuple[Pipeline, RedisServer], recorder: Recorder, ct: bytes
) -> None:
    pipeline, server = running
    archived = pipeline.upload(ct)
    pipeline.wait_for(archived, "archived")
    pipeline.wait_for(pipeline.upload(b"no image " * 100), "failed")
    assert pipeline.http.delete(f"/studies/{archived}").is_success
    _upload_what_is_not_there(server)

    addresses = {channel.address for channel in CHANNELS}
    until(lambda: {message.address for message in recorder.live} == addresses, "all live events")
    assert recorder.streams().keys() == addresses | {"dead-letter"}
    assert [str(violation) for violation in recorder.violations()] == []


def _upload_what_is_not_there(server: RedisServer) -> None:
    """Announce a study without files: the validator gives it up."""
    study = uuid4()
    data = StudyUploadedData(directory=f"uploads/{study}", file_count=1, size_bytes=7)
    event = StudyUploaded.new(source="gateway", subject=study, data=data).to_json()
    server.client.xadd("uploads", {"__data__": event})


def _resident_megabytes(pid: int) -> float:
    return _memory(pid, "VmRSS")


def _forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak_megabytes(pid: int) -> float:
    return _memory(pid, "VmHWM")


def _memory(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024
