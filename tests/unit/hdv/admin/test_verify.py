"""`hdv verify` without a Redis; the index is verified in an integration test."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from contracts.report import Outcome
from hdv.cli import app
from storage.layout import METADATA
from unit.gateway.studies_on_disk import OTHER, STUDY, Disk, Sent

ONE = Sent(b"one", uid="1.2.1", sent_as="DOE^JANE")
INVALID = Sent(b"short", uid="1.2.3", outcome=Outcome.REJECTED)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    for name in ("HDV_REDIS_URL", "HDV_ARCHIVE_DIR", "HDV_QUARANTINE_DIR"):
        monkeypatch.delenv(name, raising=False)
    disk = Disk(tmp_path)
    disk.archive(ONE)
    disk.quarantine(INVALID, study_id=OTHER)
    return disk


def verify(disk: Disk, *options: str) -> Result:
    data = str(disk.volumes.archive.parent)
    return CliRunner().invoke(app, ["verify", "--data", data, "--jobs", "1", *options])


def as_json(disk: Disk, *options: str) -> Any:
    return json.loads(verify(disk, "--format", "json", *options).stdout)


def test_without_a_finding_the_command_succeeds(disk: Disk) -> None:
    result = verify(disk)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 studies with 2 files (0 MB) verified in ")
    assert result.stdout.endswith("s, 0 skipped; 0 findings\n")
    assert "the index is not verified" in result.stderr


@pytest.mark.parametrize("jobs", ["2", "5"])
def test_several_at_a_time_find_the_same_in_the_same_order(disk: Disk, jobs: str) -> None:
    for number in range(40):
        directory = disk.archive(ONE, study_id=UUID(int=number))
        if number % 3:
            (directory / "original.dcm").write_bytes(b"xxx")
    one, several = as_json(disk), as_json(disk, "--jobs", jobs)
    assert one.pop("seconds") > 0
    assert several.pop("seconds") > 0
    assert several == one
    assert len(one["findings"]) == 26


def test_findings_are_lines_and_a_failure(disk: Disk) -> None:
    (disk.volumes.archived(STUDY) / "original.dcm").write_bytes(b"xxx")
    result = verify(disk)
    assert result.exit_code == 1
    place = f"archive/{STUDY}/original.dcm"
    assert result.stdout.splitlines()[0] == (
        f"file.corrupted     {place}: The bytes are not those that arrived."
    )
    assert "DOE" not in result.output


def test_the_result_is_written_for_programs(disk: Disk) -> None:
    (disk.volumes.archived(STUDY) / METADATA).unlink()
    found = as_json(disk)
    assert found.pop("seconds") > 0
    assert found == {
        "studies": 2,
        "files": 1,
        "size_bytes": 5,
        "skipped": 0,
        "index_verified": False,
        "findings": [
            {
                "code": "study.incomplete",
                "place": "archive",
                "study_id": str(STUDY),
                "file": METADATA,
                "message": "The document that is written last is missing.",
            }
        ],
    }


def test_an_interrupted_run_is_continued(disk: Disk) -> None:
    (disk.volumes.archived(STUDY) / "original.dcm").write_bytes(b"xxx")
    assert as_json(disk)["studies"] == 2
    # What has a finding is verified again.
    continued = as_json(disk, "--resume")
    assert (continued["studies"], continued["skipped"]) == (1, 1)
    assert [finding["code"] for finding in continued["findings"]] == ["file.corrupted"]
    assert as_json(disk)["skipped"] == 0


def test_what_was_verified_since_a_time_is_skipped(disk: Disk) -> None:
    as_json(disk)
    assert as_json(disk, "--since", "2020-01-01")["skipped"] == 2
    assert as_json(disk, "--since", "2200-01-01T00:00:00Z")["skipped"] == 0


def test_half_a_line_of_the_state_is_ignored(disk: Disk) -> None:
    as_json(disk)
    with (disk.volumes.archive.parent / "verified.ndjson").open("ab") as state:
        state.write(b'{"verif')
    assert as_json(disk, "--resume")["skipped"] == 2


def test_without_an_archive_the_command_cannot_be_carried_out(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["verify", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "no such directory" in result.stderr
