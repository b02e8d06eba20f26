"""Deleting studies with all services running."""

from typing import Any

import httpx2
import pydicom

from kit.pipeline import Pipeline, RedisServer, until
from kit.studies import ct_slices, with_other_pixels


def test_a_deleted_study_is_gone_and_its_uids_are_free(
    running: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, _ = running
    [(_, content)] = ct_slices(1)
    changed = with_other_pixels(content)
    study_id = pipeline.upload(content)
    pipeline.wait_for(study_id, "archived")
    uid = pipeline.http.get(f"/studies/{study_id}").json()["study_instance_uids"][0]

    assert delete(pipeline, study_id).status_code == 204

    record = pipeline.wait_for(study_id, "deleted")
    assert record["history"][-1]["service"] == "gateway"
    assert "metadata" not in record["links"]
    assert not (pipeline.archive / study_id).exists()
    assert pipeline.http.get(f"/studies/{study_id}/metadata").status_code == 404
    assert pipeline.http.get(f"/dicom-web/studies/{uid}/metadata").status_code == 404
    assert study_id not in listed(pipeline)
    assert study_id in listed(pipeline, status="deleted")
    events = pipeline.http.get("/events", params={"type": "study.deleted"}).json()["events"]
    assert study_id in [event["event"]["subject"] for event in events]
    assert delete(pipeline, study_id).status_code == 204

    # Other bytes under the same UID are no conflict any more.
    pipeline.wait_for(pipeline.upload(changed), "archived")


def test_bytes_and_uids_that_another_study_shares_stay(
    running: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, _ = running
    [(_, content)] = ct_slices(1)
    changed = with_other_pixels(content)
    first = pipeline.upload(content)
    pipeline.wait_for(first, "archived")
    again = pipeline.upload(content)
    pipeline.wait_for(again, "archived")

    assert delete(pipeline, first).status_code == 204

    assert (pipeline.archive / again / "original.dcm").read_bytes() == content
    uid = pydicom.dcmread(pipeline.archive / again / "original.dcm").StudyInstanceUID
    found = pipeline.http.get(f"/dicom-web/studies/{uid}/metadata")
    assert found.status_code == 200
    record = pipeline.wait_for(pipeline.upload(changed), "failed")
    assert record["findings"][0]["code"] == "study.instance-conflict"


def test_a_failed_study_is_deleted_from_quarantine(
    running: tuple[Pipeline, RedisServer],
) -> None:
    pipeline, _ = running
    study_id = pipeline.upload(b"not DICOM at all")
    pipeline.wait_for(study_id, "failed")
    until(lambda: not (pipeline.uploads / study_id).exists(), "the quarantine")
    assert delete(pipeline, study_id).status_code == 204
    assert not (pipeline.quarantine / study_id).exists()
    pipeline.wait_for(study_id, "deleted")


def delete(pipeline: Pipeline, study_id: str) -> httpx2.Response:
    """Delete a study as soon as it is at rest."""

    def answered() -> httpx2.Response | None:
        answer = pipeline.http.delete(f"/studies/{study_id}")
        return None if answer.status_code == 409 else answer

    return until(answered, "the study to be at rest")


def listed(pipeline: Pipeline, **filters: Any) -> set[str]:
    answer = pipeline.http.get("/studies", params={"limit": 500, **filters})
    return {study["study_id"] for study in answer.json()["studies"]}
