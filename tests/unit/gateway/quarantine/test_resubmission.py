"""POST …/resubmit: files in quarantine become a new upload; those here stay, and are marked."""

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio
from redis.exceptions import ConnectionError as RedisConnectionError

from contracts.intake import Intake
from gateway.quarantine import resubmission
from gateway.quarantine.audit_trail import Resubmission
from gateway.uploads.staging import Staging
from kit.problems import assert_problem
from storage.study_folder import StudyFolder
from unit.gateway.quarantined import NOT_DICOM, TRUNCATED, Gateway

TEXT = b"no DICOM at all"
IMAGE = bytes(128) + b"DICM" + bytes(100)
FIXED = bytes(128) + b"DICM" + bytes(200)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    made = Gateway(tmp_path)
    async with made.client:
        yield made


async def resubmit(
    gateway: Gateway, study_id: UUID, file: str = "", **request: Any
) -> httpx2.Response:
    place = f"/files/{file}" if file else ""
    return await gateway.client.post(f"/quarantine/{study_id}{place}/resubmit", **request)


def upload_of(gateway: Gateway, response: httpx2.Response) -> tuple[Path, Intake]:
    """The upload of a response."""
    assert response.status_code == 202, response.text
    directory = gateway.uploads[UUID(response.json()["study_id"])]
    return directory, Intake.model_validate_json((directory / "intake.json").read_bytes())


async def marks(gateway: Gateway, study_id: UUID) -> list[dict[str, Any]]:
    shown = await gateway.get(f"/quarantine/{study_id}")
    found: list[dict[str, Any]] = shown["resubmissions"]
    return found


async def test_a_study_goes_on_its_way_again_as_if_it_had_just_arrived(gateway: Gateway) -> None:
    study_id = gateway.quarantine(
        (TEXT, NOT_DICOM), (IMAGE, TRUNCATED), accepted=(b"x",), label="trial-42", profile="strict"
    )
    response = await resubmit(gateway, study_id, headers={"traceparent": TRACE})
    directory, intake = upload_of(gateway, response)
    new_id = intake.event.subject
    assert response.json() == {
        "study_id": str(new_id),
        "status": "uploaded",
        "status_url": f"/status/{new_id}",
        "files": 2,
        "skipped": 0,
    }
    assert response.headers["location"] == f"/status/{new_id}"
    assert response.headers["retry-after"] == "3"
    assert gateway.published == [intake.event]
    assert new_id != study_id
    assert intake.resubmitted_from == study_id
    assert (intake.label, intake.profile) == ("trial-42", "strict")
    assert intake.event.data.label == "trial-42"
    assert intake.event.traceparent == TRACE
    assert [file.sent_as for file in intake.files] == ["IM1", "IM2"]
    assert (directory / "000001.dcm").read_bytes() == TEXT
    assert (directory / "000002.dcm").read_bytes() == IMAGE
    size = sum(file.size_bytes for file in intake.files)
    assert (intake.event.data.file_count, intake.event.data.size_bytes) == (2, size)


async def test_the_bytes_are_on_the_disk_once_and_stay_in_quarantine(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    directory, _ = upload_of(gateway, await resubmit(gateway, study_id))
    here = gateway.volumes.quarantined(study_id) / "000001.dcm"
    assert here.samefile(directory / "000001.dcm")


async def test_some_files_go_under_another_profile_and_are_marked(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    body = {"files": ["000002.dcm"], "profile": "lenient"}
    directory, intake = upload_of(gateway, await resubmit(gateway, study_id, json=body))
    assert intake.profile == "lenient"
    assert [path.read_bytes() for path in directory.glob("*.dcm")] == [IMAGE]
    [mark] = await marks(gateway, study_id)
    assert mark.pop("time")
    assert mark == {
        "study_id": str(intake.event.subject),
        "files": ["000002.dcm"],
        "profile": "lenient",
        "fixed": False,
    }
    shown = await gateway.get(f"/quarantine/{study_id}")
    again = [file["resubmitted_as"] for file in shown["files"]]
    assert again == [[], [str(intake.event.subject)]]
    page = await gateway.get("/quarantine")
    assert page["studies"][0]["resubmissions"] == 1


async def test_a_file_goes_as_it_is(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    response = await resubmit(gateway, study_id, "000002.dcm", params={"profile": "strict"})
    directory, intake = upload_of(gateway, response)
    assert (directory / "000001.dcm").read_bytes() == IMAGE
    assert intake.profile == "strict"


async def test_a_fixed_file_goes_in_place_of_the_one_here(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    form = {"file": ("fixed.dcm", FIXED)}
    directory, intake = upload_of(
        gateway, await resubmit(gateway, study_id, "000002.dcm", files=form)
    )
    [file] = intake.files
    assert (directory / "000001.dcm").read_bytes() == FIXED
    assert (file.sent_as, file.size_bytes) == ("IM2", len(FIXED))
    assert (gateway.volumes.quarantined(study_id) / "000002.dcm").read_bytes() == IMAGE
    [mark] = await marks(gateway, study_id)
    assert (mark["files"], mark["fixed"]) == (["000002.dcm"], True)


@pytest.mark.parametrize(
    ("request_", "status", "kind"),
    [
        ({"files": [("file", ("a", FIXED)), ("file", ("b", FIXED))]}, 400, "too-many-files"),
        ({"files": {"other": ("a", FIXED)}}, 400, "unexpected-part"),
        ({"files": {"file": ("a", b"")}}, 422, "empty-file"),
        ({"files": {"file": ("a", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")}}, 415, "not-dicom"),
        ({"files": {"file": ("a", bytes(150_000))}}, 413, "upload-too-large"),
        ({"json": {"profile": "strict"}}, 415, "not-multipart"),
        ({"content": FIXED}, 415, "not-multipart"),
        ({"params": {"profile": "unknown"}}, 422, "unknown-profile"),
        ({"params": {"profile": "../etc"}}, 422, "invalid-request"),
    ],
)
async def test_what_cannot_take_the_place_of_a_file_is_refused_and_leaves_no_mark(
    gateway: Gateway, request_: dict[str, Any], status: int, kind: str
) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    response = await resubmit(gateway, study_id, "000001.dcm", **request_)
    assert_problem(response, status, kind)
    assert gateway.uploads == {}
    assert await marks(gateway, study_id) == []


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"files": []}, 422, "invalid-request"),
        ({"files": ["../report.json"]}, 422, "invalid-request"),
        ({"other": 1}, 422, "invalid-request"),
        ({"files": ["000001.dcm", "000002.dcm"]}, 404, "unknown-file"),  # was accepted
        ({"files": ["000009.dcm"]}, 404, "unknown-file"),
        ({"profile": "unknown"}, 422, "unknown-profile"),
    ],
)
async def test_what_is_not_here_cannot_be_resubmitted(
    gateway: Gateway, body: dict[str, Any], status: int, kind: str
) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), accepted=(IMAGE,))
    assert_problem(await resubmit(gateway, study_id, json=body), status, kind)
    assert gateway.uploads == {}


async def test_an_unknown_study_cannot_be_resubmitted(gateway: Gateway) -> None:
    assert_problem(await resubmit(gateway, uuid4()), 404, "not-in-quarantine")


async def test_a_response_to_an_unknown_profile_lists_the_known_ones(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    response = await resubmit(gateway, study_id, json={"profile": "unknown"})
    assert "default, lenient, strict" in response.json()["detail"]


async def test_a_profile_that_was_removed_is_reported(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), profile="gone")
    assert_problem(await resubmit(gateway, study_id), 422, "unknown-profile")
    upload_of(gateway, await resubmit(gateway, study_id, json={"profile": "default"}))


def refuse(_address: str, _body: bytes) -> None:
    """Redis goes in the moment in which an upload is announced."""
    raise RedisConnectionError("gone")


async def test_a_resubmission_that_redis_does_not_confirm_stays(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is announced later, as other uploads are."""
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    monkeypatch.setattr(gateway.redis, "append", refuse)
    _, intake = upload_of(gateway, await resubmit(gateway, study_id))
    [mark] = await marks(gateway, study_id)
    assert mark["study_id"] == str(intake.event.subject)


async def test_a_resubmission_that_cannot_be_stored_leaves_no_mark(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    full = OSError(errno.ENOSPC, "no space left")
    monkeypatch.setattr(Staging, "commit", AsyncMock(side_effect=full))
    assert_problem(await resubmit(gateway, study_id), 507, "insufficient-storage")
    assert gateway.uploads == {}
    assert await marks(gateway, study_id) == []


async def test_the_mark_is_there_before_the_upload_is_announced(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a crash in between would lose it."""
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    path = gateway.volumes.quarantined(study_id) / "resubmissions.ndjson"
    seen = []

    def append(_address: str, _body: bytes) -> None:
        seen.append(path.read_bytes())

    monkeypatch.setattr(gateway.redis, "append", append)
    response = await resubmit(gateway, study_id)
    assert json.loads(seen[0])["study_id"] == response.json()["study_id"]


async def test_several_who_resubmit_at_once_lose_no_mark(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    answers = await asyncio.gather(*(resubmit(gateway, study_id) for _ in range(2)))
    answers += await asyncio.gather(*(resubmit(gateway, study_id) for _ in range(2)))
    made = {answer.json()["study_id"] for answer in answers}
    assert {mark["study_id"] for mark in await marks(gateway, study_id)} == made
    assert len(made) == 4


async def test_damaged_bytes_do_not_go_anywhere(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    (gateway.volumes.quarantined(study_id) / "000001.dcm").write_bytes(b"something else")
    assert_problem(await resubmit(gateway, study_id), 500, "file-damaged")
    assert gateway.uploads == {}
    assert gateway.files(study_id) == {"000001.dcm"}


@pytest.mark.parametrize("moment", ["before the mark", "after the mark"])
async def test_a_study_that_is_removed_meanwhile_is_no_error_of_the_gateway(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    record_resubmission = resubmission.record_resubmission

    def removed_meanwhile(
        folder: StudyFolder, mark: Resubmission, *, withdrawn: bool = False
    ) -> None:
        if moment == "after the mark":
            record_resubmission(folder, mark, withdrawn=withdrawn)
        folder.store.remove_directory(folder.key)
        if moment == "before the mark":
            record_resubmission(folder, mark, withdrawn=withdrawn)

    monkeypatch.setattr(resubmission, "record_resubmission", removed_meanwhile)
    response = await resubmit(gateway, study_id)
    if moment == "before the mark":
        assert_problem(response, 404, "not-in-quarantine")
        assert gateway.uploads == {}
    else:
        upload_of(gateway, response)
