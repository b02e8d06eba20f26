"""What the store shows of the state of a study."""

from pathlib import Path

import pytest

from contracts.report import Outcome
from contracts.status import State, StatusUpdate
from storage.layout import METADATA
from storage.study_state import stored_studies, updates_at
from unit.gateway.studies_on_disk import (
    ARCHIVED,
    OTHER,
    SHORT,
    STUDY,
    UPLOADED,
    VALIDATED,
    Disk,
    Sent,
)

VALID = Sent(b"valid", uid="1.2.1")
INVALID = Sent(b"short", uid="1.2.2", outcome=Outcome.REJECTED, findings=(SHORT,))


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def states(updates: list[StatusUpdate]) -> list[tuple[State, str]]:
    return [(update.status, update.service) for update in updates]


def test_an_archived_study_went_through_every_state(disk: Disk) -> None:
    disk.archive(VALID, INVALID)
    updates = updates_at(disk.volumes.studies.archived(STUDY))
    assert states(updates) == [
        (State.UPLOADED, "gateway"),
        (State.VALIDATING, "validator"),
        (State.VALIDATED, "validator"),
        (State.ARCHIVING, "descriptor"),
        (State.ARCHIVED, "descriptor"),
    ]
    times = [update.time for update in updates]
    assert (times[0], times[2], times[4]) == (UPLOADED, VALIDATED, ARCHIVED)
    assert (times[4] - times[3]).total_seconds() == 2
    assert (times[2] - times[1]).total_seconds() == 0.5
    validated = updates[2]
    assert validated.files
    assert (validated.files.accepted, validated.files.rejected) == (1, 1)
    assert [finding.code for finding in validated.findings] == [SHORT.code]
    assert validated.findings[0].path == SHORT.path
    assert validated.modalities == ("CT",)


def test_of_a_study_of_version_0_1_it_is_unknown_when_its_archiving_began(disk: Disk) -> None:
    metadata = disk.archive(VALID) / METADATA
    lines = metadata.read_text().splitlines(keepends=True)
    metadata.write_text("".join(line for line in lines if "archiving_began_at" not in line))
    updates = updates_at(disk.volumes.studies.archived(STUDY))
    assert [update.status for update in updates[-2:]] == [State.VALIDATED, State.ARCHIVED]


def test_a_study_in_quarantine_has_failed(disk: Disk) -> None:
    disk.quarantine(INVALID)
    updates = updates_at(disk.volumes.studies.quarantined(STUDY))
    assert states(updates)[-1] == (State.FAILED, "validator")
    assert updates[-1].files
    assert updates[-1].files.rejected == 1


@pytest.mark.parametrize("validated", [False, True])
def test_a_study_in_the_uploads_is_uploaded_or_validated(disk: Disk, validated: bool) -> None:
    disk.upload(VALID, validated=validated)
    updates = updates_at(disk.volumes.studies.uploaded(STUDY))
    assert updates[-1].status is (State.VALIDATED if validated else State.UPLOADED)


def test_a_rejected_study_has_not_failed_before_it_is_in_quarantine(disk: Disk) -> None:
    disk.upload(INVALID)
    updates = updates_at(disk.volumes.studies.uploaded(STUDY))
    assert states(updates) == [(State.UPLOADED, "gateway")]


def test_a_study_with_broken_documents_has_the_state_of_its_place(disk: Disk) -> None:
    (disk.archive(VALID) / METADATA).write_text("{")
    folder = disk.volumes.studies.archived(STUDY)
    [update] = updates_at(folder)
    assert (update.status, update.time) == (State.ARCHIVED, folder.since())


def test_a_study_that_is_gone_has_no_state(disk: Disk) -> None:
    with pytest.raises(FileNotFoundError):
        updates_at(disk.volumes.studies.archived(STUDY))


def test_each_study_is_listed_once_at_the_place_that_decides(disk: Disk) -> None:
    disk.archive(VALID)
    disk.quarantine(INVALID)
    disk.upload(VALID, INVALID)
    disk.quarantine(INVALID, study_id=OTHER)
    found = [(folder.place, folder.study_id) for folder in stored_studies(disk.volumes.studies)]
    assert found == [("archive", STUDY), ("quarantine", OTHER)]
