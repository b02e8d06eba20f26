"""POST /upload: 202 once the study is stored and announced; otherwise a problem and no trace."""

import asyncio
import json
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import httpx2
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from structlog.testing import capture_logs

from gateway.uploads import announcing, service
from gateway.uploads.staging import Staging
from kit.archives import zipped
from kit.gateway import MemoryGateway
from kit.problems import assert_problem
from kit.redis import raising

CONTENT = bytes(128) + b"DICM" + bytes(range(256)) * 8
FILE = ("CT.dcm", CONTENT, "application/dicom")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
MULTIPART = "multipart/form-data; boundary=xYzZY"
BEGINNING = b'--xYzZY\r\nContent-Disposition: form-data; name="file"; filename="CT.dcm"\r\n\r\n'


async def send(gateway: MemoryGateway, body: Any, **headers: str) -> httpx2.Response:
    """Upload a body as it is; a body in pieces has no Content-Length."""
    headers = {"Content-Type": MULTIPART, **headers}
    return await gateway.client.post("/upload", content=body, headers=headers)


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_study_that_is_durable_and_announced_is_accepted(
    gateway: MemoryGateway,
) -> None:
    response = await gateway.client.post("/upload", files={"file": FILE})
    assert response.status_code == 202
    body = response.json()
    study_id = UUID(body["study_id"])
    assert body == {
        "study_id": str(study_id),
        "status": "uploaded",
        "status_url": f"/status/{study_id}",
        "files": 1,
        "skipped": 0,
    }
    assert response.headers["location"] == f"/status/{study_id}"
    assert response.headers["retry-after"] == "3"
    [study] = gateway.studies
    assert study.name == str(study_id)
    assert (study / "000001.dcm").read_bytes() == CONTENT


async def test_the_event_says_what_intake_json_says(gateway: MemoryGateway) -> None:
    await gateway.client.post("/upload", files={"file": FILE})
    [event] = gateway.published
    [study] = gateway.studies
    written = json.loads((study / "intake.json").read_bytes())
    assert written["event"] == json.loads(event.to_json())
    assert written["files"][0]["sent_as"] == "CT.dcm"


async def test_what_the_sender_says_about_the_study_is_kept(gateway: MemoryGateway) -> None:
    fields = {"expected_instances": "300", "profile": "strict", "label": "trial-42"}
    await gateway.client.post("/upload", files={"file": FILE}, data=fields)
    [study] = gateway.studies
    written = json.loads((study / "intake.json").read_bytes())
    assert written["expected_instances"] == 300
    assert written["profile"] == "strict"
    assert written["label"] == written["event"]["data"]["label"] == "trial-42"


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"expected_instances": "0"}, "invalid-field", "from 1 to 1000000"),
        ({"expected_instances": "-1"}, "invalid-field", "whole number"),
        ({"expected_instances": "many"}, "invalid-field", "'expected_instances'"),
        ({"expected_instances": "1000001"}, "invalid-field", "whole number"),
        ({"expected_instances": "3" * 2000}, "invalid-field", "1024 bytes"),
        ({"label": "Doe, Jane"}, "invalid-field", "must not identify the patient"),
        ({"label": b"\xff"}, "invalid-field", "UTF-8"),
        ({"profile": "nowhere"}, "unknown-profile", "Known profiles: default, lenient, strict."),
        ({"profile": "../strict"}, "unknown-profile", "'../strict'"),
    ],
)
async def test_a_field_with_an_impossible_value_is_refused(
    gateway: MemoryGateway, fields: dict[str, Any], kind: str, says: str
) -> None:
    response = await gateway.client.post("/upload", files={"file": FILE}, data=fields)
    assert_problem(response, 422, kind)
    assert says in response.json()["detail"]
    assert response.headers["connection"] == "close"
    assert gateway.is_empty


async def test_a_field_that_is_given_twice_is_refused(gateway: MemoryGateway) -> None:
    response = await gateway.client.post(
        "/upload", files={"file": FILE}, data={"label": ["one", "other"]}
    )
    assert_problem(response, 400, "repeated-field")


async def test_a_field_with_a_file_name_is_refused(gateway: MemoryGateway) -> None:
    response = await gateway.client.post("/upload", files={"file": FILE, "label": ("a", b"b")})
    assert_problem(response, 400, "unexpected-part")
    assert "'label'" in response.json()["detail"]


async def test_blank_fields_are_as_if_they_had_not_been_sent(gateway: MemoryGateway) -> None:
    """Browsers send all fields of a form."""
    blank = {"expected_instances": "", "profile": "", "label": " "}
    response = await gateway.client.post("/upload", files={"file": FILE}, data=blank)
    assert response.status_code == 202
    [study] = gateway.studies
    written = json.loads((study / "intake.json").read_bytes())
    assert not written.keys() & blank.keys()


async def test_a_profile_of_the_site_may_be_asked_for(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    gateway = MemoryGateway(tmp_path, profiles_dir=profiles)
    (profiles / "ct-trial.yaml").write_text("profile: ct-trial")
    for name, status in (("ct-trial", 202), ("mr-trial", 422)):
        response = await gateway.client.post(
            "/upload", files={"file": FILE}, data={"profile": name}
        )
        assert response.status_code == status
    assert "ct-trial" in response.json()["detail"]


async def test_the_study_is_stored_before_it_is_announced(gateway: MemoryGateway) -> None:
    seen: list[list[Path]] = []
    gateway.redis.before_write = lambda: seen.append(gateway.studies)
    response = await gateway.client.post("/upload", files={"file": FILE})
    assert seen == [[gateway.volumes.uploads / response.json()["study_id"]]]


async def test_a_file_that_is_not_dicom_does_not_fail_the_others(gateway: MemoryGateway) -> None:
    """The validator reports what is wrong with it."""
    pdf = ("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    files = [("file", file) for file in (pdf, ("empty", b""), FILE)]
    response = await gateway.client.post("/upload", files=files)
    assert response.status_code == 202
    assert response.json()["files"] == 3
    [study] = gateway.studies
    assert (study / "000001.dcm").read_bytes() == pdf[1]
    assert (study / "000002.dcm").read_bytes() == b""
    assert (study / "000003.dcm").read_bytes() == CONTENT


async def test_an_input_of_a_browser_without_a_file_is_none(gateway: MemoryGateway) -> None:
    """Browsers send it all the same, with an empty name and no bytes (HTML, form data set)."""
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n"
    )
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.dcm"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = form + file + CONTENT + b"\r\n" + form + b"--b--\r\n"
    response = await gateway.client.post("/upload", content=body, headers=headers)
    assert (response.status_code, response.json()["files"]) == (202, 1)

    response = await gateway.client.post("/upload", content=form + b"--b--\r\n", headers=headers)
    assert_problem(response, 422, "no-files")


async def test_files_of_which_none_is_dicom_are_refused(gateway: MemoryGateway) -> None:
    pdf = ("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    files = [("file", file) for file in (pdf, ("empty", b""))]
    response = await gateway.client.post("/upload", files=files)
    assert_problem(response, 415, "not-dicom")
    assert gateway.is_empty


async def test_the_files_of_an_archive_file_are_counted(
    gateway: MemoryGateway,
) -> None:
    archive = zipped({"CT/IM0001": CONTENT, "CT/IM0002": CONTENT, "DICOMDIR": b"x"})
    response = await gateway.client.post("/upload", files={"file": ("study.zip", archive)})
    assert response.status_code == 202
    assert (response.json()["files"], response.json()["skipped"]) == (2, 1)
    assert gateway.published[0].data.file_count == 2
    assert gateway.published[0].data.skipped == 1


@pytest.mark.parametrize(
    ("archive", "status", "kind"),
    [
        (zipped({"/a": CONTENT}), 422, "unsafe-archive"),
        (zipped({"a": CONTENT})[:-5], 422, "broken-archive"),
        (zipped({"a": CONTENT}, zipfile.ZIP_BZIP2), 422, "unsupported-archive"),
        (zipped({str(n): CONTENT for n in range(21)}), 413, "archive-too-large"),
        (zipped({".a": CONTENT}), 422, "no-files"),
    ],
)
async def test_the_refusal_of_an_archive_file_says_why(
    gateway: MemoryGateway, archive: bytes, status: int, kind: str
) -> None:
    response = await gateway.client.post("/upload", files={"file": ("study.zip", archive)})
    assert_problem(response, status, kind)
    assert gateway.is_empty


async def test_an_upload_without_content_length_is_taken_too(gateway: MemoryGateway) -> None:
    body = pieces(BEGINNING, CONTENT[:500], CONTENT[500:], b"\r\n--xYzZY--\r\n")
    response = await send(gateway, body)
    assert response.status_code == 202
    assert gateway.published[0].data.size_bytes == len(CONTENT)


@pytest.mark.parametrize(
    ("sent", "carried"),
    [(TRACE, TRACE), ("", None), ("DOE^JANE", None), (f"{TRACE}-x", None), (TRACE.upper(), None)],
)
async def test_a_trace_context_is_carried_on_when_it_is_one(
    gateway: MemoryGateway, sent: str, carried: str | None
) -> None:
    await gateway.client.post("/upload", files={"file": FILE}, headers={"traceparent": sent})
    assert gateway.published[0].traceparent == carried


@pytest.mark.parametrize(
    ("files", "status", "kind"),
    [
        ({"note": FILE}, 400, "unexpected-part"),
        ([("file", FILE)] * 11, 400, "too-many-files"),
        ({"file": ("a.dcm", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")}, 415, "not-dicom"),
        ({"file": ("a.dcm", b"")}, 422, "empty-file"),
        ({"file": ("a.dcm", bytes(100_001))}, 413, "upload-too-large"),
    ],
)
async def test_an_upload_that_cannot_be_accepted_says_why_and_leaves_nothing(
    gateway: MemoryGateway, files: Any, status: int, kind: str
) -> None:
    response = await gateway.client.post("/upload", files=files)
    assert_problem(response, status, kind)
    assert gateway.is_empty
    assert not gateway.published
    assert f'error="{kind}"'.encode() in gateway.metrics.exposition()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--xYzZY--\r\n", "no-file-part"),
        (b"", "broken-multipart"),
        (b"garbage", "broken-multipart"),
        (BEGINNING + CONTENT, "broken-multipart"),
    ],
)
async def test_a_broken_form_is_a_bad_request(
    gateway: MemoryGateway, body: bytes, kind: str
) -> None:
    assert_problem(await send(gateway, body), 400, kind)
    assert gateway.is_empty


@pytest.mark.parametrize("content_type", ["application/dicom", "multipart/mixed; boundary=x", ""])
async def test_what_is_no_form_is_an_unsupported_media_type(
    gateway: MemoryGateway, content_type: str
) -> None:
    response = await send(gateway, CONTENT, **{"Content-Type": content_type})
    assert_problem(response, 415, "not-multipart")
    assert gateway.is_empty


async def test_a_form_without_a_boundary_is_a_bad_request(gateway: MemoryGateway) -> None:
    response = await send(gateway, CONTENT, **{"Content-Type": "multipart/form-data"})
    assert_problem(response, 400, "broken-multipart")


async def test_an_upload_that_says_it_is_too_large_is_refused_before_it_is_read(
    gateway: MemoryGateway,
) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body must not be asked for")
        yield b""

    response = await send(gateway, body(), **{"Content-Length": "200000"})
    assert_problem(response, 413, "upload-too-large")
    assert "100000 bytes" in response.json()["detail"]


async def test_an_upload_that_does_not_say_so_is_stopped_while_it_arrives(
    gateway: MemoryGateway,
) -> None:
    asked = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        yield BEGINNING
        while True:
            asked += 1
            yield bytes(10_000)

    assert_problem(await send(gateway, body()), 413, "upload-too-large")
    assert asked <= 11
    assert gateway.is_empty


async def test_the_connection_is_closed_after_a_refusal(
    gateway: MemoryGateway,
) -> None:
    response = await send(gateway, b"garbage")
    assert response.headers["connection"] == "close"


async def test_too_little_free_space_is_insufficient_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000, used=0))
    gateway = MemoryGateway(tmp_path, min_free_bytes=1001)
    response = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(response, 507, "insufficient-storage")
    assert gateway.is_empty


async def test_an_upload_that_stalls_is_refused(tmp_path: Path) -> None:
    gateway = MemoryGateway(tmp_path, idle_timeout_seconds=0.01)

    async def body() -> AsyncIterator[bytes]:
        yield BEGINNING
        await asyncio.Event().wait()

    assert_problem(await send(gateway, body()), 408, "upload-stalled")
    assert gateway.is_empty


@pytest.mark.parametrize(
    "fault",
    [
        RedisConnectionError("refused"),
        RedisTimeoutError("slow"),
        ResponseError("OOM"),
        ValueError(),
    ],
)
async def test_an_upload_that_redis_does_not_confirm_is_accepted_and_announced_soon(
    gateway: MemoryGateway, fault: Exception
) -> None:
    announced = asyncio.Event()
    gateway.redis.before_write, gateway.redis.after_write = raising(fault), announced.set
    response = await gateway.client.post("/upload", files={"file": FILE})
    assert response.status_code == 202
    await asyncio.wait_for(announced.wait(), 5)
    [event] = gateway.published
    assert str(event.subject) == response.json()["study_id"]
    assert [study.name for study in gateway.studies] == [response.json()["study_id"]]


async def test_while_an_upload_waits_to_be_announced_no_further_ones_are_received(
    gateway: MemoryGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "CONFIRMATION_SECONDS", 0.01)
    monkeypatch.setattr(service, "REDIS_TIMEOUT_SECONDS", 0.01)
    gateway.redis.answers.clear()
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202
    refused = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(refused, 503, "event-bus-unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert len(gateway.studies) == 1

    monkeypatch.setattr(service, "REDIS_TIMEOUT_SECONDS", 5)
    gateway.redis.answers.set()
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202


async def test_an_upload_whose_confirmation_was_lost_is_announced_once(
    gateway: MemoryGateway,
) -> None:
    gateway.redis.after_write = raising(RedisConnectionError("no reply"))
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202
    assert len(gateway.published) == len(gateway.studies) == 2


async def test_while_redis_is_unavailable_nothing_is_accepted_and_nothing_kept(
    gateway: MemoryGateway,
) -> None:
    gateway.redis.leave(RedisConnectionError("redis://:secret@redis refused"))
    response = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(response, 503, "event-bus-unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert "secret" not in response.text
    assert gateway.is_empty


async def test_redis_is_asked_before_gigabytes_are_sent(gateway: MemoryGateway) -> None:
    gateway.redis.leave(RedisConnectionError("refused"))

    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body must not be asked for")
        yield b""

    assert_problem(await send(gateway, body()), 503, "event-bus-unavailable")


async def test_an_unexpected_failure_keeps_and_reveals_nothing(
    gateway: MemoryGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Staging, "commit", AsyncMock(side_effect=ValueError("DOE^JANE")))
    with capture_logs() as lines:
        response = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(response, 500, "internal-error")
    assert "DOE" not in response.text
    assert "request.failed" in [line["event"] for line in lines]
    assert gateway.is_empty


async def test_more_uploads_at_once_than_allowed_are_refused(tmp_path: Path) -> None:
    gateway = MemoryGateway(tmp_path, max_concurrent_uploads=1)
    receiving, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield BEGINNING
        receiving.set()
        await go_on.wait()
        yield CONTENT + b"\r\n--xYzZY--\r\n"

    first = asyncio.create_task(send(gateway, slow()))
    await receiving.wait()
    turned_away = await gateway.client.post("/upload", files={"file": FILE})
    assert_problem(turned_away, 503, "too-many-uploads")
    assert "retry-after" in turned_away.headers
    go_on.set()
    assert (await first).status_code == 202
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202


async def test_a_refused_upload_gives_its_place_back(tmp_path: Path) -> None:
    gateway = MemoryGateway(tmp_path, max_concurrent_uploads=1)
    for _ in range(3):
        assert_problem(await send(gateway, b"garbage"), 400, "broken-multipart")
    assert (await gateway.client.post("/upload", files={"file": FILE})).status_code == 202


async def test_the_clients_file_name_is_logged_nowhere(gateway: MemoryGateway) -> None:
    with capture_logs() as lines:
        named = ("DOE^JANE.dcm", CONTENT, "application/dicom")
        await gateway.client.post("/upload", files={"file": named})
        await gateway.client.post("/upload", files={"DOE^JANE": named})
        gateway.redis.before_write = raising(RedisConnectionError("DOE^JANE"))
        await gateway.client.post("/upload", files={"file": named})
    assert len(lines) >= 3
    assert "DOE" not in str(lines)


async def test_a_client_that_disconnects_leaves_nothing(gateway: MemoryGateway) -> None:
    messages = [
        {"type": "http.request", "body": BEGINNING + CONTENT, "more_body": True},
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
        "path": "/upload",
        "raw_path": b"/upload",
        "query_string": b"",
        "headers": [(b"content-type", MULTIPART.encode())],
        "http_version": "1.1",
        "scheme": "http",
        "client": ("client", 1),
        "server": ("gateway", 80),
        "root_path": "",
    }
    transport: Any = gateway.client._transport
    with capture_logs() as lines:
        await transport.app(scope, receive, send)
    assert sent[0]["status"] == 499
    assert "upload.disconnected" in [line["event"] for line in lines]
    assert gateway.is_empty
