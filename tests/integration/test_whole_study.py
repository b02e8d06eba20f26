"""A whole study as people send it: 400 files in a zip, some of them bad."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kit.pipeline import Pipeline, until
from kit.studies import ct_slices, without_study_instance_uid, zipped

TRUNCATED, NAMELESS, TEXT, REPEATED, TWIN = "IM0100", "IM0200", "IM0300", "IM0400", "IM0010"


@pytest.fixture
def slices() -> dict[str, bytes]:
    return dict(ct_slices(400))


@pytest.fixture
def archive(tmp_path: Path, slices: dict[str, bytes]) -> Path:
    """400 slices: one is truncated, one has no study, one is a text, two are the same."""
    sent = slices | {
        TRUNCATED: slices[TRUNCATED][:-1000],
        NAMELESS: without_study_instance_uid(slices[NAMELESS]),
        TEXT: b"Dear colleague,\nplease find the images attached.\n" * 20,
        REPEATED: slices[TWIN],
    }
    files = [(f"study/{name}", content) for name, content in sent.items()]
    return zipped(tmp_path / "study.zip", [*files, ("study/DICOMDIR", b"an index")])


def test_a_zip_of_400_slices_is_archived_with_396_and_the_rest_is_accounted_for(
    pipeline: Pipeline, archive: Path, slices: dict[str, bytes]
) -> None:
    pipeline.start_all()

    with archive.open("rb") as file:
        answer = pipeline.http.post(
            "/upload",
            files={"file": ("study.zip", file)},
            data={"expected_instances": "400", "label": "trial-42"},
        )
    assert answer.status_code == 202, answer.text
    study_id = answer.json()["study_id"]
    record = pipeline.wait_for(study_id, "archived", seconds=120)

    assert record["label"] == "trial-42"
    assert record["files"] == {
        "received": 400,
        "examined": 400,
        "accepted": 396,
        "rejected": 3,
        "duplicates": 1,
        "skipped": 1,
    }
    originals = pipeline.archive / study_id / "original"
    assert len(list(originals.iterdir())) == 396

    report = pipeline.http.get(f"/studies/{study_id}/report").json()
    files = {entry["sent_as"].removeprefix("study.zip!/study/"): entry for entry in report["files"]}
    assert len(files) == 401
    bad = {name: outcome_of(files[name]) for name in (TRUNCATED, NAMELESS, TEXT, REPEATED)}
    assert bad == {
        TRUNCATED: ("rejected", "structure.truncated"),
        NAMELESS: ("rejected", "element.missing"),
        TEXT: ("rejected", "file.not-dicom"),
        REPEATED: ("duplicate", None),
    }
    assert files["DICOMDIR"]["outcome"] == "skipped"
    assert {
        entry["outcome"] for name, entry in files.items() if name not in {*bad, "DICOMDIR"}
    } == {"accepted"}
    csv = pipeline.http.get(f"/studies/{study_id}/report", headers={"accept": "text/csv"})
    assert len(csv.text.splitlines()) >= 402

    quarantined = pipeline.http.get(f"/quarantine/{study_id}").json()
    stored = {
        entry["sent_as"].removeprefix("study.zip!/study/"): entry["file"]
        for entry in quarantined["files"]
    }
    assert stored.keys() == {TRUNCATED, NAMELESS, TEXT}

    for name, file in stored.items():
        fixed = resubmit(pipeline, study_id, file, slices[name])
        again = pipeline.wait_for(fixed, "archived")
        assert again["files"]["accepted"] == 1
    marks = pipeline.http.get(f"/quarantine/{study_id}").json()["resubmissions"]
    assert len(marks) == 3

    study_uid = json.loads((pipeline.archive / study_id / "metadata.json").read_bytes())["study"][
        "StudyInstanceUID"
    ]
    whole = pipeline.http.get(f"/dicom-web/studies/{study_uid}/metadata").json()
    assert len(whole) == 399


@pytest.mark.timeout(300)
def test_a_study_of_2000_instances_survives_a_restart_in_flat_memory_and_shows_progress(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    pipeline.start_all(
        HDV_VALIDATOR__DELIVERY__CLAIM_IDLE_SECONDS="2", HDV_VALIDATOR__CONCURRENCY="1"
    )
    small = pipeline.upload(next(ct_slices(1))[1])
    pipeline.wait_for(small, "archived")
    names = ("gateway", "validator", "descriptor", "status")
    before = {name: peak_megabytes(pipeline, name) for name in names}
    path = zipped(tmp_path / "large.zip", ct_slices(2000))

    with path.open("rb") as file:
        answer = pipeline.http.post(
            "/upload", files={"file": ("large.zip", file)}, timeout=120
        ).json()
    study_id = answer["study_id"]

    def half_examined() -> dict[str, Any] | None:
        files = pipeline.status(study_id).get("files") or {}
        return files if files.get("examined", 0) >= 500 else None

    files = until(half_examined, "the study to be half examined")
    assert files["received"] == 2000
    assert files["examined"] < 2000
    pipeline.kill("validator")
    pipeline.start("validator", HDV_VALIDATOR__DELIVERY__CLAIM_IDLE_SECONDS="2")
    record = pipeline.wait_for(study_id, "archived", seconds=180)

    assert record["files"]["accepted"] == 2000
    examined = pipeline.metric("validator", r"hdv_files_examined_total")
    # What was found in the last moments may not have been written down.
    assert examined <= 2000 - files["examined"] + 400
    for name, megabytes in before.items():
        assert peak_megabytes(pipeline, name) - megabytes < 60, name


def peak_megabytes(pipeline: Pipeline, name: str) -> float:
    """The most memory that a service has had resident so far."""
    status = Path(f"/proc/{pipeline.processes[name].pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


def outcome_of(entry: dict[str, Any]) -> tuple[str, str | None]:
    """What became of a file, and why."""
    errors = [f["code"] for f in entry["findings"] if f["severity"] == "error"]
    return entry["outcome"], errors[0] if errors else None


def resubmit(pipeline: Pipeline, study_id: str, file: str, content: bytes) -> str:
    answer = pipeline.http.post(
        f"/quarantine/{study_id}/files/{file}/resubmit", files={"file": ("fixed.dcm", content)}
    )
    assert answer.status_code == 202, answer.text
    new_id: str = answer.json()["study_id"]
    return new_id
