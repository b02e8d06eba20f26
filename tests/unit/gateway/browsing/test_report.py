"""GET /studies/{id}/report: what became of each file, for programs and for spreadsheets."""

import csv
import io
from pathlib import Path
from typing import BinaryIO

import pytest

from contracts.intake import SkippedFile
from contracts.model import SkipReason
from contracts.report import Finding, Outcome, Severity
from contracts.status import State
from gateway.browsing.report_csv import COLUMNS
from gateway.http.negotiation import Accept
from kit.problems import assert_problem
from storage.file_store import FileStore
from storage.files import remove_directory
from unit.gateway.browsing_kit import Gateway, knows
from unit.gateway.studies_on_disk import OTHER, SHORT, STUDY, Sent

REPORT = f"/studies/{STUDY}/report"
GOOD = Sent(b"good", "CT/IM1", uid="1.2.3.1.1")
BAD = Sent(b"bad", "=HYPERLINK(1)", Outcome.REJECTED, uid="1.2.3.1.2", findings=(SHORT,))
AGAIN = Sent(b"good", "CT/IM3", Outcome.DUPLICATE, uid="1.2.3.1.1")
ELSEWHERE = Sent(b"other", "MR/IM4", uid="1.2.4.1.1", study="1.2.4", went_to=OTHER)
ELSEWHERE_AGAIN = Sent(b"other", "MR/IM5", Outcome.DUPLICATE, uid="1.2.4.1.1", study="1.2.4")
DICOMDIR = SkippedFile(sent_as="CT/DICOMDIR", reason=SkipReason.MEDIA_DIRECTORY)
ACROSS = Finding(
    code="study.frame-of-reference",
    severity=Severity.WARNING,
    message="The frames of reference differ.",
    files=("000001.dcm", "000003.dcm"),
)


@pytest.fixture
def empty(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


@pytest.fixture
def gateway(empty: Gateway) -> Gateway:
    """An upload of two studies, archived but for a file in quarantine."""
    files = (GOOD, BAD, AGAIN, ELSEWHERE, ELSEWHERE_AGAIN)
    empty.disk.archive(*files, skipped=[DICOMDIR], findings=(ACROSS,))
    empty.disk.quarantine(*files)
    for file in empty.disk.volumes.quarantined(STUDY).glob("*.dcm"):
        if file.name != "000002.dcm":
            file.unlink()
    empty.disk.archive(ELSEWHERE, study_id=OTHER)
    return empty


async def test_the_report_says_of_each_file_what_became_of_it(gateway: Gateway) -> None:
    response = await gateway.get(REPORT)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["vary"] == "Accept"
    assert "duplicate_of" not in response.json()
    files = response.json()["files"]
    assert [(file["sent_as"], file["outcome"]) for file in files] == [
        ("CT/IM1", "accepted"),
        ("=HYPERLINK(1)", "rejected"),
        ("CT/IM3", "duplicate"),
        ("MR/IM4", "accepted"),
        ("MR/IM5", "duplicate"),
        ("CT/DICOMDIR", "skipped"),
    ]
    good, bad, _, _, _, passed = files
    assert good == {
        "file": "000001.dcm",
        "sent_as": "CT/IM1",
        "outcome": "accepted",
        "sha256": GOOD.sha256,
        "size_bytes": 4,
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
        "sop_instance_uid": "1.2.3.1.1",
        "series_instance_uid": "1.2.3.1",
        "study_instance_uid": "1.2.3",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "modality": "CT",
        "study_id": str(STUDY),
        "archived_as": "original.dcm",
        "href": f"/studies/{STUDY}/instances/1.2.3.1.1",
        "findings": [],
    }
    assert bad["quarantined_as"] == "000002.dcm"
    assert bad["findings"][0]["code"] == "pixel.length-short"
    assert bad["findings"][0]["found"] == "=1+1"
    assert "href" not in bad
    assert "archived_as" not in bad
    assert passed == {
        "sent_as": "CT/DICOMDIR",
        "outcome": "skipped",
        "reason": "media directory",
        "findings": [],
    }


async def test_the_report_says_how_and_when_and_what_is_wrong_with_the_whole(
    gateway: Gateway,
) -> None:
    report = (await gateway.get(REPORT)).json()
    assert report["outcome"] == "accepted"
    assert report["counts"] == {"received": 5, "accepted": 2, "rejected": 1}
    assert (report["profile"], report["profile_version"]) == ("strict", "3")
    assert (report["validator_version"], report["duration_seconds"]) == ("0.1.0", 0.5)
    assert [report[f"{step}_at"] for step in ("uploaded", "validated", "archived")] == [
        "2026-03-01T09:30:00Z",
        "2026-03-01T09:31:00Z",
        "2026-03-01T09:32:00Z",
    ]
    [across] = report["findings"]
    assert (across["code"], across["files"]) == (ACROSS.code, ["000001.dcm", "000003.dcm"])


async def test_a_file_that_went_to_another_study_is_found_there_and_so_is_its_duplicate(
    gateway: Gateway,
) -> None:
    files = (await gateway.get(REPORT)).json()["files"]
    for file in files[3:5]:
        assert file["study_id"] == str(OTHER)
        assert file["href"] == f"/studies/{OTHER}/instances/1.2.4.1.1"
        assert (await gateway.get(file["href"])).content == b"other"


async def test_every_link_to_bytes_leads_to_those_bytes(gateway: Gateway) -> None:
    linked = [file for file in (await gateway.get(REPORT)).json()["files"] if "href" in file]
    assert len(linked) == 4
    for file in linked:
        assert (await gateway.get(file["href"])).headers["etag"] == f'"{file["sha256"]}"'


async def test_the_report_of_a_study_that_was_sent_again_names_the_one_before(
    empty: Gateway,
) -> None:
    again = Sent(b"good", outcome=Outcome.DUPLICATE, uid="1.2.3.1.1", known_in=OTHER)
    empty.disk.archive(again)
    report = (await empty.get(REPORT)).json()
    assert report["duplicate_of"] == [str(OTHER)]
    assert report["files"][0]["duplicate_of"] == str(OTHER)
    [row] = await table(empty)
    assert row["duplicate_of"] == str(OTHER)


async def test_a_file_that_was_deleted_from_quarantine_is_not_said_to_be_there(
    gateway: Gateway,
) -> None:
    (gateway.disk.volumes.quarantined(STUDY) / "000002.dcm").unlink()
    bad = (await gateway.get(REPORT)).json()["files"][1]
    assert bad["outcome"] == "rejected"
    assert "quarantined_as" not in bad


async def test_the_report_is_there_as_soon_as_the_study_is_validated(empty: Gateway) -> None:
    empty.disk.upload(GOOD, BAD, skipped=[DICOMDIR])
    report = (await empty.get(REPORT)).json()
    assert [file["outcome"] for file in report["files"]] == ["accepted", "rejected", "skipped"]
    assert not any("href" in file or "archived_as" in file for file in report["files"])
    assert "archived_at" not in report


async def test_a_study_that_failed_has_its_report_in_quarantine(empty: Gateway) -> None:
    empty.disk.quarantine(BAD)
    report = (await empty.get(REPORT)).json()
    assert report["outcome"] == "rejected"
    assert report["files"][0]["quarantined_as"] == "000001.dcm"


async def test_a_report_before_validation_is_not_ready(
    empty: Gateway,
) -> None:
    empty.disk.upload(GOOD, validated=False)
    empty.answer = knows(State.VALIDATING)
    response = await empty.get(REPORT)
    assert_problem(response, 404, "report-not-ready")
    assert response.headers["retry-after"] == "2"
    assert "'validating'" in response.json()["detail"]


async def test_a_report_that_will_never_exist_has_no_retry_after(
    empty: Gateway,
) -> None:
    empty.answer = knows(State.ERROR)
    response = await empty.get(REPORT)
    assert_problem(response, 404, "no-report")
    assert "retry-after" not in response.headers


async def test_a_study_that_moves_on_while_it_is_looked_for_is_found(
    empty: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = empty.disk.upload(GOOD)
    open_file = FileStore.open

    def open_late(store: FileStore, key: str) -> BinaryIO:
        if key.startswith("uploads/") and upload.is_dir():
            empty.disk.archive(GOOD)
            remove_directory(upload)
        return open_file(store, key)

    monkeypatch.setattr(FileStore, "open", open_late)
    assert (await empty.get(REPORT)).json()["files"][0]["archived_as"] == "original.dcm"


# The table


async def table(gateway: Gateway) -> list[dict[str, str]]:
    response = await gateway.get(REPORT, {"Accept": "text/csv"})
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))


async def test_the_table_has_a_row_for_each_file_and_for_each_finding_across_files(
    gateway: Gateway,
) -> None:
    rows = await table(gateway)
    assert [row["outcome"] for row in rows] == [
        "accepted", "rejected", "duplicate", "accepted", "duplicate", "skipped", "",
    ]  # fmt: skip
    assert tuple(rows[0]) == COLUMNS
    good, bad, *_, passed, across = rows
    assert good["sha256"] == GOOD.sha256
    assert (good["codes"], good["text"]) == ("", "")
    assert bad["codes"] == "pixel.length-short"
    assert bad["text"] == "PixelData: The pixel data is shorter than the image."
    assert bad["quarantined_as"] == "000002.dcm"
    assert passed["reason"] == "media directory"
    assert (across["file"], across["codes"]) == ("000001.dcm; 000003.dcm", ACROSS.code)


async def test_the_table_is_a_file_named_after_the_study(gateway: Gateway) -> None:
    response = await gateway.get(REPORT, {"Accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == f'attachment; filename="{STUDY}.csv"'
    assert response.content.count(b"\r\n") == response.content.count(b"\n") == 8


async def test_a_name_that_a_spreadsheet_would_run_is_text(gateway: Gateway) -> None:
    assert (await table(gateway))[1]["sent_as"] == "'=HYPERLINK(1)"


async def test_nothing_breaks_out_of_its_cell_or_controls_a_terminal(empty: Gateway) -> None:
    empty.disk.quarantine(
        Sent(b"x", 'a",b\r\nMüller\x1b[2J', Outcome.REJECTED, uid="1.2\x1b[2J", study="=1+1")
    )
    [row] = await table(empty)
    assert (row["sop_instance_uid"], row["study_instance_uid"]) == ("1.2\\x1b[2J", "'=1+1")
    assert row["sent_as"] == 'a",b\\r\\nMüller\\x1b[2J'


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV;header=present", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv, */*", "application/json"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0.4, application/json; q=0.5", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/json"),
        ("text/csv;q=high, application/json", "application/json"),
        ("application/xml", None),
        ("text/csv;q=0", None),
        ("text/csv;q=2", "application/json"),
        (";;,,", "application/json"),
    ],
)
def test_the_client_says_what_it_prefers(accept: str, media_type: str | None) -> None:
    assert Accept([accept]).preferred(("application/json", "text/csv")) == media_type


async def test_a_client_that_accepts_neither_gets_the_available_media_types(
    gateway: Gateway,
) -> None:
    response = await gateway.get(REPORT, {"Accept": "application/xml"})
    assert_problem(response, 406, "not-acceptable")
    assert "text/csv" in response.json()["detail"]
