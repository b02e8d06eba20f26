"""Quarantine, upload and status, over HTTP and on the command line, with real processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.pipeline import DEADLINE_SECONDS, ROOT, Pipeline, RedisServer, until
from kit.studies import ct_slices

TEXT = b"This is a text file.\n" * 20
TRUNCATED = "structure.truncated"


@pytest.fixture
def slices() -> list[bytes]:
    """Two valid images of a new study."""
    return [content for _, content in ct_slices(2)]


@pytest.fixture
def folder(tmp_path: Path, slices: list[bytes]) -> Path:
    """A valid image, one that is truncated, and a text file; a directory of the medium."""
    folder = tmp_path / "study"
    (folder / "series").mkdir(parents=True)
    (folder / "series" / "IM1").write_bytes(slices[0])
    (folder / "series" / "IM2").write_bytes(slices[1][:-100])
    (folder / "notes.txt").write_bytes(TEXT)
    (folder / "DICOMDIR").write_bytes(b"x")
    return folder


def start(pipeline: Pipeline, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hdv", *map(str, arguments)],
        cwd=ROOT,
        env={**pipeline.environment, "HDV_URL": str(pipeline.http.base_url)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hdv(pipeline: Pipeline, *arguments: str | Path) -> tuple[int, str, str]:
    """Run a command; its exit code, what it writes, what it says."""
    process = start(pipeline, *arguments)
    out, err = process.communicate(timeout=DEADLINE_SECONDS)
    return process.returncode, out, err


def answer_of(pipeline: Pipeline, *arguments: str | Path) -> Any:
    """What a command writes as JSON, whatever its exit code."""
    code, out, err = hdv(pipeline, *arguments, "--format", "json")
    assert code in {0, 1}, err
    return json.loads(out)


def upload(pipeline: Pipeline, *contents: bytes) -> str:
    files = [("file", (f"IM{n}", content)) for n, content in enumerate(contents, start=1)]
    answer = pipeline.http.post("/upload", files=files)
    assert answer.status_code == 202, answer.text
    study_id: str = answer.json()["study_id"]
    return study_id


def test_a_rejected_file_can_be_fixed_resubmitted_and_archived(
    services: Pipeline, slices: list[bytes]
) -> None:
    http = services.http
    truncated = slices[1][:-100]
    study_id = upload(services, slices[0], truncated, TEXT)
    services.wait_for(study_id, "archived")

    listed = http.get("/quarantine", params={"code": TRUNCATED}).json()["studies"]
    [mine] = [study for study in listed if study["study_id"] == study_id]
    assert mine["file_count"] == 2
    shown = http.get(mine["href"]).json()
    broken, text = shown["files"]
    assert [file["sent_as"] for file in shown["files"]] == ["IM2", "IM3"]
    assert TRUNCATED in {finding["code"] for finding in broken["findings"]}
    assert http.get(broken["href"]).content == truncated
    assert http.get(text["href"]).content == TEXT

    form = {"file": ("fixed.dcm", slices[1])}
    answer = http.post(f"{broken['href']}/resubmit", files=form)
    assert answer.status_code == 202, answer.text
    new_id = answer.json()["study_id"]
    services.wait_for(new_id, "archived")
    assert (services.archive / new_id / "original.dcm").read_bytes() == slices[1]
    assert http.get(mine["href"]).json()["files"][0]["resubmitted_as"] == [new_id]

    for file in shown["files"]:
        assert http.delete(file["href"]).status_code == 204
    assert http.get(mine["href"]).status_code == 404
    assert not (services.quarantine / study_id).exists()
    lines = (services.quarantine / "removed.ndjson").read_text().splitlines()
    removed = [line for line in map(json.loads, lines) if line["study_id"] == study_id]
    assert [line["file"] for line in removed] == ["000002.dcm", "000003.dcm"]
    assert '"quarantine.deleted"' in services.log("gateway")
    assert services.status(study_id)["status"] == "archived"


def test_a_failed_study_resubmitted_unchanged_fails_again(services: Pipeline) -> None:
    study_id = upload(services, TEXT)
    services.wait_for(study_id, "failed")
    answer = services.http.post(f"/quarantine/{study_id}/resubmit", json={"profile": "lenient"})
    new_id = answer.json()["study_id"]
    services.wait_for(new_id, "failed")
    assert services.http.get(f"/quarantine/{new_id}").json()["resubmitted_from"] == study_id


def test_upload_fix_and_resubmit_on_the_command_line(
    services: Pipeline, folder: Path, slices: list[bytes], tmp_path: Path
) -> None:
    code, out, err = hdv(services, "upload", folder, "--wait")
    assert code == 1, err
    assert err == "skipped: 1 media directory\n"
    study_id = out.split()[1]
    files = [line.split()[:2] for line in out.splitlines()[3:]]
    assert files == [
        ["rejected", "notes.txt"],
        ["rejected", "series/IM2"],
        ["accepted", "series/IM1"],
    ]

    code, out, _ = hdv(services, "status", study_id)
    assert code == 1
    assert "status     archived" in out

    studies = answer_of(services, "quarantine", "list", "--code", TRUNCATED)["studies"]
    assert study_id in {study["study_id"] for study in studies}
    shown = answer_of(services, "quarantine", "show", study_id)
    names = {file["sent_as"]: file["file"] for file in shown["files"]}
    assert names.keys() == {"notes.txt", "series/IM2"}

    assert hdv(services, "quarantine", "download", study_id, "--output", tmp_path)[0] == 0
    fetched = tmp_path / study_id
    assert (fetched / names["notes.txt"]).read_bytes() == TEXT
    assert (fetched / names["series/IM2"]).read_bytes() == slices[1][:-100]

    (tmp_path / "fixed").write_bytes(slices[1])
    code, out, err = hdv(
        services, "quarantine", "resubmit", study_id, names["series/IM2"],
        "--fixed", tmp_path / "fixed", "--wait",
    )  # fmt: skip
    assert code == 0, err
    assert ["accepted", "series/IM2"] in [line.split()[:2] for line in out.splitlines()]

    code, _, err = hdv(services, "quarantine", "delete", study_id)
    assert code == 2
    assert "--yes" in err
    assert (services.quarantine / study_id).exists()
    assert hdv(services, "quarantine", "delete", study_id, "--yes")[0] == 0
    assert not (services.quarantine / study_id).exists()


def test_a_valid_upload_exits_with_zero(services: Pipeline, ct: bytes, tmp_path: Path) -> None:
    (tmp_path / "IM1").write_bytes(ct)
    code, out, err = hdv(services, "upload", tmp_path / "IM1", "--wait")
    assert (code, err) == (0, "")
    assert "archived" in out
    study_id = out.split()[1]
    assert hdv(services, "status", study_id, "--watch")[0] == 0


def test_everything_is_purged(services: Pipeline) -> None:
    study_id = upload(services, TEXT)
    services.wait_for(study_id, "failed")
    dry = answer_of(services, "quarantine", "purge", "--older-than-days", "0", "--dry-run")
    assert study_id in {study["study_id"] for study in dry["studies"]}
    code, _, _ = hdv(services, "quarantine", "purge", "--older-than-days", "0", "--yes")
    assert code == 0
    assert answer_of(services, "quarantine", "list")["studies"] == []


def test_the_index_is_rebuilt(running: tuple[Pipeline, RedisServer], ct: bytes) -> None:
    pipeline, server = running
    study_id = upload(pipeline, ct)
    pipeline.wait_for(study_id, "archived")
    for key in server.client.scan_iter("archive-index:*"):
        server.client.delete(key)

    code, out, err = hdv(pipeline, "index", "rebuild")

    assert code == 0, err
    assert out == f"{len(list(pipeline.archive.glob('[!.]*')))} studies are in the index\n"
    filed = server.client.scan_iter("archive-index:studies:*")
    assert study_id in {member for key in filed for member in server.client.smembers(key)}


def test_a_refused_upload_is_reported(services: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(3000))
    code, out, err = hdv(services, "upload", tmp_path / "letter.pdf", "--profile", "unknown")
    assert (code, out) == (2, "")
    assert err.startswith("hdv upload: ")
    assert "Traceback" not in err


def test_an_unknown_study_is_reported(services: Pipeline) -> None:
    unknown = "0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11"
    assert hdv(services, "status", unknown)[0] == 2
    assert hdv(services, "status", "no-uuid")[0] == 2
    assert hdv(services, "quarantine", "show", unknown)[0] == 2


def test_an_unavailable_gateway_is_reported(services: Pipeline) -> None:
    code, _, err = hdv(services, "quarantine", "list", "--url", "http://127.0.0.1:1")
    assert code == 3
    assert "does not answer" in err


def test_an_upload_waits_for_a_gateway_that_is_starting(
    pipeline: Pipeline, ct: bytes, tmp_path: Path
) -> None:
    (tmp_path / "IM1").write_bytes(ct)
    process = start(pipeline, "upload", tmp_path / "IM1", "--format", "json")
    pipeline.start("status", "gateway")
    out, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0, err
    study_id = json.loads(out)["upload"]["study_id"]
    assert [path.name for path in pipeline.uploads.glob("[!.]*")] == [study_id]


def test_ctrl_c_ends_waiting(pipeline: Pipeline, ct: bytes, tmp_path: Path) -> None:
    (tmp_path / "IM1").write_bytes(ct)
    pipeline.start("status", "gateway")
    process = start(pipeline, "upload", tmp_path / "IM1", "--wait")
    until(lambda: list(pipeline.uploads.glob("[!.]*")), "the upload")
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, err) == (130, "")


def test_the_time_to_wait_can_be_limited(pipeline: Pipeline, ct: bytes, tmp_path: Path) -> None:
    (tmp_path / "IM1").write_bytes(ct)
    pipeline.start("status", "gateway")
    code, _, err = hdv(pipeline, "upload", tmp_path / "IM1", "--wait", "--timeout", "2")
    assert code == 3
    assert "stopped after 2 seconds" in err
