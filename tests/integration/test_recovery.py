"""What Redis has lost comes back from the disk."""

import json
import time
from datetime import datetime
from typing import Any

import pytest
from pydicom.uid import generate_uid
from typer.testing import CliRunner

from hdv.admin.repair import JUST_ARRIVED_SECONDS
from hdv.cli import app
from kit.pipeline import ALL, Pipeline, RedisServer, until
from kit.studies import ct_slices


def listed(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    answer = pipeline.http.get("/studies", params={"limit": 500})
    return {study["study_id"]: study for study in answer.json()["studies"]}


@pytest.mark.timeout(150)
def test_status_records_lost_by_redis_are_rebuilt_at_a_restart(
    pipeline: Pipeline, redis_server: RedisServer
) -> None:
    pipeline.start_all()
    (_, one), (_, other) = ct_slices(2)
    answer = pipeline.http.post(
        "/upload",
        files=[("file", ("one.dcm", one)), ("file", ("other.dcm", other[:-9]))],
        data={"label": "trial-42"},
    )
    archived = answer.json()["study_id"]
    pipeline.wait_for(archived, "archived")
    failed, duplicate = pipeline.upload(b"not DICOM"), pipeline.upload(one)
    parts = [next(ct_slices(1, study_instance_uid=generate_uid()))[1] for _ in range(2)]
    answer = pipeline.http.post("/upload", files=[("file", ("part.dcm", part)) for part in parts])
    divided = answer.json()["study_id"]
    for study_id in (duplicate, divided):
        pipeline.wait_for(study_id, "archived")
    pipeline.wait_for(failed, "failed")

    def complete() -> dict[str, dict[str, Any]] | None:
        """All records, once the marks that come after the events are in them."""
        records = listed(pipeline)
        finished = [record for record in records.values() if record["status"] == "archived"]
        known = all("patient_id_hash" in record for record in finished)
        return records if len(finished) == 4 and known else None

    before = until(complete, "the records")
    assert before[duplicate]["duplicate_of"] == [archived]
    assert len(before[divided]["studies"]) == 1
    for name in ALL:
        pipeline.stop(name)
    redis_server.client.flushall()

    pipeline.start_all()
    until(lambda: listed(pipeline).keys() == before.keys(), "the records")
    after = listed(pipeline)

    for study_id, record in before.items():
        assert without_times(after[study_id]) == without_times(record)
        rebuilt = {entry["state"]: entry for entry in after[study_id]["history"]}
        for entry in record["history"]:
            assert rebuilt[entry["state"]]["service"] == entry["service"]
            # An event is made a moment after the document that it announces.
            assert abs(seconds(rebuilt[entry["state"]]["time"]) - seconds(entry["time"])) < 30
        # When the upload of a divided study came, the store always knows, the record only at times.
        assert 0 <= len(rebuilt) - len(record["history"]) <= ("upload_id" in record)
    filtered = pipeline.http.get("/studies", params={"label": "trial-42", "modality": "CT"}).json()
    assert [study["study_id"] for study in filtered["studies"]] == [archived]


def seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in record.keys() - {"updated_at", "history"}}


@pytest.mark.timeout(150)
def test_hdv_repair_rebuilds_what_redis_has_lost_without_running_services(
    pipeline: Pipeline, redis_server: RedisServer
) -> None:
    pipeline.start_all()
    [(_, content)] = ct_slices(1)
    archived = pipeline.upload(content)
    pipeline.wait_for(archived, "archived")
    failed = pipeline.upload(b"not DICOM")
    pipeline.wait_for(failed, "failed")
    pipeline.stop("validator")
    [(_, waiting)] = ct_slices(1)
    lost = pipeline.upload(waiting)
    arrived = (pipeline.uploads / lost / "intake.json").stat().st_mtime
    for name in ("gateway", "status", "descriptor"):
        pipeline.stop(name)
    redis_server.client.flushall()
    until(lambda: time.time() - arrived > JUST_ARRIVED_SECONDS, "the upload to be old enough")

    directory = str(pipeline.directory)
    result = CliRunner().invoke(
        app, ["repair", "--data", directory, "--redis-url", redis_server.url]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "index rebuilt: 1 study", "status records rebuilt: 3 studies", "uploads announced again: 1",
    ]  # fmt: skip

    records = {
        study_id: json.loads(redis_server.client.get(f"status:{study_id}"))["status"]
        for study_id in (archived, failed, lost)
    }
    assert records == {archived: "archived", failed: "failed", lost: "uploaded"}
    [(_, fields)] = redis_server.client.xrange("uploads")
    assert json.loads(fields["__data__"])["subject"] == lost
    verified = CliRunner().invoke(
        app, ["verify", "--data", directory, "--redis-url", redis_server.url, "-j", "1"]
    )
    assert verified.exit_code == 0, verified.output
