"""A backup in a new data directory, without the data of Redis: docs/howto/back-up.md."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hdv.cli import app
from kit.pipeline import Pipeline, RedisServer, started, until
from kit.studies import ct_slices, zipped

RECOVERY = {
    "HDV_GATEWAY__RECOVERY__AFTER_SECONDS": "1",
    "HDV_GATEWAY__RECOVERY__PERIOD_SECONDS": "1",
}


@pytest.fixture
def restored(
    pipeline: Pipeline, tmp_path: Path
) -> Iterator[tuple[dict[str, Any], Pipeline, RedisServer]]:
    """The records of the first installation, and one that runs on its backup."""
    directory = tmp_path / "restored"
    directory.mkdir()
    before = filled(pipeline, tmp_path)
    for place in ("uploads", "quarantine", "archive"):  # in this order: studies move that way
        shutil.copytree(pipeline.directory / place, directory / place)
    pipeline.close()
    with started(directory, **RECOVERY) as (again, redis):
        yield before, again, redis


def filled(pipeline: Pipeline, tmp_path: Path) -> dict[str, Any]:
    """Studies in every place; the one in the uploads has not been validated yet."""
    pipeline.start_all()
    slices = list(ct_slices(3))
    several = zipped(tmp_path / "several.zip", slices)
    (_, cut), (_, whole) = ct_slices(2)
    partly = zipped(tmp_path / "partly.zip", [("a", whole), ("b", cut[:-9])])
    ids = {
        "archived": pipeline.upload(several.read_bytes(), "several.zip"),
        "partly": pipeline.upload(partly.read_bytes(), "partly.zip"),
        "failed": pipeline.upload(b"not DICOM at all"),
    }
    states = {"archived": "archived", "partly": "archived", "failed": "failed"}
    for name, state in states.items():
        pipeline.wait_for(ids[name], state)
    until(lambda: not list(pipeline.uploads.glob("[!.]*")), "the uploads to be empty")
    pipeline.stop("validator")
    [(_, waiting)] = ct_slices(1)
    ids["waiting"] = pipeline.upload(waiting)
    return {
        "ids": ids,
        "records": listed(pipeline),
        "slices": dict(slices),
        "several": several.read_bytes(),
    }


def listed(pipeline: Pipeline) -> dict[str, Any]:
    answer = pipeline.http.get("/studies", params={"limit": 500})
    return {study["study_id"]: study for study in answer.json()["studies"]}


@pytest.mark.timeout(240)
def test_a_backup_in_a_new_data_directory_is_as_the_original(
    restored: tuple[dict[str, Any], Pipeline, RedisServer],
) -> None:
    before, pipeline, redis = restored
    ids = before["ids"]

    # Everything is listed, and what was waiting goes on.
    until(lambda: listed(pipeline).keys() == before["records"].keys(), "the records")
    for name in ("archived", "partly", "failed"):
        record, original = pipeline.status(ids[name]), before["records"][ids[name]]
        for fact in ("status", "files", "findings", "modalities"):
            assert record.get(fact) == original.get(fact), fact
    pipeline.wait_for(ids["waiting"], "archived")

    # Everything can be retrieved, byte for byte.
    report = pipeline.http.get(f"/studies/{ids['archived']}/report").json()
    contents = [pipeline.http.get(file["href"]).content for file in report["files"]]
    assert sorted(contents) == sorted(before["slices"].values())
    [rejected] = pipeline.http.get(f"/quarantine/{ids['failed']}").json()["files"]
    assert pipeline.http.get(rejected["href"]).content == b"not DICOM at all"

    # What is sent again is a duplicate, not a conflict.
    again = pipeline.upload(before["several"], "several.zip")
    files = until(lambda: ended(pipeline, again), "the duplicate")["files"]
    assert (files["accepted"], files["rejected"], files["duplicates"]) == (0, 0, 3)

    until(lambda: not list(pipeline.uploads.glob("[!.]*")), "the uploads to be empty")
    result = CliRunner().invoke(
        app, ["verify", "--data", str(pipeline.directory), "--redis-url", redis.url, "-j", "1"]
    )
    assert result.exit_code == 0, result.output


def ended(pipeline: Pipeline, study_id: str) -> dict[str, Any] | None:
    record = pipeline.status(study_id)
    return record if record["status"] in {"archived", "duplicate", "failed", "error"} else None
