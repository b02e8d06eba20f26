"""/quarantine: what did not validate is listed, shown, given out, and removed with a trace."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from chassis.messaging.lease import Lease
from contracts.events import RemovalReason, StudyDeleted
from gateway.deletion.deletion import Deletions
from gateway.quarantine import listing, removal
from kit.gateway import running
from kit.problems import assert_problem
from storage.layout import INTAKE, METADATA, REPORT
from unit.gateway.quarantined import DAY, NOT_DICOM, TRUNCATED, Gateway

TEXT = b"no DICOM at all"
IMAGE = bytes(128) + b"DICM" + bytes(100)


@pytest_asyncio.fixture
async def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    async def taken_by_another(_: Lease) -> bool:
        return False

    monkeypatch.setattr(Lease, "take", taken_by_another)  # nothing goes on in the background
    async with running(Gateway(tmp_path)) as gateway:
        yield gateway


def deleted(gateway: Gateway) -> list[tuple[str, str, int]]:
    """The studies whose deletion was announced, why, and how many files they had."""
    events = gateway.redis.events("study.deleted")
    assert all(isinstance(event, StudyDeleted) for event in events)
    return [
        (str(event.subject), event.data.removal, event.data.file_count)
        for event in events
        if isinstance(event, StudyDeleted)
    ]


def removed(gateway: Gateway) -> list[dict[str, Any]]:
    """The lines about files that were removed."""
    path = gateway.volumes.quarantine / "removed.ndjson"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


# list


async def test_an_empty_quarantine_is_an_empty_page(gateway: Gateway) -> None:
    assert await gateway.get("/quarantine") == {"studies": []}


async def test_studies_are_listed_newest_first_with_what_brought_them_here(
    gateway: Gateway,
) -> None:
    old = gateway.quarantine((TEXT, NOT_DICOM), age_seconds=60)
    new = gateway.quarantine(
        (TEXT, NOT_DICOM), (IMAGE, TRUNCATED), (IMAGE, TRUNCATED), accepted=(b"",), label="trial-42"
    )
    page = await gateway.get("/quarantine")
    assert [study["study_id"] for study in page["studies"]] == [str(new), str(old)]
    first = page["studies"][0]
    assert first["file_count"] == 3
    assert first["size_bytes"] == len(TEXT) + 2 * len(IMAGE)
    assert first["label"] == "trial-42"
    assert first["codes"] == [{"code": TRUNCATED, "files": 2}, {"code": NOT_DICOM, "files": 1}]
    assert first["resubmissions"] == 0
    assert first["href"] == f"/quarantine/{new}"


async def test_pages_follow_each_other_without_a_gap_or_a_repetition(gateway: Gateway) -> None:
    studies = [gateway.quarantine((TEXT, NOT_DICOM), age_seconds=60 * n) for n in range(5)]
    seen: list[str] = []
    page = await gateway.get("/quarantine", limit=2)
    while True:
        seen += [study["study_id"] for study in page["studies"]]
        if "next_cursor" not in page:
            break
        gateway.quarantine((TEXT, NOT_DICOM))  # what comes meanwhile belongs before the first page
        page = await gateway.get("/quarantine", limit=2, cursor=page["next_cursor"])
    assert seen == [str(study) for study in studies]


async def test_studies_are_found_by_code_and_by_time(gateway: Gateway) -> None:
    old = gateway.quarantine((IMAGE, TRUNCATED), age_seconds=2 * DAY)
    new = gateway.quarantine((TEXT, NOT_DICOM))
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()

    async def found(**query: str) -> list[str]:
        page = await gateway.get("/quarantine", **query)
        return [study["study_id"] for study in page["studies"]]

    assert await found(code=TRUNCATED) == [str(old)]
    assert await found(code="file.empty") == []
    assert await found(since=yesterday) == [str(new)]
    assert await found(until=yesterday) == [str(old)]


async def test_who_looks_for_a_rare_code_gets_short_pages_rather_than_long_waits(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_READ", 2)
    rare = gateway.quarantine((IMAGE, TRUNCATED), age_seconds=60)
    for _ in range(3):
        gateway.quarantine((TEXT, NOT_DICOM))
    page = await gateway.get("/quarantine", code=TRUNCATED)
    assert page["studies"] == []
    page = await gateway.get("/quarantine", code=TRUNCATED, cursor=page["next_cursor"])
    assert [study["study_id"] for study in page["studies"]] == [str(rare)]


async def test_a_report_is_read_once_however_often_its_study_is_listed(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.quarantine((TEXT, NOT_DICOM))
    first = await gateway.get("/quarantine")

    def fail(*_: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr(listing, "read_contents", fail)
    assert await gateway.get("/quarantine") == first


async def test_a_broken_report_hides_no_other_study(gateway: Gateway) -> None:
    broken = gateway.quarantine((TEXT, NOT_DICOM))
    valid = gateway.quarantine((TEXT, NOT_DICOM))
    (gateway.volumes.quarantined(broken) / REPORT).write_bytes(b"{")
    incomplete = gateway.volumes.quarantined(uuid4())
    incomplete.mkdir()
    (incomplete / "000001.dcm").write_bytes(TEXT)
    with capture_logs() as logs:
        page = await gateway.get("/quarantine")
    assert [study["study_id"] for study in page["studies"]] == [str(valid)]
    assert {(log["event"], log["study_id"]) for log in logs if log["event"] != "request"} == {
        ("quarantine.unreadable", str(broken)),
        ("quarantine.incomplete", incomplete.name),
    }


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "code=Nonsense", "since=yesterday", "cursor=x", "other=1",
     "cursor=1~------------------------------------"],
)  # fmt: skip
async def test_a_query_that_is_none_is_refused(gateway: Gateway, query: str) -> None:
    assert_problem(await gateway.client.get(f"/quarantine?{query}"), 422, "invalid-request")


# show


async def test_a_study_is_shown_with_the_files_that_lie_here_and_no_others(
    gateway: Gateway,
) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), accepted=(IMAGE,), label="trial-42")
    shown = await gateway.get(f"/quarantine/{study_id}")
    [file] = shown["files"]
    assert (file["file"], file["sent_as"], file["outcome"]) == ("000001.dcm", "IM1", "rejected")
    assert file["sha256"] == hashlib.sha256(TEXT).hexdigest()
    assert file["size_bytes"] == len(TEXT)
    assert file["modality"] == "CT"
    assert "sop_instance_uid" not in file
    assert [finding["code"] for finding in file["findings"]] == [NOT_DICOM]
    assert file["resubmitted_as"] == []
    assert file["href"] == f"/quarantine/{study_id}/files/000001.dcm"
    assert (shown["label"], shown["profile"]) == ("trial-42", "default")
    assert shown["links"]["quarantine"] == f"/quarantine/{study_id}"


async def test_what_is_not_in_quarantine_is_reported(gateway: Gateway) -> None:
    response = await gateway.client.get(f"/quarantine/{uuid4()}")
    assert_problem(response, 404, "not-in-quarantine")


# download


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (TEXT, "application/octet-stream"),
        (IMAGE, "application/dicom"),
        (b"DICM", "application/octet-stream"),
    ],
)
async def test_a_file_is_given_out_byte_for_byte(
    gateway: Gateway, content: bytes, media_type: str
) -> None:
    study_id = gateway.quarantine((content, NOT_DICOM))
    response = await gateway.client.get(f"/quarantine/{study_id}/files/000001.dcm")
    assert response.content == content
    assert response.headers["content-type"] == media_type
    assert response.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert response.headers["x-content-type-options"] == "nosniff"
    disposition = f'attachment; filename="{study_id}-000001.dcm"'
    assert response.headers["content-disposition"] == disposition


async def test_a_part_of_a_file_is_given_out_too(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    response = await gateway.client.get(
        f"/quarantine/{study_id}/files/000001.dcm", headers={"Range": "bytes=3-7"}
    )
    assert (response.status_code, response.content) == (206, TEXT[3:8])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("000002.dcm", 404),  # was accepted
        ("000009.dcm", 404),
        ("intake.json", 422),
        ("report.json", 422),
        ("..%2F000001.dcm", 404),
        ("000001.dcm%0a", 422),
    ],
)
async def test_nothing_but_the_files_that_lie_here_is_given_out(
    gateway: Gateway, name: str, status: int
) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), accepted=(IMAGE,))
    response = await gateway.client.get(f"/quarantine/{study_id}/files/{name}")
    assert response.status_code == status


# delete


async def test_a_file_is_removed_and_a_line_stays(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    with capture_logs() as logs:
        response = await gateway.client.delete(f"/quarantine/{study_id}/files/000001.dcm")
    assert (response.status_code, response.content) == (204, b"")
    assert gateway.files(study_id) == {"000002.dcm"}
    [line] = removed(gateway)
    assert line.pop("time")
    assert line == {
        "study_id": str(study_id),
        "place": "quarantine",
        "file": "000001.dcm",
        "sha256": hashlib.sha256(TEXT).hexdigest(),
        "reason": "deleted",
        "requested_by": "127.0.0.1",
    }
    assert deleted(gateway) == []
    assert [log for log in logs if log["event"] != "request"] == [
        {
            "event": "quarantine.deleted", "log_level": "info", "study_id": str(study_id),
            "count": 1, "codes": [NOT_DICOM],
        }
    ]  # fmt: skip
    page = await gateway.get("/quarantine")
    assert page["studies"][0]["codes"] == [{"code": TRUNCATED, "files": 1}]


async def test_with_its_last_file_a_study_leaves_quarantine(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))
    for name in ("000001.dcm", "000002.dcm"):
        await gateway.client.delete(f"/quarantine/{study_id}/files/{name}")
    assert not gateway.volumes.quarantined(study_id).exists()
    assert await gateway.get("/quarantine") == {"studies": []}
    assert deleted(gateway) == [(str(study_id), "deleted", 1)]


async def test_a_whole_study_is_removed_and_a_line_stays_for_each_file(gateway: Gateway) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED), accepted=(b"x",))
    response = await gateway.client.delete(f"/quarantine/{study_id}")
    assert response.status_code == 204
    assert not gateway.volumes.quarantined(study_id).exists()
    assert [line["file"] for line in removed(gateway)] == ["000001.dcm", "000002.dcm"]
    again = await gateway.client.delete(f"/quarantine/{study_id}")
    assert_problem(again, 404, "not-in-quarantine")
    assert deleted(gateway) == [(str(study_id), "deleted", 2)]


@pytest.mark.parametrize("path", ["", "/files/000001.dcm"])
async def test_a_study_that_is_archived_only_leaves_quarantine(gateway: Gateway, path: str) -> None:
    study_id = gateway.quarantine((TEXT, NOT_DICOM), accepted=(b"x",))
    gateway.volumes.archived(study_id).mkdir(parents=True)
    (gateway.volumes.archived(study_id) / METADATA).write_bytes(b"{}")
    await gateway.client.delete(f"/quarantine/{study_id}{path}")
    assert not gateway.volumes.quarantined(study_id).exists()
    assert gateway.volumes.archived(study_id).exists()
    assert [line["file"] for line in removed(gateway)] == ["000001.dcm"]
    assert deleted(gateway) == []


async def test_a_deletion_that_redis_does_not_confirm_is_finished_later(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.deletion.deletion.PERIOD_SECONDS", -1.0)
    study_id = gateway.quarantine((TEXT, NOT_DICOM))
    gateway.redis.leave()
    response = await gateway.client.delete(f"/quarantine/{study_id}")
    assert_problem(response, 503, "event-bus-unavailable")
    gateway.redis.come_back()
    await gateway.service.http.state.provided[Deletions].finish_interrupted()
    assert not gateway.volumes.quarantined(study_id).exists()
    assert [line["file"] for line in removed(gateway)] == ["000001.dcm"]
    assert deleted(gateway) == [(str(study_id), "deleted", 1)]


async def test_several_who_remove_at_once_leave_one_line_for_each_file(gateway: Gateway) -> None:
    study_id = gateway.quarantine(*[(bytes([n]), NOT_DICOM) for n in range(8)])
    paths = [f"/quarantine/{study_id}/files/{n:06}.dcm" for n in (1, 1, 2, 2, 3, 4, 5, 6, 7, 8)]
    paths.append(f"/quarantine/{study_id}")
    await asyncio.gather(*map(gateway.client.delete, paths))
    assert not gateway.volumes.quarantined(study_id).exists()
    names = [line["file"] for line in removed(gateway)]
    assert sorted(names) == [f"{n:06}.dcm" for n in range(1, 9)]
    # Those who removed the last files may both announce it, with the same event.
    assert {study for study, _, _ in deleted(gateway)} == {str(study_id)}
    assert len({event.id for event in gateway.redis.events("study.deleted")}) == 1


async def test_a_study_that_is_still_at_work_is_not_touched(gateway: Gateway) -> None:
    """A descriptor compares quarantine and upload before it lets the upload go."""
    study_id = gateway.quarantine((TEXT, NOT_DICOM), age_seconds=5)
    gateway.volumes.uploaded(study_id).mkdir()
    (gateway.volumes.uploaded(study_id) / INTAKE).write_bytes(b"{}")
    for response in (
        await gateway.client.delete(f"/quarantine/{study_id}"),
        await gateway.client.delete(f"/quarantine/{study_id}/files/000001.dcm"),
        await gateway.client.post(f"/quarantine/{study_id}/resubmit"),
    ):
        assert_problem(response, 409, "study-in-progress")
        assert response.headers["retry-after"] == "1"
    purged = await gateway.client.post("/quarantine/purge", json={"older_than_days": 0})
    assert purged.json()["studies"] == []
    assert gateway.files(study_id) == {"000001.dcm"}
    assert removed(gateway) == []


def test_no_power_cut_makes_a_file_leave_without_a_line(tmp_path: Path, power_cut: Any) -> None:
    gateway = Gateway(tmp_path)
    for calls in range(50):
        study_id = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED))

        def work(study_id: UUID = study_id) -> None:
            removal.remove_unless_last(
                gateway.volumes.studies,
                study_id,
                frozenset({"000001.dcm"}),
                RemovalReason.DELETED,
                "127.0.0.1",
            )

        interrupted = power_cut(calls, work)
        recorded = {line["file"] for line in removed(gateway) if line["study_id"] == str(study_id)}
        assert {"000001.dcm", "000002.dcm"} - gateway.files(study_id) <= recorded
        if not interrupted:
            return
    raise AssertionError("it never came to an end")


# purge


async def purge(gateway: Gateway, days: float, **options: Any) -> Any:
    body = {"older_than_days": days, **options}
    response = await gateway.client.post("/quarantine/purge", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_old_studies_are_purged_and_listed(gateway: Gateway) -> None:
    old = gateway.quarantine((TEXT, NOT_DICOM), (IMAGE, TRUNCATED), age_seconds=31 * DAY)
    new = gateway.quarantine((TEXT, NOT_DICOM), age_seconds=29 * DAY)
    purged = await purge(gateway, 30)
    assert [study["study_id"] for study in purged["studies"]] == [str(old)]
    assert (purged["file_count"], purged["size_bytes"]) == (2, len(TEXT) + len(IMAGE))
    assert (purged["dry_run"], purged["remaining"]) == (False, 0)
    assert not gateway.volumes.quarantined(old).exists()
    assert gateway.files(new) == {"000001.dcm"}
    assert [line["reason"] for line in removed(gateway)] == ["purged", "purged"]
    assert deleted(gateway) == [(str(old), "purged", 2)]


async def test_a_dry_run_lists_the_same_and_removes_nothing(gateway: Gateway) -> None:
    old = gateway.quarantine((TEXT, NOT_DICOM), age_seconds=31 * DAY)
    dry = await purge(gateway, 30, dry_run=True)
    assert gateway.files(old) == {"000001.dcm"}
    assert removed(gateway) == []
    assert await purge(gateway, 30) == {**dry, "dry_run": False}


async def test_a_purge_is_bounded_oldest_first_and_says_how_many_remain(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "MOST_AT_ONCE", 2)
    studies = [gateway.quarantine((TEXT, NOT_DICOM), age_seconds=DAY * n) for n in (5, 4, 3)]
    first = await purge(gateway, 1)
    assert [study["study_id"] for study in first["studies"]] == list(map(str, studies[:2]))
    assert first["remaining"] == 1
    assert (await purge(gateway, 1))["remaining"] == 0


async def test_a_broken_report_keeps_its_study_here_and_stops_no_purge(gateway: Gateway) -> None:
    broken = gateway.quarantine((TEXT, NOT_DICOM), age_seconds=2 * DAY)
    valid = gateway.quarantine((TEXT, NOT_DICOM), age_seconds=DAY)
    report = gateway.volumes.quarantined(broken) / REPORT
    report.write_bytes(b"{")
    with capture_logs() as logs:
        purged = await purge(gateway, 0)
    assert [study["study_id"] for study in purged["studies"]] == [str(valid)]
    assert gateway.files(broken) == {"000001.dcm"}
    assert {log["event"] for log in logs} - {"request", "study.deleted"} == {
        "quarantine.unreadable",
        "quarantine.purged",
    }


@pytest.mark.parametrize("body", [{}, {"older_than_days": -1}, {"older_than_days": 1, "x": 1}])
async def test_a_purge_without_an_age_is_refused(gateway: Gateway, body: Any) -> None:
    gateway.quarantine((TEXT, NOT_DICOM))
    response = await gateway.client.post("/quarantine/purge", json=body)
    assert_problem(response, 422, "invalid-request")
    assert removed(gateway) == []
