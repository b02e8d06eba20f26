"""Several studies in one upload, and uploads that are filed as a whole or not at all."""

from uuid import UUID, uuid5

import httpx2
import pytest
from pydicom.uid import generate_uid

from kit.pipeline import Pipeline
from kit.studies import ct_slices, with_other_pixels, without_study_instance_uid


def upload(pipeline: Pipeline, *contents: bytes) -> str:
    files = [("file", (f"IM{number:04d}", content)) for number, content in enumerate(contents)]
    answer = pipeline.http.post("/upload", files=files)
    assert answer.status_code == 202, answer.text
    study_id: str = answer.json()["study_id"]
    return study_id


def outcomes(report: httpx2.Response) -> list[tuple[str, str]]:
    return [(entry["outcome"], entry["study_id"]) for entry in report.json()["files"]]


@pytest.mark.timeout(120)
def test_two_studies_in_one_upload_become_two_entries_that_refer_to_each_other(
    pipeline: Pipeline,
) -> None:
    pipeline.start_all()
    one, two, other = generate_uid(), generate_uid(), generate_uid()
    [(_, first)] = ct_slices(1, study_instance_uid=one)
    [(_, second)] = ct_slices(1, study_instance_uid=two)
    [(_, third)] = ct_slices(1, study_instance_uid=other)
    upload_id = upload(pipeline, first, second, first, without_study_instance_uid(third))
    part_id = str(uuid5(UUID(upload_id), two))

    record = pipeline.wait_for(upload_id, "archived")
    part = pipeline.wait_for(part_id, "archived")
    assert (record["studies"], part["upload_id"]) == ([part_id], upload_id)
    assert outcomes(pipeline.http.get(f"/studies/{upload_id}/report")) == [
        ("accepted", upload_id), ("accepted", part_id),
        ("duplicate", upload_id), ("rejected", upload_id),
    ]  # fmt: skip
    assert pipeline.http.get(f"/studies/{part_id}").json()["study_instance_uids"] == [two]
    assert not list(pipeline.archive.parent.glob("uploads/[!.]*"))

    # Nothing of the first study is kept this time; the next one has the id of the upload.
    again_id = upload(pipeline, with_other_pixels(first), third)
    again = pipeline.wait_for(again_id, "archived")
    assert again["files"]["accepted"] == again["files"]["rejected"] == 1
    assert pipeline.http.get(f"/studies/{again_id}").json()["study_instance_uids"] == [other]
    assert len(pipeline.http.get(f"/quarantine/{again_id}").json()["files"]) == 1


@pytest.mark.timeout(120)
def test_an_upload_is_archived_completely_or_not_at_all(pipeline: Pipeline) -> None:
    pipeline.start_all(HDV_VALIDATOR__ON_INVALID_INSTANCE="fail-study")
    (_, valid), (_, other) = ct_slices(2)
    upload_id = upload(pipeline, valid, other[:-1000])

    record = pipeline.wait_for(upload_id, "failed")
    assert (record["files"]["accepted"], record["files"]["rejected"]) == (0, 2)
    assert len(pipeline.http.get(f"/quarantine/{upload_id}").json()["files"]) == 2

    whole = pipeline.wait_for(upload(pipeline, valid, other), "archived")
    assert whole["files"]["accepted"] == 2
