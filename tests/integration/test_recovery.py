"""What Redis has lost comes back from the disk."""

from typing import Any

import pytest

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
    failed = pipeline.upload(b"not DICOM")
    pipeline.wait_for(archived, "archived")
    pipeline.wait_for(failed, "failed")
    until(lambda: "patient_id_hash" in pipeline.status(archived), "the patient")
    before = listed(pipeline)
    for name in ALL:
        pipeline.stop(name)
    redis_server.client.flushall()

    pipeline.start_all()
    until(lambda: listed(pipeline).keys() == before.keys(), "the records")
    after = listed(pipeline)

    for study_id in (archived, failed):
        assert without_times(after[study_id]) == without_times(before[study_id])
    states = [entry["state"] for entry in after[archived]["history"]]
    assert states == ["uploaded", "validating", "validated", "archived"]
    filtered = pipeline.http.get("/studies", params={"label": "trial-42", "modality": "CT"}).json()
    assert [study["study_id"] for study in filtered["studies"]] == [archived]


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in record.keys() - {"updated_at", "history"}}
