"""A study: every file has its outcome, and files at odds with each other are not filed."""

import hashlib
from pathlib import Path
from uuid import UUID

import pytest
from unit.validator import dicom_writer as dicom

from contracts.events import StudyUploaded, StudyUploadedData
from contracts.intake import Intake, StoredFile
from contracts.report import Outcome, StudyReport
from contracts.volumes import INTAKE, Volumes, stored_name, uploads_path
from validator.examiner import examine_file
from validator.profiles.profile import Profile
from validator.report import Report
from validator.study import validate_study

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")
PROFILE = Profile()


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    return Volumes(tmp_path / "uploads", tmp_path / "quarantine", tmp_path / "archive")


async def validated(
    volumes: Volumes, *contents: bytes, expected_instances: int | None = None
) -> StudyReport:
    directory = volumes.uploaded(STUDY)
    directory.mkdir(parents=True)
    files = []
    for index, content in enumerate(contents, start=1):
        name = stored_name(index)
        (directory / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        files.append(StoredFile(name=name, size_bytes=len(content), sha256=digest))
    event = StudyUploaded.new(
        source="gateway",
        subject=STUDY,
        data=StudyUploadedData(
            directory=uploads_path(STUDY),
            file_count=len(files),
            size_bytes=sum(file.size_bytes for file in files),
        ),
    )
    intake = Intake(event=event, files=tuple(files), expected_instances=expected_instances)
    (directory / INTAKE).write_bytes(intake.to_json())

    async def examine(path: Path) -> Report:
        return examine_file(str(path), PROFILE)

    report = await validate_study(STUDY, volumes, examine, PROFILE)
    assert report is not None
    return report


def instance(uid: str, **changes: bytes) -> bytes:
    dataset = dicom.ct()
    dataset[0x00080018] = ("UI", dicom.uid(uid))
    for name, value in changes.items():
        tag = int(name[1:], 16)
        dataset[tag] = (dataset[tag][0], value)
    group_2 = dicom.with_length(dicom.encode(dicom.meta(sop_instance=dicom.uid(uid))))
    return dicom.part10(dataset, group_2=group_2)


async def test_sound_instances_go_on_and_the_report_says_what_they_were_held_against(
    volumes: Volumes,
) -> None:
    report = await validated(volumes, instance("1.2.1"), instance("1.2.2"))

    assert (report.outcome, report.files.accepted) == (Outcome.ACCEPTED, 2)
    assert report.profile == "default"
    assert report.standard_edition >= "2026"
    assert report.findings == ()
    assert volumes.uploaded(STUDY).is_dir()


@pytest.mark.parametrize(
    ("expected", "code"),
    [(1, "study.instances-extra"), (2, None), (3, "study.instances-missing")],
)
async def test_the_number_that_the_sender_told_is_held_against_what_came(
    volumes: Volumes, expected: int, code: str | None
) -> None:
    report = await validated(
        volumes, instance("1.2.1"), instance("1.2.2"), expected_instances=expected
    )

    assert [finding.code for finding in report.findings] == ([code] if code else [])
    assert report.outcome is Outcome.ACCEPTED


async def test_a_bad_file_does_not_sink_the_rest(volumes: Volumes) -> None:
    report = await validated(volumes, instance("1.2.1"), instance("1.2.2")[:-30])

    assert [i.outcome for i in report.instances] == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert report.outcome is Outcome.ACCEPTED


async def test_different_files_under_one_uid_are_both_refused(volumes: Volumes) -> None:
    other = instance("1.2.1", x00280103=dicom.us(1))
    report = await validated(volumes, instance("1.2.1"), other, instance("1.2.2"))

    outcomes = [i.outcome for i in report.instances]
    assert outcomes == [Outcome.REJECTED, Outcome.REJECTED, Outcome.ACCEPTED]
    (finding,) = report.findings
    assert finding.code == "study.instance-conflict"
    assert finding.files == ("000001.dcm", "000002.dcm")
    assert "study.instance-conflict" in {summary.code for summary in report.summaries()}


async def test_instances_of_different_patients_in_one_study_go_to_quarantine(
    volumes: Volumes,
) -> None:
    other = instance("1.2.2", x00100020=b"XY-1")
    report = await validated(volumes, instance("1.2.1"), other)

    assert report.outcome is Outcome.REJECTED
    assert volumes.quarantined(STUDY).is_dir()
    assert b"XY-1" not in report.to_json()
