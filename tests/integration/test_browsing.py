"""Studies are browsed over HTTP: what is known of them, their report, files and pictures."""

import csv
import hashlib
import io
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx2
import pydicom
import pytest

from kit.pipeline import Pipeline, started, until
from kit.studies import ct_slices

TEXT = b"Dear colleague,\nplease find the images attached.\n" * 20


@dataclass(frozen=True)
class Browsed:
    """A CT image in the archive, and a text file in quarantine."""

    pipeline: Pipeline
    ct: bytes
    archived: str
    failed: str

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """The answer at a path below the archived study."""
        return self.pipeline.http.get(f"/studies/{self.archived}{path}", headers=headers)

    @property
    def uid(self) -> str:
        """The image's SOP Instance UID."""
        return str(pydicom.dcmread(io.BytesIO(self.ct)).SOPInstanceUID)

    @property
    def instance(self) -> str:
        """Where the image is found."""
        return f"{self.pipeline.http.base_url}/studies/{self.archived}/instances/{self.uid}"


@pytest.fixture(scope="module")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsed]:
    directory = tmp_path_factory.mktemp("browsing")
    [(_, ct)] = ct_slices(1)
    with started(directory) as (pipeline, _):
        archived = pipeline.upload(ct, "=CT(1).dcm")
        failed = pipeline.upload(TEXT, "letter.dcm")
        pipeline.wait_for(archived, "archived")
        pipeline.wait_for(failed, "failed")
        yield Browsed(pipeline, ct, archived, failed)


def test_a_study_shows_what_is_archived_and_links_to_everything(browsed: Browsed) -> None:
    study = browsed.get("").json()
    dataset = pydicom.dcmread(io.BytesIO(browsed.ct))
    assert study["status"] == "archived"
    assert study["study_instance_uids"] == [dataset.StudyInstanceUID]
    assert study["series"] == [
        {
            "series_instance_uid": dataset.SeriesInstanceUID,
            "modality": "CT",
            "instance_count": 1,
        }
    ]
    assert (study["instance_count"], study["size_bytes"]) == (1, len(browsed.ct))
    links = study["links"]
    assert {"report", "metadata", "archive", "preview"} <= links.keys()
    for path in links.values():
        assert browsed.pipeline.http.get(path).status_code == 200, path


def test_studies_are_listed_latest_first_page_by_page(browsed: Browsed) -> None:
    first = browsed.pipeline.http.get("/studies?limit=1")
    assert first.status_code == 200, first.text
    assert [study["study_id"] for study in first.json()["studies"]] == [browsed.failed]
    second = browsed.pipeline.http.get(first.links["next"]["url"])
    assert [study["study_id"] for study in second.json()["studies"]] == [browsed.archived]
    assert "next" not in second.links


def test_the_listing_has_only_studies_that_match_all_filters(browsed: Browsed) -> None:
    uploaded = browsed.get("").json()["history"][0]["time"]
    patient = hashlib.sha256(b"1CT1").hexdigest()

    assert listed(browsed, status="archived") == [browsed.archived]
    assert listed(browsed, status="failed") == [browsed.failed]
    assert listed(browsed, modality="CT") == [browsed.archived]
    assert listed(browsed, modality="MR") == []
    # No event has it: it comes with a progress mark, up to a second later.
    until(lambda: listed(browsed, patient_id_hash=patient) == [browsed.archived], "the patient")
    assert listed(browsed, patient_id_hash="0" * 64) == []
    assert listed(browsed, label="trial-42") == []
    assert listed(browsed, since=uploaded) == [browsed.failed, browsed.archived]
    assert listed(browsed, until=uploaded) == []
    assert listed(browsed, modality="CT", status="failed") == []


def test_the_report_shows_the_outcome_of_a_valid_file(browsed: Browsed) -> None:
    report = browsed.get("/report").json()
    [file] = report["files"]
    assert (file["file"], file["sent_as"]) == ("000001.dcm", "=CT(1).dcm")
    assert (file["outcome"], file["study_id"]) == ("accepted", browsed.archived)
    assert file["sha256"] == hashlib.sha256(browsed.ct).hexdigest()
    assert file["sop_instance_uid"] == browsed.uid
    assert file["archived_as"] == "original.dcm"
    assert browsed.pipeline.http.get(file["href"]).content == browsed.ct


def test_the_report_says_why_a_file_was_rejected(browsed: Browsed) -> None:
    [file] = browsed.pipeline.http.get(f"/studies/{browsed.failed}/report").json()["files"]
    assert (file["outcome"], file["quarantined_as"]) == ("rejected", "000001.dcm")
    [finding] = file["findings"]
    assert (finding["code"], finding["severity"]) == ("file.not-dicom", "error")
    assert "href" not in file


def test_the_report_is_available_as_csv(browsed: Browsed) -> None:
    answer = browsed.get("/report", accept="text/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["sent_as"], row["outcome"]) == ("'=CT(1).dcm", "accepted")
    assert row["sha256"] == hashlib.sha256(browsed.ct).hexdigest()


def test_curl_fetches_an_instance_in_two_parts(browsed: Browsed, tmp_path: Path) -> None:
    target = tmp_path / "image.dcm"
    curl("-r", "0-999", "-o", str(target), browsed.instance)
    assert target.read_bytes() == browsed.ct[:1000]
    curl("-C", "-", "-o", str(target), browsed.instance)
    assert target.read_bytes() == browsed.ct


def test_curl_asks_for_the_head_of_an_instance(browsed: Browsed) -> None:
    head = curl("-I", browsed.instance).decode().lower()
    assert head.startswith("http/1.1 200")
    assert f"content-length: {len(browsed.ct)}\r\n" in head
    assert f'etag: "{hashlib.sha256(browsed.ct).hexdigest()}"\r\n' in head
    assert "accept-ranges: bytes\r\n" in head


def test_an_unchanged_instance_is_not_sent_again(browsed: Browsed) -> None:
    tag = f'"{hashlib.sha256(browsed.ct).hexdigest()}"'
    answer = browsed.get(f"/instances/{browsed.uid}", **{"if-none-match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_the_zip_file_has_the_bytes_that_were_sent(browsed: Browsed) -> None:
    with ZipFile(io.BytesIO(browsed.get("/archive.zip").content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["metadata.json", "original.dcm"]
        assert archive.read("original.dcm") == browsed.ct
        assert json.loads(archive.read("metadata.json")) == browsed.get("/metadata").json()


def test_the_preview_is_a_picture(browsed: Browsed) -> None:
    answer = browsed.get("/preview.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("path", ["/metadata", "/archive.zip", "/preview.png", "/instances/1.2.3"])
def test_nothing_of_a_failed_study_is_archived(browsed: Browsed, path: str) -> None:
    answer = browsed.pipeline.http.get(f"/studies/{browsed.failed}{path}")
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (404, "urn:hdv:problem:not-archived")
    assert "'failed'" in problem["detail"]


def test_no_file_name_is_logged(browsed: Browsed) -> None:
    browsed.get("/report")
    log = browsed.pipeline.log("gateway")
    assert log
    assert "=CT(1)" not in log
    assert "letter.dcm" not in log


def listed(browsed: Browsed, **filters: str) -> list[str]:
    answer = browsed.pipeline.http.get("/studies", params=filters)
    assert answer.status_code == 200, answer.text
    return [study["study_id"] for study in answer.json()["studies"]]


def curl(*arguments: str) -> bytes:
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "30", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout
